"""From a document to the points of the index: passages, chunks, sparse and dense vectors."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import numpy as np

from ingest.outline.names import named_label
from ingest.sparse import BLOCK, chunk_vectors
from ingest.store.points import Points

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
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


def document_points(
    document: Document,
    passages: Sequence[Passage],
    chunks: Sequence[Chunk],
    *,
    number: int,
    analyzer: Analyzer,
    embedder: Embedder,
    held: int = 0,
) -> Iterator[Points]:
    """Points of the document version ``number``, in batches, in the order of the chunks.

    The first ``held`` chunks are in the index already and are left out.

    Raises:
        EmbeddingFailed: a remote embedder does not answer.
    """
    text = document.text
    own = (analyzer.document_terms(text[chunk.start : chunk.end]) for chunk in chunks)
    headings = _heading_terms(document, passages, chunks, analyzer)
    rows = _batches(chunk_vectors(own, headings), held)
    for batch, dense in _embedded(text, chunks, embedder, held):
        sparse = next(rows)
        places = [
            (number, chunk.ordinal, chunk.start, chunk.end, chunk.first_passage, chunk.last_passage)
            for chunk in batch
        ]
        yield Points(np.asarray(places), dense, sparse.indices, sparse.values, sparse.borders)


def _batches(blocks: Iterator[SparseRows], held: int) -> Iterator[SparseRows]:
    """The rows of each batch, from row ``held`` on; a block is a whole number of batches."""
    before = 0
    for rows in blocks:
        for first in range(0, len(rows), BATCH):
            begin = max(first, held - before)
            if begin < min(first + BATCH, len(rows)):
                yield rows[begin : first + BATCH]
        before += len(rows)


def _embedded(
    text: str, chunks: Sequence[Chunk], embedder: Embedder, held: int
) -> Iterator[tuple[Sequence[Chunk], NDArray[np.float32]]]:
    """The chunks in batches, with their vectors; the next batch is embedded while one is written."""
    with ThreadPoolExecutor(max_workers=1) as embedding:
        ready: tuple[Sequence[Chunk], Future[NDArray[np.float32]]] | None = None
        for first in range(held - held % BATCH, len(chunks), BATCH):
            batch = chunks[max(first, held) : first + BATCH]
            if not batch:
                continue
            texts = [text[chunk.start : chunk.end] for chunk in batch]
            following = batch, embedding.submit(embedder.embed, texts)
            if ready:
                yield ready[0], ready[1].result()
            ready = following
        if ready:
            yield ready[0], ready[1].result()


def _heading_terms(
    document: Document, passages: Sequence[Passage], chunks: Sequence[Chunk], analyzer: Analyzer
) -> Iterator[list[int]]:
    """For each chunk, the terms of what it stands under: a section's heading, or file and symbol."""
    file = analyzer.document_terms(document.title) if document.symbols else []
    known: dict[tuple[str, ...], list[int]] = {}
    for chunk in chunks:
        section = passages[chunk.first_passage - 1].section
        label = section if document.symbols else named_label(section)
        if label not in known:
            if len(known) >= _HEADINGS:
                known.clear()
            known[label] = file + analyzer.document_terms(" ".join(label))
        yield known[label]
