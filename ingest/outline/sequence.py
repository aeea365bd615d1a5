"""Which numbers follow on, and how deep each of them stands."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ingest.outline.numbering import ATTACHED, DECIMAL, RANKS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ingest.outline.marks import Mark
    from ingest.outline.numbering import Value

_DEEPEST = 12
_SIGHT = 8
"""Marks of one shape among which the second of a list must come."""
_ARTICLE_AND_SECTION = 2
_WIDEST_GAP = 3
"""Numbers that a reader may have missed before a heading."""


@dataclass(frozen=True, slots=True)
class Placed:
    """A mark that opens a section, and the depth of that section."""

    mark: Mark
    level: int
    style: str
    value: Value


@dataclass(slots=True)
class _Open:
    """A section that has not ended, and how far the numbering under it has come."""

    level: int
    style: str
    value: Value
    reader_level: int | None
    heading: bool
    stated: bool
    counts: dict[str, tuple[Value, bool]] = field(default_factory=dict[str, "tuple[Value, bool]"])


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a mark belongs: under the open section ``parent`` levels deep."""

    parent: int
    style: str
    value: Value


def place(marks: Sequence[Mark]) -> list[Placed]:
    """The marks that open sections, in order; a number that does not follow on opens none."""
    return _Placing(marks).placed


