"""From documents to the points of the index: passages, chunks, sparse and dense vectors."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ingest.outline.names import named_label
from ingest.sparse import BLOCK, chunk_vectors
from ingest.store.points import Points

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from concurrent.futures import Future

    from numpy.typing import NDArray

    from ingest.embedding import Embedder
    from ingest.model import Chunk, Document, Passage
    from ingest.sparse import SparseRows
    from ingest.terms import Analyzer

BATCH = BLOCK // 4
"""Points made, and written, at once."""
_HEADINGS = 4_096
"""Headings whose terms are remembered."""


@dataclass(frozen=True, slots=True)
class CutDocument:
    """A document version, cut for the index."""

    number: int
    document: Document
    passages: Sequence[Passage]
    chunks: Sequence[Chunk]
    held: int = 0
    """So many of the first chunks are in the index already and are left out."""


@dataclass(frozen=True, slots=True)
class _Piece:
    """Consecutive chunks of one document, and their terms."""

    cut: CutDocument
    chunks: Sequence[Chunk]
    sparse: SparseRows


def points_of(
    documents: Iterable[CutDocument], *, analyzer: Analyzer, embedder: Embedder
) -> Iterator[Points]:
    """The points of documents, in their order and that of their chunks.

    A batch may hold the chunks of several: the embedder is asked seldom, however small they are.

    Raises:
        EmbeddingFailed: a remote embedder does not answer.
    """
    pieces = (piece for cut in documents for piece in _pieces(cut, analyzer))
    for batch, dense in _embedded(_packed(pieces), embedder):
        yield _points(batch, dense)


def _pieces(cut: CutDocument, analyzer: Analyzer) -> Iterator[_Piece]:
    """The chunks from number ``held`` on; a block of weights is a whole number of batches."""
    text, before = cut.document.text, 0
    own = (analyzer.document_terms(text[chunk.start : chunk.end]) for chunk in cut.chunks)
    for rows in chunk_vectors(own, _heading_terms(cut, analyzer)):
        for first in range(0, len(rows), BATCH):
            begin, end = max(first, cut.held - before), min(first + BATCH, len(rows))
            if begin < end:
                yield _Piece(cut, cut.chunks[before + begin : before + end], rows[begin:end])
        before += len(rows)


def _packed(pieces: Iterable[_Piece]) -> Iterator[list[_Piece]]:
    batch: list[_Piece] = []
    size = 0
    for piece in pieces:
        if batch and size + len(piece.chunks) > BATCH:
            yield batch
            batch, size = [], 0
        batch.append(piece)
        size += len(piece.chunks)
    if batch:
        yield batch


def _embedded(
    batches: Iterable[list[_Piece]], embedder: Embedder
) -> Iterator[tuple[list[_Piece], NDArray[np.float32]]]:
    """The batches with their vectors; the next one is embedded while one is written."""
    with ThreadPoolExecutor(max_workers=1) as embedding:
        ready: tuple[list[_Piece], Future[NDArray[np.float32]]] | None = None
        for batch in batches:
            texts = [
                piece.cut.document.text[chunk.start : chunk.end] for piece in batch for chunk in piece.chunks
            ]
            following = batch, embedding.submit(embedder.embed, texts)
            if ready:
                yield ready[0], ready[1].result()
            ready = following
        if ready:
            yield ready[0], ready[1].result()


def _points(batch: Sequence[_Piece], dense: NDArray[np.float32]) -> Points:
    places = [
        (piece.cut.number, chunk.ordinal, chunk.start, chunk.end, chunk.first_passage, chunk.last_passage)
        for piece in batch
        for chunk in piece.chunks
    ]
    lengths = np.concatenate([np.diff(piece.sparse.borders) for piece in batch])
    return Points(
        np.asarray(places),
        dense,
        np.concatenate([piece.sparse.indices for piece in batch]),
        np.concatenate([piece.sparse.values for piece in batch]),
        np.concatenate(([0], np.cumsum(lengths))),
    )


def _heading_terms(cut: CutDocument, analyzer: Analyzer) -> Iterator[list[int]]:
    """For each chunk, the terms of what it stands under: a section's heading, or file and symbol."""
    symbols = cut.document.symbols
    file = analyzer.document_terms(cut.document.title) if symbols else []
    known: dict[tuple[str, ...], list[int]] = {}
    for chunk in cut.chunks:
        section = cut.passages[chunk.first_passage - 1].section
        terms = known.get(section)
        if terms is None:
            if len(known) >= _HEADINGS:
                known.clear()
            label = section if symbols else named_label(section)
            terms = known[section] = file + analyzer.document_terms(" ".join(label))
        yield terms
