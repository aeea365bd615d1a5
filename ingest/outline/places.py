"""The sections of a document by what they are called, so that references find them."""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING

from ingest.outline.numbering import ATTACHED, DECIMAL

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ingest.outline.numbering import Value
    from ingest.outline.sections import Numbered
    from ingest.outline.targets import Target

_WIDEST_RANGE = 60
"""Sections that "Articles II through IV" may span."""
_LOOKED_AT = 60
"""Sections of one name that are compared."""
_SHALLOW = frozenset({"1.", "I.", "1)", "A.", "1、", "一、"})


class Places:
    """Finds sections by number: near the reference first, then in its part, then in the main document."""

    def __init__(self, numbered: Sequence[Numbered]) -> None:
        self._numbered = numbered
        self._named: dict[tuple[str, Value], list[int]] = {}
        self._children: dict[tuple[int, str], int] = {}
        for index, one in enumerate(numbered):
            for key in _keys(one):
                self._named.setdefault(key, []).append(index)
            if one.parent is not None:
                self._children.setdefault((one.parent, _inner(one.section.number)), index)

    def find(self, target: Target, inner: int) -> tuple[tuple[int, ...], bool]:
        """What ``target`` names from inside section ``inner``, and whether all of it was found."""
        if target.last is not None:
            return self._range(target, target.last, inner)
        base = self._base(target, inner)
        if base is None:
            return (), False
        exact = True
        for number in target.deeper:
            child = self._children.get((base, number))
            if child is None:
                exact = False
                break
            base = child
        return (base,), exact

    def _range(self, target: Target, last: Value, inner: int) -> tuple[tuple[int, ...], bool]:
        """Articles II through IV: all between, where only the last part of the number counts on."""
        first = target.value
        if len(last) != len(first) or not 0 <= last[-1] - first[-1] <= _WIDEST_RANGE:
            base = self._base(target, inner)
            return ((), False) if base is None else ((base,), False)
        wanted = [(*first[:-1], n) for n in range(first[-1], last[-1] + 1)]
        found = [self._nearest(target.kind, value, target.word, inner) for value in wanted]
        return tuple(index for index in found if index is not None), None not in found

    def _base(self, target: Target, inner: int) -> int | None:
        if target.inner:
            return self._beside(target.inner, inner)
        if target.kind == "paragraph" and len(target.value) == 1:
            own = self._beside(str(target.value[0]), inner)
            if own is not None:
                return own
        return self._nearest(target.kind, target.value, target.word, inner)

    def _beside(self, number: str, inner: int) -> int | None:
        """``paragraph (b)``: a clause of the section that the reference stands in, or of one around it."""
        for around in self._around(inner):
            child = self._children.get((around, number))
            if child is not None:
                return child
        return None

    def _around(self, inner: int) -> Iterator[int]:
        current: int | None = inner if inner >= 0 else None
        while current is not None:
            yield current
            current = self._numbered[current].parent

    def _nearest(self, kind: str, value: Value, word: str, inner: int) -> int | None:
        if kind == ATTACHED:
            found = self._named.get((f"{ATTACHED} {_stem(word)}", value))
            return self._closest(found, inner) if found else None
        if found := self._named.get((kind, value)):
            return self._closest(found, inner)
        found = self._named.get(("any", value))
        return self._outermost(found, inner) if found else None

    def _closest(self, found: list[int], inner: int) -> int:
        """The one that shares the innermost section with the reference, else one outside attached parts."""
        for around in self._around(inner):
            if own := self._within(found, around):
                return own[0]
        return next((one for one in found[:_LOOKED_AT] if self._part(one) is None), found[0])

    def _outermost(self, found: list[int], inner: int) -> int:
        """A number alone names a clause, rather than an item of a list; of its own part, if it can be."""
        part = self._part(inner) if inner >= 0 else None
        own = self._within(found, part) if part is not None else []
        own = own or [one for one in found[:_LOOKED_AT] if self._part(one) is None] or found[:_LOOKED_AT]
        return min(own, key=lambda one: self._numbered[one].section.level)

    def _within(self, found: list[int], around: int) -> list[int]:
        end = self._numbered[around].section.end
        first = bisect_left(found, around)
        return [one for one in found[first : first + _LOOKED_AT] if self._numbered[one].section.start < end]

    def _part(self, index: int) -> int | None:
        """The attached part that a section belongs to."""
        return next((one for one in self._around(index) if self._numbered[one].style == ATTACHED), None)


def _keys(one: Numbered) -> Iterator[tuple[str, Value]]:
    if not one.style:
        return
    if one.style == ATTACHED:
        yield f"{ATTACHED} {_stem(one.section.number.split()[0])}", one.value
        return
    yield one.style, one.value
    if one.style in _SHALLOW or one.style.startswith(DECIMAL) or "-han" in one.style or one.style.isalpha():
        yield "any", one.value


def _stem(word: str) -> str:
    """Exhibits and schedules are told apart; number and case of the word are not."""
    return word.lower()[: 5 if word[0].isupper() or word[0].islower() else 2]


_BRACKETS = "()（）."


def _inner(number: str) -> str:
    """``(b)`` and ``b.`` are b; 1.2 is 2 inside 1."""
    plain = number.strip(_BRACKETS).lower()
    return plain.rsplit(".", 1)[-1] if plain[:1].isdecimal() else plain
