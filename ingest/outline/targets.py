"""What a cross-reference names: kind and number of every place in it."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ingest.outline.numbering import ATTACHED, han_value, plain_value, roman_value

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ingest.outline.numbering import Value

PARAGRAPH_HAN = "paragraph-han"
"""Paragraphs and items (款, 项) belong to an article, and are seldom printed with a number."""
_NUMBER = re.compile(r"\d{1,5}(?:\.\d{1,3}){0,5}|[IVXLC]{1,7}(?!\w)|[^\W\d_]{1,5}(?:-?\d{1,2})?(?!\w)")
_WORD = re.compile(r"([^\W\d_]{4,}\.?|Secs?\.|§{1,2})\s")
_NEXT = re.compile(
    r"\s?,\s(?:and|or)\s|\s?,\s|\s(?:and/or|and|or|to|through|и|или|по|&)\s|\s?[–—-]\s?(?=[\dIVX№(])"
)
_THROUGH = frozenset({"to", "through", "по", "–", "—", "-"})
_LETTERED = re.compile(r"\.?([A-Za-z])(?!\w)")
_DEEPER = re.compile(r"\(([A-Za-z0-9]{1,5})\)")
_HAN_DEEPER = re.compile(r"[一二三四五六七八九十百零〇两\d]{1,6}")
_FEWEST_OF_A_LIST = 2
_KINDS = (
    (("exhibit", "schedule", "annex", "appendi", "attachment", "приложени", "附"), ATTACHED),
    (("article", "стать", "ст."), "article"),
    (("section", "sec", "§"), "section"),
    (("clause",), "clause"),
    (("chapter", "глав", "раздел"), "chapter"),
    (
        ("paragraph", "subparagraph", "sub-paragraph", "sub", "подпункт", "пп.", "п.п.", "recital"),
        "paragraph",
    ),
    (("пункт", "п."), "clause"),
)
_HAN_KINDS = {
    "条": "article-han",
    "條": "article-han",
    "章": "chapter-han",
    "节": "section-han",
    "節": "section-han",
    "款": PARAGRAPH_HAN,
    "项": PARAGRAPH_HAN,
    "項": PARAGRAPH_HAN,
    "编": "part-han",
    "編": "part-han",
}


@dataclass(frozen=True, slots=True)
class Target:
    """One place that a reference names; ``last`` is the end of a range of places."""

    start: int
    end: int
    kind: str
    word: str
    """As printed, in small letters; tells exhibits from schedules."""
    value: Value
    deeper: tuple[str, ...]
    """Numbers of the clauses inside it: ``b``, ``iii``."""
    inner: str
    """The number of a clause that is named alone: the b of "paragraph (b)"; else empty."""
    last: Value | None = None
    lettered: bool = False
    """Whether a letter is meant, no digit: Section B is not 2."""


def targets_of(match: re.Match[str]) -> Iterator[Target]:
    """The places that a match of the references' pattern names, in reading order."""
    if match["unit"]:
        deeper = tuple(str(han_value(part)) for part in _HAN_DEEPER.findall(match["deeper"]))
        value = (han_value(match["han"]),)
        yield Target(match.start(), match.end(), _HAN_KINDS[match["unit"]], match["unit"], value, deeper, "")
    elif match["attached"]:
        value = (han_value(match["attached_number"]),)
        yield Target(match.start(), match.end(), ATTACHED, match["attached"], value, (), "")
    else:
        group = "en" if match["en"] else "ru"
        yield from _listed(match, match[group].lower(), f"{group}_numbers")


def inside(target: Target, outer: Target | None) -> Target:
    """``clause (ii) of Section 4`` is 4(ii)."""
    if outer is None or ATTACHED in {target.kind, outer.kind} or target.last is not None:
        return target
    if len(target.value) != 1:
        return target  # the whole number is said: clause 2.1 of Article 2
    deeper = (*outer.deeper, target.inner or str(target.value[-1]), *target.deeper)
    return replace(outer, start=target.start, end=target.end, deeper=deeper)


def _listed(match: re.Match[str], word: str, group: str) -> Iterator[Target]:
    text, base = match[group], match.start(group)
    pending: Target | None = None
    for border, first, last in _pieces(text):
        if first == 0:
            target = _target(match.start(), base + last, word, text[:last], None)
        else:
            target = _target(base + first, base + last, word, text[first:last], pending)
        if target is None or _begins_enumeration(border, pending, target, text):
            break
        if pending is not None and border in _THROUGH and not target.deeper:
            target = replace(pending, end=target.end, last=target.value)
        elif pending is not None:
            yield pending
        pending = target
    if pending is not None:
        yield pending


def _begins_enumeration(border: str, before: Target | None, target: Target, text: str) -> bool:
    """``under 14.3, and (b) the fee`` goes on with its own (b), ``7.2(a), (b) and (c)`` with 7.2's."""
    if before is None or not target.inner:
        return False
    alone = text.count("(") <= _FEWEST_OF_A_LIST and border.startswith(",") and len(border) > 1
    return (not before.deeper and not before.inner) or alone


def _pieces(text: str) -> Iterator[tuple[str, int, int]]:
    begin, before = 0, ""
    for border in _NEXT.finditer(text):
        if border.start() > begin:
            yield before, begin, border.start()
        begin, before = border.end(), border[0].strip()
    yield before, begin, len(text)


def _target(start: int, end: int, word: str, piece: str, before: Target | None) -> Target | None:
    """One place; a clause in parentheses belongs to the section that was named before it."""
    named = _WORD.match(piece)
    number = _NUMBER.search(piece, named.end() if named else 0)
    if number is None:
        return None
    if named:
        word = named[1].lower()
    kind = next((kind for stems, kind in _KINDS if word.startswith(stems)), "section")
    deeper = tuple(part.lower() for part in _DEEPER.findall(piece[number.end() :]))
    if piece[: number.start()].endswith("(") and number.end() < len(piece) and piece[number.end()] == ")":
        inner = number[0].lower()
        if before is not None and before.deeper:
            return replace(before, start=start, end=end, deeper=(*before.deeper[:-1], inner, *deeper))
        return Target(start, end, kind, word, (0,), deeper, inner)
    lettered = tuple(part.lower() for part in _LETTERED.findall(piece[number.end() :].split("(", 1)[0]))
    plain = number[0]
    inner = plain.lower() if not plain.isascii() and kind != ATTACHED else ""
    letter = plain.isalpha() and not roman_value(plain)
    return Target(start, end, kind, word, _value(plain), (*lettered, *deeper), inner, lettered=letter)


def _value(plain: str) -> Value:
    return plain_value(plain) if plain.isascii() else (0,)
