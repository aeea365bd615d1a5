"""Where sentences end: English, Russian and Chinese prose, Markdown, contracts with numbered clauses."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

CITATION = "\ue000"
"""Stands for each character of a citation in masked text; a private-use character, of no script."""

_CLOSERS = "\"'”’»)\\]*_`~"
_STOP = re.compile(
    rf"(?<![.!?…])[.!?…]+[{_CLOSERS}]*(?=[\s{CITATION}])|[。！？]+[”』」）】’\"*_]*"
    rf"|(?<=[\u3400-\u9fff”」』）])[.!?]+(?=[\s{CITATION}])"
)
BORDER = re.compile(rf"[.!?…。！？{CITATION}]")
"""Without one of these, a line holds no end of a sentence."""
_GAP = re.compile(rf"[\s{CITATION}]*")
_OPENERS = "\"'“‘«„([*_`~ \t\n"
_LAST_WORD = re.compile(r"[^\s(\[\"“«*_" + CITATION + r"]*\Z")
_INITIALS = re.compile(r"(?:[^\W\d_]\.)*[^\W\d_]")
_LONGEST_INITIALS = 6
_NUMBERING = re.compile(r"(?:\d{1,3}|[ivxIVX]{1,4}|[a-zA-Zа-яА-Я])(?:\.\d{1,3})*")

_ABBREVIATIONS = frozenset(
    """
    no nos sec secs art arts cl para paras par pt ch chap fig figs eq ex exh sched app approx vs v cf viz
    ed eds vol pp p mr mrs ms dr prof hon rev st ave blvd rd e.g i.e eg ie etc al est dept div gov gen
    misc min max incl excl jan feb mar apr jun jul aug sep sept oct nov dec u.s u.k e.u d.c ph.d a.m p.m
    a.k.a ст п пп ч гл разд абз подп рис табл см ср т.е т.к т.д т.п т.н т.ч и.о напр руб коп тыс млн млрд
    г гг в вв ул д кв стр корп обл р-н тел им
    """.split()
)
_COMPANY = frozenset("inc ltd co corp llc llp plc bros l.p n.a s.a s.p.a b.v n.v gmbh".split())
_OPENING_WORDS = re.compile(
    r"(?:The|This|That|These|Those|A|An|It|Its|In|If|Each|Either|Neither|Both|All|Any|No|Under|Upon|On"
    r"|At|For|To|By|"
    r"However|They|He|She|We|You|There|Such|As|When|Where|While|After|Before)\b"
)


def sentence_spans(text: str, start: int = 0, end: int | None = None) -> Iterator[tuple[int, int]]:
    """The sentences of ``text[start:end]``, without white space at their borders.

    Citations (``CITATION`` characters) that follow a final stop belong to the sentence that it ends.
    """
    limit = len(text) if end is None else end
    begin = start
    for stop in _STOP.finditer(text, start, limit):
        after = _end_of_sentence(text, begin, stop, limit)
        if after is not None:
            yield from _trimmed(text, begin, after)
            begin = after
    yield from _trimmed(text, begin, limit)


def _trimmed(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    while start < end and text[start].isspace():
        start += 1
    while start < end and text[end - 1].isspace():
        end -= 1
    if start < end:
        yield start, end


def _end_of_sentence(text: str, begin: int, stop: re.Match[str], limit: int) -> int | None:
    """Where the sentence that this stop ends is over, its citations included; None if it ends none."""
    if stop.start() < begin:
        return None
    gap = _GAP.match(text, stop.end(), limit)
    after = gap.end() if gap else stop.end()
    last_citation = text.rfind(CITATION, stop.end(), after)
    ended = last_citation + 1 if last_citation >= 0 else stop.end()
    if after >= limit or stop[0][0] in "。！？":
        return ended
    following = after
    while following < limit and text[following] in _OPENERS:
        following += 1
    cited = text[stop.start() - 1] == CITATION and stop.start() > begin
    if following < limit and cited:
        return ended
    if following >= limit or text[following].islower():
        return None if stop[0][0] in ".…" or following >= limit else ended
    if last_citation >= 0 or stop[0][0] != "." or _is_final_stop(text, begin, stop, following):
        return ended
    return None


def _is_final_stop(text: str, begin: int, stop: re.Match[str], following: int) -> bool:
    """Whether a full stop ends a sentence rather than an abbreviation or a clause's number."""
    if len(stop[0]) > 1 and stop[0][1] == ".":
        return True
    found = _LAST_WORD.search(text, max(begin, stop.start() - 40), stop.start())
    word = found[0] if found else ""
    lower = word.lower()
    if lower in _COMPANY:
        return bool(_OPENING_WORDS.match(text, following))
    if lower in _ABBREVIATIONS or (
        _INITIALS.fullmatch(word) and not word.islower() and len(word) <= _LONGEST_INITIALS
    ):
        return False
    opens = not text[begin : stop.start() - len(word)].strip(" \t\n*_#>-•(")
    return not (opens and (_NUMBERING.fullmatch(word) or not word))
