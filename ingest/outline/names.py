"""The name of a clause: the few words after its number, in front of what it says."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ingest.outline.numbering import number_at

if TYPE_CHECKING:
    from collections.abc import Sequence

LONGEST_LABEL = 80
_LONGEST_NAME = 90
_MOST_WORDS = 12
_MOST_WORDS_IN_SMALL_LETTERS = 5
_LOOK_AHEAD = 40
"""Code points behind a name that tell whether anything follows it."""
_CLOSING = " \n\t.;。；*_"
_LONGEST_HAN = 20
_COUNTED = 4
_SHARE_OF_CAPITALS = 0.7
"""Letters of a word that a name in English capitalises."""
_LEAD = re.compile(r"[\s.:）)　—–-]{0,12}[*_]{0,3}[\s]{0,3}")
_END = re.compile(r"[.:](?=[\s”\"*_]|$)|\s[—–-]{1,2}\s|[*_]{2,3}|\n\s*\n|[。：　]|(?<=\S)\s{3,}|$")
_SAYS = re.compile(
    r"""\b(?:shall|will|must|may|is|are|was|were|has|have|had|means?|agrees?|hereby|do(?:es)?|can|cannot|if|
        represents|warrants|acknowledges?|
        обяз\w+|должн?\w*|вправе|явля[ею]тся|осуществля\w+|не|если|име[ею]т)\b
        |应当?|不得|可以|是指|，|；|\$""",
    re.VERBOSE | re.IGNORECASE,
)
"""Signs that words say something instead of naming it."""
_REFERS = re.compile(r"第[一二三四五六七八九十百\d]+[条章款]|[为按依照办]|\bпункт|\bраздел", re.IGNORECASE)
_ABBREVIATION = re.compile(
    r"\b(?:inc|ltd|corp|co|no|mr|ms|dr|st|llc|l\.?p|u\.?s|г|ст|п|руб|№)$", re.IGNORECASE
)


def name_after(text: str, position: int, end: int) -> tuple[int, int]:
    """The range of the name that stands after a number; an empty one at ``position`` where there is none."""
    begin = _LEAD.match(text, position, end)
    start = begin.end() if begin else position
    limit = min(end, start + _LONGEST_NAME)
    found = _END.search(text, start, limit)
    if found is None or (found.end() == limit < end and not found[0]):
        return position, position
    stop = start + len(text[start : found.start()].rstrip(" *_"))
    words, rest = (
        text[start:stop],
        text[found.start() : min(end, found.start() + _LOOK_AHEAD)].strip(_CLOSING),
    )
    closed = bool(found[0]) or not rest
    named = closed and (is_name(words) if rest else is_title(words)) and not _REFERS.search(words)
    return (start, stop) if named else (position, position)


def is_name(words: str) -> bool:
    """Whether words name something: few, capitalised as names are, no verb among them."""
    return _is_plain(words) and (is_title(words) or len(words.split()) <= _MOST_WORDS_IN_SMALL_LETTERS)


def is_title(words: str) -> bool:
    """Whether words are capitalised as a title is, or are a few Chinese characters: no sentence looks so."""
    counted = [part for part in words.split() if len(part) >= _COUNTED]
    capital = sum(not part[0].islower() for part in counted)
    return _is_plain(words) and capital >= _SHARE_OF_CAPITALS * len(counted)


def _is_plain(words: str) -> bool:
    first = words[:1]
    if not first.isalpha() or first.islower() or _SAYS.search(words) or _ABBREVIATION.search(words):
        return False
    return len(words.split()) <= _MOST_WORDS if first.isupper() else len(words) <= _LONGEST_HAN


def label(words: str) -> str:
    """White space made one, cut to a length that a path can carry."""
    joined = " ".join(words.split())
    return joined if len(joined) <= LONGEST_LABEL else joined[: LONGEST_LABEL - 1].rstrip() + "…"


def named_depth(path: Sequence[str]) -> int:
    """How far the innermost label with a name is from the outermost one: ``(b)`` alone names nothing.

    The length of the path where no label has a name.
    """
    for depth in range(len(path), 0, -1):
        one = path[depth - 1]
        number = number_at(one, 0, len(one))
        if number is None or any(map(str.isalpha, one[number.end :])):
            return depth
    return len(path)