class _Placing:
    def __init__(self, marks: Sequence[Mark]) -> None:
        self.placed: list[Placed] = []
        self._marks = marks
        self._later = _successors(marks)
        self._open = [_Open(0, "", (), 0, heading=True, stated=False)]
        self._next_numbered = _next_numbered(marks)
        self._part: tuple[str, Value] = ("", ())
        for index, mark in enumerate(marks):
            self._take(index, mark)

    def _take(self, index: int, mark: Mark) -> None:
        if mark.stated:
            self._push(mark, self._parent_by_stated_level(mark), *self._first_reading(index, mark))
        elif mark.number is None:
            self._push(mark, self._parent_of_unnumbered(index, mark), "", ())
        elif mark.attached:
            self._attach(mark)
        elif (found := self._place(index, mark)) is not None and found.parent < _DEEPEST:
            self._push(mark, found.parent, found.style, found.value)
        elif mark.heading:
            self._push(mark, self._parent_of_stray(mark), "", ())

    def _push(self, mark: Mark, parent: int, style: str, value: Value) -> None:
        parent = max(parent, self._border(mark))
        del self._open[parent + 1 :]
        if style:
            self._open[parent].counts[style] = (value, mark.headed)
        reader_level = mark.level if mark.heading else None
        self._open.append(_Open(parent + 1, style, value, reader_level, mark.heading, mark.stated))
        self.placed.append(Placed(mark, parent + 1, style, value))

    def _attach(self, mark: Mark) -> None:
        assert mark.number is not None
        style, value = mark.number.styles[0]
        part = (mark.shown.split()[0].casefold(), value)
        if part == self._part and len(self._open) > 1 and self._open[1].style == ATTACHED:
            return  # the label again, at the head of a page
        self._part = part
        self._push(mark, 0, style, value)

    def _border(self, mark: Mark) -> int:
        """The depth that a mark cannot leave: of the innermost heading whose level the document states.

        An attached part may: it belongs to no section, and mail states the levels of its own.
        """
        if mark.stated or mark.attached:
            return 0
        return next((d for d in range(len(self._open) - 1, 0, -1) if self._open[d].stated), 0)

    def _parent_by_stated_level(self, mark: Mark) -> int:
        depth = len(self._open) - 1
        while depth and not (
            self._open[depth].stated and (self._open[depth].reader_level or 0) < (mark.level or 0)
        ):
            depth -= 1
        return min(depth, _DEEPEST - 1)

    def _first_reading(self, index: int, mark: Mark) -> tuple[str, Value]:
        if mark.number is None:
            return "", ()
        style, value = self._readings(index, mark)[0]
        return (f"{DECIMAL}{len(value)}" if style == DECIMAL else style), value

    def _place(self, index: int, mark: Mark) -> _Place | None:
        assert mark.number is not None
        readings = self._readings(index, mark)
        for style, value in readings:
            if (found := self._continued(mark, style, value)) is not None:
                return found
        for style, value in readings:
            if (found := self._begun(index, mark, style, value)) is not None:
                return found
        return None

    def _readings(self, index: int, mark: Mark) -> list[tuple[str, Value]]:
        """A letter that is a roman numeral too is the one that its successor tells."""
        assert mark.number is not None
        readings = list(mark.number.styles)
        if len(readings) > 1 and self._later[index] != readings[0][0] and self._later[index]:
            readings.reverse()
        return readings

    def _continued(self, mark: Mark, style: str, value: Value) -> _Place | None:
        if style == DECIMAL:
            return self._continued_decimal(mark, value)
        gap = 1 if mark.inline else (_WIDEST_GAP if mark.headed else 2)
        best: tuple[bool, int] | None = None
        for depth in range(len(self._open) - 1, self._border(mark) - 1, -1):
            last = self._open[depth].counts.get(style)
            if last is None or len(value) != 1 or not 0 < value[0] - last[0][0] <= gap:
                continue
            if self._leaves_attached(depth) and (mark.inline or not mark.headed):
                continue
            fits = value[0] - last[0][0] == 1 and last[1] == mark.headed
            if best is None or (fits and not best[0]):
                best = (fits, depth)
        return _Place(best[1], style, value) if best else None

    def _leaves_attached(self, depth: int) -> bool:
        return any(section.style == ATTACHED for section in self._open[depth + 1 :])

    def _continued_decimal(self, mark: Mark, value: Value) -> _Place | None:
        gap = 1 if mark.inline else _WIDEST_GAP
        for depth in range(len(self._open) - 1, self._border(mark) - 1, -1):
            section = self._open[depth]
            key = f"{DECIMAL}{len(value)}"
            last = section.counts.get(key)
            if last is not None and last[0][:-1] == value[:-1] and 0 < value[-1] - last[0][-1] <= gap:
                return _Place(depth, key, value)
            if (
                section.value == value[:-1]
                and _is_numeric(section.style)
                and (last is None and value[-1] <= (1 if mark.inline else _WIDEST_GAP))
            ):
                return _Place(depth, key, value)
            if last is not None and (mark.proven or not mark.inline) and _next_group(last[0], value):
                outside = depth > 0 and section.value == last[0][:-1]
                return _Place(depth - outside, key, value)
        return None

    def _begun(self, index: int, mark: Mark, style: str, value: Value) -> _Place | None:
        """A numbering that begins: a heading may, anything else if its second follows."""
        first = value[-1] <= 1
        if style == DECIMAL:
            return self._begun_decimal(index, mark, value)
        assert mark.number is not None
        if mark.number.named and (mark.headed or mark.heading or self._later[index]):
            return self._begun_named(mark, style, value)
        if not first or len(value) > 1 or not (mark.heading or self._later[index] == style):
            return None
        if mark.inline and not mark.proven and any(style in section.counts for section in self._open):
            return None
        return _Place(self._parent_of_first(mark, style), style, value)

    def _begun_decimal(self, index: int, mark: Mark, value: Value) -> _Place | None:
        if value[-1] > 1 or len(value) != _ARTICLE_AND_SECTION or (mark.inline and not mark.proven):
            return None
        key = f"{DECIMAL}{len(value)}"
        known = any(key in section.counts for section in self._open)
        if not (mark.heading or self._later[index] == DECIMAL) or (known and not mark.heading):
            return None
        return _Place(self._parent_by_level(mark) if mark.heading else len(self._open) - 1, key, value)

    def _begun_named(self, mark: Mark, style: str, value: Value) -> _Place | None:
        """An article out of order is an article where the reader saw a heading."""
        for depth in range(len(self._open) - 1, -1, -1):
            last = self._open[depth].counts.get(style)
            if self._leaves_attached(depth):
                break  # an attached part numbers its own
            if last is not None:
                return _Place(depth, style, value) if mark.heading or value[0] <= 1 else None
        rank = RANKS.get(style.removesuffix("-han"), 9)
        depth = len(self._open) - 1
        while depth and not self._holds(self._open[depth], rank, mark):
            depth -= 1
        return _Place(depth, style, value)

    def _holds(self, section: _Open, rank: int, mark: Mark) -> bool:
        if section.style in {"", ATTACHED}:
            above = section.reader_level is not None and mark.level is not None
            return section.style == ATTACHED or (above and (section.reader_level or 0) < (mark.level or 0))
        return RANKS.get(section.style.removesuffix("-han"), 9) < rank

    def _parent_of_first(self, mark: Mark, style: str) -> int:
        if mark.heading:
            for depth, section in enumerate(self._open):
                if self._leaves_attached(depth):
                    continue
                if (last := section.counts.get(style)) is not None and last[1]:
                    return depth
            return self._parent_by_level(mark)
        top = self._open[-1]
        if mark.headed and not top.style and top.reader_level is None and style in {"1.", "I."}:
            return max(0, len(self._open) - 2)  # the clauses of a contract do not stand under its title
        again = top.style == style and not (top.heading and not mark.heading)
        return len(self._open) - 2 if again else len(self._open) - 1

    def _parent_of_stray(self, mark: Mark) -> int:
        """Of a heading that does not follow on: ``(b)`` stands under the last clause that has a number."""
        assert mark.number is not None
        if mark.level is not None or _is_numeric(mark.number.styles[0][0]):
            return self._parent_by_level(mark)
        depth = len(self._open) - 1
        while depth and not _is_numeric(self._open[depth].style):
            depth -= 1
        return depth

    def _parent_by_level(self, mark: Mark) -> int:
        """By the reader's level; without one, the last heading that a number or another level placed."""
        depth = len(self._open) - 1
        while depth and not self._stands_over(self._open[depth], mark):
            depth -= 1
        return depth

    def _stands_over(self, section: _Open, mark: Mark) -> bool:
        if not section.heading and section.style != ATTACHED:
            return False
        if mark.level is not None and section.reader_level is not None:
            return section.reader_level < mark.level
        if section.style == ATTACHED:
            return True
        named = section.style.removesuffix("-han") in RANKS
        return named and mark.number is not None

    def _parent_of_unnumbered(self, index: int, mark: Mark) -> int:
        """Beside what it precedes: a heading between 4.1 and 4.2 stands under 4."""
        if mark.level is not None:
            return self._parent_by_level(mark)
        following = self._next_numbered[index]
        if following is not None and not self._marks[following].attached:
            upcoming = self._marks[following]
            assert upcoming.number is not None
            for style, value in upcoming.number.styles:
                if (found := self._continued(upcoming, style, value)) is not None:
                    return found.parent
        attached = len(self._open) > 1 and self._open[1].style == ATTACHED
        return 1 if attached else 0


