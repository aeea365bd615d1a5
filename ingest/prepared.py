"""Documents made ready for the index where they are not written: all but their numbers."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from ingest.chunks import cut_chunks, searched_chunks
from ingest.describing import direction, document_point, opening_texts
from ingest.indexing import BATCH, CutDocument, points_without_vectors
from ingest.outline.sections import find_sections
from ingest.passages import cut_passages
from ingest.store.points import Points

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from numpy.typing import NDArray

    from ingest.embedding import Embedder
    from ingest.model import Document, Passage
    from ingest.store.contract import Point
    from ingest.terms import Analyzer

UNNUMBERED = 0
"""Stands where the number of the version will stand."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """A document with all that catalog and index keep of it."""

    document: Document
    passages: Sequence[Passage]
    description: Point
    points: Points
    """Without dense vectors, as [n, 0], until they are embedded."""

    def numbered(self, number: int, source: int) -> Prepared:
        """The same as the version of this number, of this source."""
        description = replace(self.description, document=number, source=source)
        return replace(self, description=description, points=self.points.numbered(number, source))


def prepare(document: Document, *, analyzer: Analyzer, dimensions: int) -> Prepared:
    """Cut a document and weigh its terms, as the local engine does while it writes."""
    sections = find_sections(document)
    passages = cut_passages(document, sections)
    chunks = searched_chunks(document, cut_chunks(document, passages))
    cut = CutDocument(UNNUMBERED, document, sections, chunks)
    description = document_point(
        UNNUMBERED,
        document,
        sections=sections,
        chunks=chunks,
        analyzer=analyzer,
        dense=np.zeros(dimensions, np.float32),
    )
    return Prepared(document, passages, description, points_without_vectors(cut, analyzer))


def embed(prepared: Sequence[Prepared], embedder: Embedder) -> list[Prepared]:
    """Give documents and their points dense vectors, all in one call.

    Raises:
        EmbeddingFailed: a remote embedder does not answer.
    """
    texts = [text for each in prepared for text in _texts(each)]
    dense = embedder.embed(texts)
    ends = np.cumsum([len(each.points) for each in prepared])[:-1]
    parts = np.split(dense, ends) if prepared else []
    return [_with_vectors(each, part) for each, part in zip(prepared, parts, strict=True)]


def _with_vectors(prepared: Prepared, dense: NDArray[np.float32]) -> Prepared:
    told = direction(dense[: len(opening_of(prepared))])
    description = replace(prepared.description, dense=told)
    return replace(prepared, description=description, points=replace(prepared.points, dense=dense))


def described(prepared: Prepared, embedder: Embedder) -> Prepared:
    """The same, its description with a direction; raises what `embed` does."""
    dense = direction(embedder.embed(opening_of(prepared)))
    return replace(prepared, description=replace(prepared.description, dense=dense))


def opening_of(prepared: Prepared) -> list[str]:
    """See `ingest.describing.opening_texts`."""
    return opening_texts(prepared.document, prepared.points.ranges())


def batches_of(prepared: Iterable[tuple[Prepared, int]]) -> Iterator[Points]:
    """The points of numbered documents in order, each without its first ``held`` ones, many at once."""
    waiting: list[Points] = []
    size = 0
    for each, held in prepared:
        for first in range(held, len(each.points), BATCH):
            part = each.points[first : first + BATCH]
            if size + len(part) > BATCH:
                yield Points.joined(waiting)
                waiting, size = [], 0
            waiting.append(part)
            size += len(part)
    if waiting:
        yield Points.joined(waiting)


def has_vectors(prepared: Prepared) -> bool:
    """Whether its points are embedded; without any, it is."""
    return not len(prepared.points) or prepared.points.dense.shape[1] > 0


def _texts(prepared: Prepared) -> Iterator[str]:
    text = prepared.document.text
    for start, end in prepared.points.ranges():
        yield text[start:end]
