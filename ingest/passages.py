"""The citable units: a document's text cut into numbered passages that partition it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ingest.elements import Elements
from ingest.labels import Labels, first_word
from ingest.packed import PackedPassages
from ingest.sentences import pieces

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ingest.model import Document, Section

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
    text, labels = document.text, Labels(sections, document.symbols)
    passages = PackedPassages()
    for first, last in _joined(_blocks(document)):
        for start, end in _fitting(text, first, last):
            passages.append(start, end, labels.at(first_word(text, start, end), end))
    return passages


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
