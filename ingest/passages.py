"""The citable units: a document's text cut into numbered passages that partition it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ingest.elements import Elements
from ingest.packed import PackedPassages
from ingest.sentences import pieces

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ingest.model import Document, Section, Symbol

LONGEST = 1_200
"""Code points of a passage, white space at its end included."""
ENOUGH = 200
"""A passage this long is not joined with the block that follows it."""
_OPENING = frozenset({"title", "heading"})
FURNITURE = frozenset({"header", "footer"})
"""Kinds of elements that are printed on page after page: citable, never searched for."""


@dataclass(frozen=True, slots=True)
class _Block:
    """An element with the white space up to the next one."""

    start: int
    end: int
    opens: bool
    apart: bool
    """A running header or footer: it belongs neither to what stands before it nor to what follows."""


def cut_passages(document: Document, sections: Sequence[Section]) -> PackedPassages:
    """Cut at the borders of elements, of sentences where an element is too long.

    Short neighbours are joined, a heading with what it introduces; nothing is joined across a heading.
    """
    text, labels = document.text, _Labels(sections, document.symbols)
    passages = PackedPassages()
    for first, last in _joined(_blocks(document)):
        for start, end in _fitting(text, first, last):
            passages.append(start, end, labels.at(_first_word(text, start, end), end))
    return passages


def _first_word(text: str, start: int, end: int) -> int:
    """Where the words begin: a method begins after its indentation."""
    return end - len(text[start:end].lstrip())


def _blocks(document: Document) -> Iterator[_Block]:
    elements = Elements.of(document.elements, document.text)
    if not elements:
        yield _Block(0, len(document.text), opens=False, apart=False)
        return
    starts = elements.columns.starts
    for i in range(len(elements)):
        start = starts[i] if i else 0
        end = starts[i + 1] if i + 1 < len(elements) else len(document.text)
        kind = elements.kind(i)
        yield _Block(start, end, opens=kind in _OPENING, apart=kind in FURNITURE)


def _joined(blocks: Iterator[_Block]) -> Iterator[tuple[int, int]]:
    start = end = 0
    only_headings, apart = True, False
    for block in blocks:
        full = end - start >= ENOUGH or block.end - start > LONGEST
        leaves_section = block.opens and not only_headings
        if end > start and ((full and not only_headings) or leaves_section or block.apart != apart):
            yield start, end
            start, only_headings = block.start, True
        end, apart = block.end, block.apart
        only_headings = only_headings and block.opens
    if end > start:
        yield start, end


def _fitting(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Sentences packed into pieces of about equal length, none longer than a passage may be."""
    if end - start <= LONGEST:
        yield start, end
        return
    parts = -(-(end - start) // LONGEST)
    target = (end - start) / parts
    begin = stop = start
    for first, last in pieces(text, start, end, longest=LONGEST):
        if stop > begin and (last - begin > LONGEST or stop - begin >= target):
            yield begin, stop
            begin = first
        stop = last
    yield begin, stop


class _Labels:
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

    def _advance(self, position: int) -> None:
        while self._next < len(self._ranges) and self._ranges[self._next][0] <= position:
            self._open.append(self._ranges[self._next])
            self._next += 1
        self._open = [r for r in self._open if r[1] > position]
