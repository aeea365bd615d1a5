"""Printed pages → canonical text, elements and pages. Pure.

Blocks are separated by an empty line. Inside a block a row that was broken for lack of room is joined by
a space, so that a sentence reads and quotes as one; a row that ends on purpose keeps its line feed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from ingest.model import Element, Line, Page
from ingest.readers.blocks import Measures, blocks_of, with_labels
from ingest.readers.furniture import furniture
from ingest.readers.kinds import NAMES_DOCUMENT, kind_of, larger_sizes, title_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from ingest.model import ElementKind
    from ingest.readers.blocks import Block
    from ingest.readers.furniture import Edge
    from ingest.readers.rows import PrintedPage, Row

SEPARATOR = "\n\n"
_SHORTEST_TITLE, _LONGEST_TITLE = 4, 200
_PROMINENT, _LONGEST_PLAIN_TITLE = 6, 80
"""Where no block is a title: how many from the first may be one, and how long it is at most."""
_FILE_NAME = re.compile(
    r"\.\w{2,5}$|[\\/]|\w_\w|^(?:microsoft \w+ - |untitled|document\d*$|\W*$|\d+$)", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class _Printed:
    """A block with its kind, before it has a place in the text."""

    block: Block
    page: int
    kind: ElementKind
    level: int | None


def compose(
    pages: Sequence[PrintedPage], named: str, fallback: str
) -> tuple[str, str, tuple[Element, ...], tuple[Page, ...]]:
    """Text, title, elements and pages of a document.

    Args:
        pages: in order, numbered from 1.
        named: the title that the file claims; used when it is more than a file name.
        fallback: the title where there is neither a claimed nor a printed one.
    """
    printed = _printed(pages)
    writer = _Writer()
    ranges: list[Page] = []
    by_page: dict[int, list[_Printed]] = {page.number: [] for page in pages}
    for block in printed:
        by_page[block.page].append(block)
    for page in pages:
        for block in by_page[page.number]:
            writer.write(block)
        ranges.append(Page(page.number, 0, writer.length, *(page.shown or (page.width, page.height))))
    return (
        writer.text,
        _title(printed, named, fallback),
        tuple(writer.elements),
        _partition(ranges, writer.length),
    )


def _printed(pages: Sequence[PrintedPage]) -> list[_Printed]:
    pages = [replace(page, rows=tuple(with_labels(page.rows))) for page in pages]
    measures = Measures.of(pages)
    edges = furniture(pages)
    grouped = [(page.number, *found) for page in pages for found in _blocks(page, measures, edges)]
    larger = larger_sizes([block for _, block, edge in grouped if edge is None], measures.size)
    printed: list[_Printed] = []
    for number, block, edge in grouped:
        if edge is None:
            printed.append(_Printed(block, number, *kind_of(block, measures.size, larger)))
        else:
            printed.append(_Printed(block, number, edge, None))
    return _titled(printed)


def _titled(printed: list[_Printed]) -> list[_Printed]:
    """Make a heading of the first page with running text the title."""
    body = [index for index, part in enumerate(printed) if part.kind not in {"header", "footer"}]
    first = [index for index in body if printed[index].page == printed[body[0]].page]
    found = title_of([(printed[index].block, printed[index].kind == "heading") for index in first])
    if found is not None:
        index = first[found]
        printed[index] = replace(printed[index], kind="title", level=1)
    return printed


def _blocks(
    page: PrintedPage, measures: Measures, edges: Mapping[tuple[int, int], Edge]
) -> Iterator[tuple[Block, Edge | None]]:
    """The blocks of a page in reading order; furniture never shares a block with running text."""
    part: list[Row] = []
    kind: Edge | None = None
    for index, row in enumerate(page.rows):
        edge = edges.get((page.number, index))
        if part and edge != kind:
            for block in blocks_of(part, measures):
                yield block, kind
            part = []
        kind = edge
        part.append(row)
    for block in blocks_of(part, measures):
        yield block, kind


@dataclass(slots=True)
class _Writer:
    parts: list[str] = field(default_factory=list[str])
    length: int = 0
    elements: list[Element] = field(default_factory=list[Element])

    @property
    def text(self) -> str:
        return "".join(self.parts)

    def write(self, printed: _Printed) -> None:
        if self.parts:
            self._append(SEPARATOR)
        start = self.length
        lines: list[Line] = []
        for join, row in zip(printed.block.joins, printed.block.rows, strict=True):
            at = self.length + len(join)
            lines += [
                Line(at + run.start, at + run.end, printed.page, run.top, run.bottom, run.edges)
                for run in row.runs
            ]
            self._append(join + row.text)
        self.elements.append(
            Element(
                start,
                self.length,
                printed.block.text,
                printed.kind,
                printed.level,
                printed.page,
                tuple(lines),
            )
        )

    def _append(self, text: str) -> None:
        self.parts.append(text)
        self.length += len(text)


def _partition(pages: Sequence[Page], length: int) -> tuple[Page, ...]:
    """Let each page begin where its first element does; the separator belongs to the page before."""
    starts = [0]
    for page in pages[:-1]:
        full = 0 < page.end < length
        starts.append(page.end + len(SEPARATOR) if full else page.end)
    ends = [*starts[1:], length]
    return tuple(
        Page(page.number, start, end, page.width, page.height)
        for page, start, end in zip(pages, starts, ends, strict=True)
    )


def _title(printed: Sequence[_Printed], named: str, fallback: str) -> str:
    claimed = " ".join(named.replace("\0", "").split())
    if _is_title_long(claimed) and not _FILE_NAME.search(claimed) and claimed != fallback:
        return claimed
    body = [part for part in printed if part.kind not in {"header", "footer"}]
    titles = [part for part in body if part.kind == "title"]
    shown = (" ".join(part.block.text.split()) for part in titles or body[:_PROMINENT])
    return next(filter(_is_title_long if titles else _names_document, shown), fallback)


def _is_title_long(text: str) -> bool:
    return _SHORTEST_TITLE <= len(text) <= _LONGEST_TITLE


def _names_document(text: str) -> bool:
    """Whether a line names a document though nothing sets it apart."""
    return len(text) <= _LONGEST_PLAIN_TITLE and NAMES_DOCUMENT.search(text) is not None
