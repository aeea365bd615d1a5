"""What a place in a document stands under: the path of a section, or the qualified name of a symbol."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ingest.model import Section, Symbol

_NEAR = 4
"""Code points between a heading's beginning and its first word: a mark of a list, an asterisk."""


def first_word(text: str, start: int, end: int) -> int:
    """Where the words begin: a method begins after its indentation."""
    return end - len(text[start:end].lstrip())


class Labels:
    """Finds the innermost section or symbol for ascending positions."""

    def __init__(self, sections: Sequence[Section], symbols: Sequence[Symbol]) -> None:
        self._ranges = [(s.start, s.end, s.path) for s in sections]
        self._ranges += [(s.start, s.end, tuple(s.name.split("."))) for s in symbols]
        self._ranges.sort(key=lambda r: (r[0], -r[1]))
        self._next = 0
        self._open: list[tuple[int, int, tuple[str, ...]]] = []

    def at(self, start: int, end: int) -> tuple[str, ...]:
        """The innermost range that is open at ``start`` or, failing that, first begins before ``end``."""
        self._advance(start)
        if self._open:
            return self._open[-1][2]
        following = self._ranges[self._next] if self._next < len(self._ranges) else None
        return following[2] if following and following[0] < end else ()

    def begins_at(self, position: int) -> bool:
        """Whether the innermost range that is open at the position last asked for begins there."""
        return bool(self._open) and self._open[-1][0] >= position - _NEAR

    def _advance(self, position: int) -> None:
        while self._next < len(self._ranges) and self._ranges[self._next][0] <= position:
            self._open.append(self._ranges[self._next])
            self._next += 1
        self._open = [r for r in self._open if r[1] > position]
