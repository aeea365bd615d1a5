"""The searched units: passages cut into chunks that partition the text as well."""

from __future__ import annotations

import re
from bisect import bisect_right
from typing import TYPE_CHECKING

from ingest.elements import Elements
from ingest.model import Chunk
from ingest.packed import PackedChunks
from ingest.passages import FURNITURE
from ingest.sentences import lines, pieces

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ingest.model import Document, ElementKind, Passage

VERSION = "sentences/8"
"""Recorded with every document version: another value makes it stale."""
LONGEST = 400
"""Code points of a chunk."""
SHORTEST = 25
"""A sentence below this is joined with the next."""
_ENDED = re.compile(r"[。！？][」』”’）)]*\s*\n[ \t]*\n\s*\Z")
"""The end of a Chinese paragraph: so few signs say a whole sentence, which belongs to no other paragraph."""
_BY_LINES = frozenset({"code", "table"})


def cut_chunks(document: Document, passages: Sequence[Passage]) -> PackedChunks:
    """Sentences of prose, groups of lines of code and tables; a chunk lies inside one passage.

    Sentences are not packed up to the limit: short chunks, which take their context from their neighbours'
    terms, find the place better than long ones.
    """
    elements = Elements.of(document.elements, document.text)
    chunks = PackedChunks()
    for passage in passages:
        by_lines = _kind_at(elements, passage.start) in _BY_LINES
        for start, end in _packed(document.text, passage.start, passage.end, by_lines=by_lines):
            chunks.append(Chunk(len(chunks), start, end, passage.number, passage.number))
    return chunks


def searched_chunks(document: Document, chunks: Sequence[Chunk]) -> Sequence[Chunk]:
    """The chunks that belong into the index: all but running headers and footers, if there is more."""
    elements = Elements.of(document.elements, document.text)
    kept = PackedChunks()
    for chunk in chunks:
        if _kind_at(elements, chunk.start) not in FURNITURE:
            kept.append(chunk)
    return kept or chunks


def _kind_at(elements: Elements, position: int) -> ElementKind | None:
    """The kind of the last element that begins at or before a position."""
    nearest = bisect_right(elements.columns.starts, position) - 1
    return elements.kind(nearest) if nearest >= 0 else None


def _packed(text: str, start: int, end: int, *, by_lines: bool) -> Iterator[tuple[int, int]]:
    cut, enough = (lines, LONGEST // 2) if by_lines else (pieces, SHORTEST)
    begin = stop = start
    for first, last in cut(text, start, end, longest=LONGEST):
        blank = text[begin:stop].isspace() or text[first:last].isspace()
        full = stop - begin >= enough or last - begin > LONGEST or _ENDED.search(text, begin, stop)
        if stop > begin and full and not (blank and last - begin <= LONGEST):
            yield begin, stop
            begin = first
        stop = last
    if stop > begin:
        yield begin, stop
