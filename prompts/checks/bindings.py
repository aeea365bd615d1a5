"""Which number belongs to what: "95% in any 7 days and 98% in any 30 days" does not say 98% in any 7 days.

A number of the claim may stand in the source and still be the wrong one: another of its kind has the words
around it that the claim has. Words shared by all numbers of the kind say nothing, and are left out.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from prompts.checks.limits import BOUND
from prompts.checks.reading import read

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from prompts.checks.reading import Number, Reading

_BORDER = re.compile(
    r"[.;。；!?](?=\s|$)|[，,]\s?(?:and|or|but|и|а|но)\b|[，,；;]|\b(?:and|but|while|whereas|unless|if|provided|except|until|when|а|но|и|если)\b|\n",
    re.IGNORECASE,
)
_SENTENCE = re.compile(r"[.;。；!?](?=\s|$)|\n\s*\n")
_AMENDS = re.compile(
    r"\b(?:amend|replac|delet|substitut|instead|chang(?:ed|ing)|increas|reduc|extend)\w*"
    r"|\bfrom\b[^.;]{1,60}\bto\b|измен|замен|вместо"
    r"|修改|变更|改为|替换",
    re.IGNORECASE,
)
"""Old and new value stand side by side, and the words around both belong to both."""
_REACH = 9
"""Words on either side that a number is known by."""
_BOUND_WITHIN = 30
_LEAD = 2
"""Words by which a rival must fit better."""
_MOST = 12
"""Numbers of a kind; of a longer list nobody can say which words go with which."""


@dataclass(frozen=True, slots=True)
class _Bound:
    number: Number
    words: frozenset[str]
    sentence: str
    bounded: bool
    """Whether "at most", "up to" or the like stands before it."""


def misbound(claim: str, sources: Sequence[str]) -> list[str]:
    """``number 98%`` for each number that the sources give to something else than the claim does."""
    ours = read(claim)
    lost: list[str] = []
    for mine in _with_words(claim, ours):
        verdicts = [verdict for source in sources if (verdict := _fits(mine, source)) is not None]
        if verdicts and not any(verdicts):
            lost.append(f"number {mine.number.written}")
    return lost


def _fits(mine: _Bound, source: str) -> bool | None:
    """Whether no other number of its kind fits better; None where the source does not have it."""
    same_kind = [
        bound for bound in _with_words(source, read(source)) if bound.number.kind == mine.number.kind
    ]
    equal = [bound for bound in same_kind if bound.number.values & mine.number.values]
    others = [bound for bound in same_kind if not bound.number.values & mine.number.values]
    if not equal:
        return None
    if not others or len(same_kind) > _MOST or any(_AMENDS.search(bound.sentence) for bound in equal):
        return True
    if mine.bounded and any(b.bounded for b in equal) and not any(b.bounded for b in others):
        return True
    common = frozenset[str].intersection(*(bound.words for bound in same_kind))
    wanted = mine.words - common
    best = max(len(wanted & bound.words) for bound in equal)
    rival = max(len(wanted & bound.words) for bound in others)
    return rival - best < _LEAD


def _with_words(text: str, reading: Reading) -> Iterator[_Bound]:
    """Each number with a unit, and the words between it and its neighbours of the same kind."""
    for kind in dict.fromkeys(number.kind for number in reading.numbers if number.kind):
        alike = [number for number in reading.numbers if number.kind == kind]
        groups = _groups(alike)
        borders = [_border(text, before[-1], after[0]) for before, after in pairwise(groups)]
        for index, group in enumerate(groups):
            first = borders[index - 1][1] if index else 0
            last = borders[index][0] if index < len(borders) else len(text)
            words = frozenset(_words(reading, group, *_inside(text, group, first, last, reading.numbers)))
            start, end = _inside(text, group, 0, len(text))
            bounded = (
                BOUND.search(text, max(start, group[0].start - _BOUND_WITHIN), group[0].start) is not None
            )
            yield _Bound(group[0], words, text[start:end], bounded)


def _groups(numbers: Sequence[Number]) -> list[list[Number]]:
    """A number written twice is one: "eight percent (8%)"."""
    groups: list[list[Number]] = []
    for number in numbers:
        if groups and groups[-1][-1].values == number.values and number.start - groups[-1][-1].end <= 3:  # noqa: PLR2004 — a bracket
            groups[-1].append(number)
        else:
            groups.append([number])
    return groups


def _border(text: str, before: Number, after: Number) -> tuple[int, int]:
    """Where the words of one number end and those of the next begin; both have what nothing parts."""
    stops = list(_BORDER.finditer(text, before.end, after.start))
    if not stops:
        return after.start, before.end
    return stops[-1].start(), stops[-1].end()


def _inside(
    text: str, group: Sequence[Number], first: int, last: int, numbers: Sequence[Number] = ()
) -> tuple[int, int]:
    """The part of a range in the number's own sentence, up to a clause that has a number of its own."""
    begins = [stop.end() for stop in _SENTENCE.finditer(text, first, group[0].start)]
    ends = _SENTENCE.search(text, group[-1].end, last)
    first, last = (begins[-1] if begins else first), (ends.start() if ends else last)
    behind = list(_BORDER.finditer(text, group[-1].end, last))
    for index, stop in enumerate(behind):
        reach = behind[index + 1].start() if index + 1 < len(behind) else last
        if any(stop.end() <= number.start < reach for number in numbers):
            last = stop.start()
            break
    before = list(_BORDER.finditer(text, first, group[0].start))
    for index in range(len(before) - 1, -1, -1):
        reach = before[index - 1].end() if index else first
        if any(reach <= number.start < before[index].start() for number in numbers):
            first = before[index].end()
            break
    return first, last


def _words(reading: Reading, group: Sequence[Number], first: int, last: int) -> Iterator[str]:
    before = bisect_left(reading.places, group[0].start)
    behind = bisect_left(reading.places, group[-1].end)
    low, high = bisect_left(reading.places, first), bisect_left(reading.places, last)
    yield from reading.tokens[max(low, before - _REACH) : before]
    yield from reading.tokens[behind : min(high, behind + _REACH)]
