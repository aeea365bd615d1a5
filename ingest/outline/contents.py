"""Tables of contents: their entries look like headings, and are none."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ingest.outline.marks import Mark

_FEWEST = 4
_CLOSE = 160
"""Code points between two entries at most."""
_FEWEST_IN_A_LINE = 3
"""Labels of attached parts."""
_FURNITURE = 3
"""Times that a heading without a number may not come."""
_SHARE = 0.6
"""Of the entries, those with a name that come again as headings: a bare ``(a)`` always comes again."""


def without_contents(marks: Sequence[Mark]) -> list[Mark]:
    """Drop runs of close entries most of which come again, and labels of attached parts that come again.

    What the document itself states to be a heading is one, however often it comes.
    """
    last = {_key(mark): index for index, mark in enumerate(marks)}
    kept: list[Mark] = []
    for start, stop in _runs(marks):
        run = marks[start:stop]
        again = sum(mark.headed and last[_key(mark)] >= stop for mark in run)
        if len(run) < _FEWEST or again < _SHARE * len(run):
            kept.extend(run)
        else:
            kept.extend(mark for mark in run if mark.stated)
    return _without_lists_of_attached(_without_furniture(kept))


def _without_furniture(marks: Sequence[Mark]) -> list[Mark]:
    """Of headings without a number that come again and again, at the head of every page, keep the first."""
    counts = Counter(_key(mark) for mark in marks if mark.number is None)
    filed = {mark.shown for mark in marks if mark.number is None and mark.shown}
    seen: set[str] = set()
    kept: list[Mark] = []
    for mark in marks:
        key = _key(mark)
        furniture = (mark.number is None and counts[key] >= _FURNITURE) or mark.shown in filed
        if mark.stated or not (furniture and key in seen):
            kept.append(mark)
        seen.add(key)
    return kept


def _runs(marks: Sequence[Mark]) -> list[tuple[int, int]]:
    runs: list[tuple[int, int]] = []
    start = 0
    for index in range(1, len(marks) + 1):
        if index == len(marks) or marks[index].start - marks[index - 1].start > _CLOSE or marks[index].inline:
            runs.append((start, index))
            start = index
    return runs


def _key(mark: Mark) -> str:
    """A heading without what typesetting changes."""
    return "".join(filter(str.isalnum, mark.label)).casefold()


def _without_lists_of_attached(marks: Sequence[Mark]) -> list[Mark]:
    """Of the places that name one attached part, a list of them is the one with the least text."""
    room: dict[object, int] = {}
    for index, mark in enumerate(marks):
        if mark.attached:
            room[_part(mark)] = max(room.get(_part(mark), 0), _room(marks, index))
    return [
        mark
        for index, mark in enumerate(marks)
        if mark.stated
        or not mark.attached
        or (_room(marks, index) >= min(_CLOSE, room[_part(mark)]) and not _names_others(mark))
    ]


def _names_others(mark: Mark) -> bool:
    """A line of many labels is a list: ``Schedule G - Names Schedule H - Assets Schedule I - Fees``."""
    words = mark.label.casefold().split()
    return words.count(words[0]) >= _FEWEST_IN_A_LINE


def _part(mark: Mark) -> object:
    assert mark.number is not None
    return mark.shown.split()[0].casefold(), mark.number.styles[0][1]


def _room(marks: Sequence[Mark], index: int) -> int:
    """Code points up to the next mark; those of the last one are not known to be few."""
    following = marks[index + 1].start if index + 1 < len(marks) else marks[index].end + _CLOSE
    return following - marks[index].start
