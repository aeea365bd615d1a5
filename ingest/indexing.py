"""From a document to the points of the index: passages, chunks, sparse and dense vectors."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ingest.outline.names import named_label
from ingest.sparse import chunk_vectors
from ingest.store.contract import Point

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ingest.embedding import Embedder
    from ingest.model import Chunk, Document, Passage
    from ingest.terms import Analyzer

BATCH = 512
"""Points made, and written, at once."""


def document_points(
    document: Document,
    passages: Sequence[Passage],
    chunks: Sequence[Chunk],
    *,
    number: int,
    analyzer: Analyzer,
    embedder: Embedder,
) -> Iterator[list[Point]]:
    """Points of the document version ``number``, in batches, in the order of the chunks.

    Raises:
        EmbeddingFailed: a remote embedder does not answer.
    """
    text = document.text
    own = [analyzer.document_terms(text[chunk.start : chunk.end]) for chunk in chunks]
    headings = _heading_terms(document, passages, analyzer)
    vectors = chunk_vectors(own, [headings[chunk.first_passage - 1] for chunk in chunks])
    for first in range(0, len(chunks), BATCH):
        batch = chunks[first : first + BATCH]
        dense = embedder.embed([text[chunk.start : chunk.end] for chunk in batch])
        yield [
            Point(
                document=number,
                ordinal=chunk.ordinal,
                start=chunk.start,
                end=chunk.end,
                first_passage=chunk.first_passage,
                last_passage=chunk.last_passage,
                sparse=next(vectors),
                dense=vector,
            )
            for chunk, vector in zip(batch, dense, strict=True)
        ]


def _heading_terms(document: Document, passages: Sequence[Passage], analyzer: Analyzer) -> list[list[int]]:
    """For each passage, the terms of what it stands under: a section's heading, or file and symbol."""
    file = analyzer.document_terms(document.title) if document.symbols else []
    known: dict[tuple[str, ...], list[int]] = {}
    terms: list[list[int]] = []
    for passage in passages:
        label = passage.section if document.symbols else named_label(passage.section)
        if label not in known:
            known[label] = file + analyzer.document_terms(" ".join(label))
        terms.append(known[label])
    return terms
