"""The sections of a document by what they are called, so that references find them."""

from __future__ import annotations

import re
from bisect import bisect_left
from typing import TYPE_CHECKING

from ingest.outline.numbering import ATTACHED, DECIMAL, han_value
from ingest.outline.targets import PARAGRAPH_HAN

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ingest.outline.numbering import Value
    from ingest.outline.sections import Numbered
    from ingest.outline.targets import Target

_WIDEST_RANGE = 60
"""Sections that "Articles II through IV" may span."""
_LOOKED_AT = 60
"""Sections of one name that are compared."""
_SHALLOW = frozenset({"1.", "I.", "1)", "1、", "一、"})
_MAIN = -1
"""In place of the section that a reference stands in: outside of every one."""

Found = tuple[tuple[int, ...], bool]
"""Sections, and whether all of what was named was found."""


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

    def find_inside(self, target: Target, parts: Sequence[int], inner: int) -> Found:
        """What ``target`` names in an attached part, and nowhere else; another part may stand anywhere."""
        if target.kind == ATTACHED:
            return self.find(target, inner)
        if not parts:
            return (), False
        part = parts[0]
        sections, exact = self.find(target, part)
        end = self._numbered[part].section.end
        own = tuple(one for one in sections if one >= part and self._numbered[one].section.start < end)
        return own, exact and own == sections

    def find_in_main(self, target: Target) -> Found:
        """What ``target`` names outside of attached parts."""
        sections, exact = self.find(target, _MAIN)
        return ((), False) if any(map(self.is_in_part, sections)) else (sections, exact)

    def are_attached(self, sections: Sequence[int]) -> bool:
        """Whether these are nothing but one attached part."""
        return len(sections) == 1 and self._numbered[sections[0]].style == ATTACHED

    def is_in_part(self, inner: int) -> bool:
        """Whether a section belongs to an attached part."""
        return self._part(inner) is not None

    def find(self, target: Target, inner: int) -> Found:
        """What ``target`` names from inside section ``inner``, and whether all of it was found."""
        if target.last is not None:
            return self._range(target, target.last, inner)
        base = self._base(target, inner)
        if base is None:
            return (), False
        exact = not (target.kind == PARAGRAPH_HAN and self._numbered[base].style.startswith("article"))
        for number in target.deeper:
            child = self._children.get((base, number))
            if child is None:
                exact = False
                break
            base = child
        return (base,), exact

    def _range(self, target: Target, last: Value, inner: int) -> Found:
        """Articles II through IV: all between, where only the last part of the number counts on."""
        first = target.value
        if last[:-1] != first[:-1] or not 0 <= last[-1] - first[-1] <= _WIDEST_RANGE:
            base = self._base(target, inner)
            return ((), False) if base is None else ((base,), False)
        wanted = [(*first[:-1], n) for n in range(first[-1], last[-1] + 1)]
        found = [self._nearest(target, value, inner) for value in wanted]
        return tuple(index for index in found if index is not None), None not in found

    def _base(self, target: Target, inner: int) -> int | None:
        if target.inner:
            return self._beside(target.inner, inner)
        if target.kind in {"paragraph", PARAGRAPH_HAN} and len(target.value) == 1:
            own = self._beside(str(target.value[0]), inner)
            if own is not None:
                return own
        return self._nearest(target, target.value, inner)

    def _beside(self, number: str, inner: int) -> int | None:
        """``paragraph (b)``: a clause of the section that the reference stands in, or of one around it."""
        for around in self._around(inner):
            child = self._children.get((around, number))
            if child is not None and "." not in self._numbered[child].section.number.strip(_BRACKETS):
                return child
        return None

    def _around(self, inner: int) -> Iterator[int]:
        current: int | None = inner if inner >= 0 else None
        while current is not None:
            yield current
            current = self._numbered[current].parent

    def _nearest(self, target: Target, value: Value, inner: int) -> int | None:
        if target.kind == ATTACHED:
            found = self._named.get((f"{ATTACHED} {_stem(target.word)}", value))
            return self._closest(found, inner) if found else None
        if target.kind == PARAGRAPH_HAN:
            return self._article(inner)
        if found := self._named.get((target.kind, value)):
            return self._closest(found, inner)
        found = self._named.get(("letter" if target.lettered else "any", value))
        return self._outermost(found, inner) if found else None

    def _article(self, inner: int) -> int | None:
        """The Chinese article that a section belongs to: its paragraphs seldom have numbers."""
        return next((one for one in self._around(inner) if self._numbered[one].style == "article-han"), None)

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
    if one.style == "A.":
        yield "letter", one.value
    elif one.style in _SHALLOW or one.style.startswith(DECIMAL) or "-han" in one.style or one.style.isalpha():
        yield "any", one.value


def _stem(word: str) -> str:
    """Exhibits and schedules are told apart; number and case of the word are not."""
    return word.lower()[: 5 if word[0].isupper() or word[0].islower() else 2]


_BRACKETS = "()（）."
_HAN_INNER = re.compile(
    r"第\s?([一二三四五六七八九十百零〇两\d]+)\s?[款项項]|[(（]([一二三四五六七八九十百零〇两]+)[)）]"
)


def _inner(number: str) -> str:
    """``(b)`` and ``b.`` are b, 第二款 and （二） are 2; 1.2 is 2 inside 1."""
    if han := _HAN_INNER.fullmatch(number):
        return str(han_value(han[1] or han[2]))
    plain = number.strip(_BRACKETS).lower()
    return plain.rsplit(".", 1)[-1] if plain[:1].isdecimal() else plain