def _is_numeric(style: str) -> bool:
    """Whether decimals may count on from it: 4.1 stands under 4 and Article IV, not under (d)."""
    return (
        style.removesuffix("-han") in RANKS.keys() - {ATTACHED}
        or style.strip("().") in {"1", "I"}
        or (style.startswith(DECIMAL))
    )


def _next_group(last: Value, value: Value) -> bool:
    """5.1 after 4.7, where nobody announced the fifth article."""
    if not len(last) == len(value) == _ARTICLE_AND_SECTION:
        return False
    return 0 < value[0] - last[0] <= _WIDEST_GAP and value[1] <= 1


def _next_numbered(marks: Sequence[Mark]) -> list[int | None]:
    following: list[int | None] = [None] * len(marks)
    upcoming: int | None = None
    for index in range(len(marks) - 1, -1, -1):
        following[index] = upcoming
        if marks[index].number is not None:
            upcoming = index
    return following


def _successors(marks: Sequence[Mark]) -> list[str]:
    """For every mark, the style in which its successor comes soon; empty where none comes."""
    shapes: dict[tuple[str, bool], list[int]] = {}
    for index, mark in enumerate(marks):
        if mark.number is not None:
            for headed in {False, mark.headed}:  # clauses with a name count on over the lists inside them
                shapes.setdefault((_shape(mark), headed), []).append(index)
    found = [""] * len(marks)
    for indexes in shapes.values():
        for place, index in enumerate(indexes):
            following = indexes[place + 1 : place + 1 + _SIGHT]
            found[index] = found[index] or _successor(marks[index], (marks[later] for later in following))
    return found


def _shape(mark: Mark) -> str:
    """Marks that may count on from each other share it."""
    assert mark.number is not None
    style = mark.number.styles[0][0]
    return style.replace("i", "a").replace("I", "A") if len(style) <= 3 else style  # noqa: PLR2004 — "(i)"


def _successor(mark: Mark, following: Iterator[Mark]) -> str:
    assert mark.number is not None
    for later in following:
        assert later.number is not None
        for style, value in mark.number.styles:
            if (style, (*value[:-1], value[-1] + 1)) in later.number.styles:
                return style
    return ""
