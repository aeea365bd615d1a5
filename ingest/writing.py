"""Puts the points of documents into the index, in order: what a killed run has written can be counted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ingest.chunks import cut_chunks, searched_chunks
from ingest.embedding import Interruptible
from ingest.indexing import document_points
from ingest.routing import opening_point
from ingest.terms import Analyzer

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ingest.embedding import Embedder
    from ingest.index import Index
    from ingest.model import Document, Passage, Scope


def _granted() -> None:
    """Nobody wants the work to end."""


class Writer:
    """Writes with one embedder."""

    def __init__(self, index: Index, embedder: Embedder) -> None:
        self._index = index
        self._embedder = embedder
        self._analyzer = Analyzer()

    def write(
        self,
        scope: Scope,
        number: int,
        document: Document,
        passages: Sequence[Passage],
        *,
        held: int = 0,
        require_leave: Callable[[], None] = _granted,
    ) -> int:
        """Write the points of a document, flushed; returns how many it has.

        The first ``held`` of them are there already, as a killed run left them: points are written in order,
        and every operation of the store is kept whole or not at all. ``require_leave`` is called before each
        batch is embedded; whatever it raises breaks off.
        """
        chunks = searched_chunks(document, cut_chunks(document, passages))
        if not _is_program(document):
            # First: chunks are counted when the index is repaired; all there means that this one is too.
            self.write_opening(scope, number, document)
        for points in document_points(
            document,
            passages,
            chunks,
            number=number,
            analyzer=self._analyzer,
            embedder=Interruptible(self._embedder, require_leave),
            held=held,
        ):
            self._index.upsert(scope, points)
        self._index.flush()
        return len(chunks)

    def write_opening(self, scope: Scope, number: int, document: Document) -> None:
        """Write the point that tells which document this is."""
        opening = opening_point(
            document, number=number, analyzer=self._analyzer, dimensions=self._embedder.dimensions
        )
        self._index.upsert(scope.openings, [opening])


def _is_program(document: Document) -> bool:
    """A program is asked about by its names, which its chunks carry; a notebook by its prose too."""
    return bool(document.symbols) and all(element.kind == "code" for element in document.elements)
