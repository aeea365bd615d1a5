"""From documents to the points of the index: passages, chunks, sparse and dense vectors."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

import numpy as np

from ingest.costs import Costs
from ingest.describing import is_program, opening_texts, role_of
from ingest.labels import Labels, first_word
from ingest.outline.names import named_depth
from ingest.sparse import BLOCK, NOWHERE, PROGRAM, TEXT, Heading, Spread, Weighed, chunk_vectors
from ingest.store.points import Points

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from concurrent.futures import Future

    from numpy.typing import NDArray

    from ingest.embedding import Embedder
    from ingest.model import Chunk, Document, Section
    from ingest.sparse import SparseRows
    from ingest.terms import Analyzer, Terms

BATCH = BLOCK // 4
"""Points made, and written, at once."""
_HEADINGS = 4_096
"""Headings whose terms are remembered."""


@dataclass(frozen=True, slots=True)
class CutDocument:
    """A document version, cut for the index."""

    number: int
    document: Document
    sections: Sequence[Section]
    chunks: Sequence[Chunk]
    held: int = 0
    """So many of the first chunks are in the index already and are left out."""
    source: int = 0
    """What it came with, see `ingest.sources`."""

    @property
    def opening(self) -> list[str]:
        """See `ingest.describing.opening_texts`."""
        return opening_texts(self.document, ((chunk.start, chunk.end) for chunk in self.chunks))


@dataclass(frozen=True, slots=True)
class _Piece:
    """Consecutive chunks of one document, and their terms."""

    cut: CutDocument
    chunks: Sequence[Chunk]
    sparse: SparseRows


def points_of(
    documents: Iterable[CutDocument],
    *,
    analyzer: Analyzer,
    embedder: Embedder,
    costs: Costs | None = None,
) -> Iterator[Points]:
    """The points of documents, in their order and that of their chunks.

    A batch may hold the chunks of several: the embedder is asked seldom, however small they are. To ``costs``
    is added what cutting takes.

    Raises:
        EmbeddingFailed: a remote embedder does not answer.
    """
    pieces = (piece for cut in documents for piece in _pieces(cut, analyzer))
    packed = (costs or Costs()).making("cut", _packed(pieces))
    for batch, dense in _embedded(packed, embedder):
        yield _points(batch, dense)


def points_without_vectors(cut: CutDocument, analyzer: Analyzer) -> Points:
    """The points of a document, to be embedded elsewhere: ``dense`` is [n, 0]."""
    pieces = list(_pieces(cut, analyzer))
    count = sum(len(piece.chunks) for piece in pieces)
    return _points(pieces, np.zeros((count, 0), np.float32)) if pieces else Points.of(())


def _pieces(cut: CutDocument, analyzer: Analyzer) -> Iterator[_Piece]:
    """The chunks from number ``held`` on; a block of weights is a whole number of batches."""
    before = 0
    weighed = (
        Weighed(*_terms(cut, chunk, analyzer), chunk.first_passage, heading)
        for chunk, heading in zip(cut.chunks, _headings(cut, analyzer), strict=True)
    )
    scale = PROGRAM if is_program(cut.document) else TEXT
    for rows in chunk_vectors(weighed, _spread(cut, analyzer), scale):
        for first in range(0, len(rows), BATCH):
            begin, end = max(first, cut.held - before), min(first + BATCH, len(rows))
            if begin < end:
                yield _Piece(cut, cut.chunks[before + begin : before + end], rows[begin:end])
        before += len(rows)


def _terms(cut: CutDocument, chunk: Chunk, analyzer: Analyzer) -> Terms:
    return analyzer.places_terms(cut.document.text[chunk.start : chunk.end])


def _spread(cut: CutDocument, analyzer: Analyzer) -> Spread:
    """How widely its looser terms are spread over its passages."""
    if not analyzer.has_looser(cut.document.text):
        return NOWHERE
    holding, passages = Counter[int](), 0
    for _, chunks in groupby(cut.chunks, key=lambda chunk: chunk.first_passage):
        holding.update({term for chunk in chunks for term in _terms(cut, chunk, analyzer).loose})
        passages += 1
    return Spread.of(holding, passages)


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
        (
            piece.cut.number,
            c.ordinal,
            c.start,
            c.end,
            c.first_passage,
            c.last_passage,
            role,
            piece.cut.source,
        )
        for piece in batch
        for role in (role_of(piece.cut.document),)
        for c in piece.chunks
    ]
    lengths = np.concatenate([np.diff(piece.sparse.borders) for piece in batch])
    return Points(
        np.asarray(places, dtype=np.int64),
        dense,
        np.concatenate([piece.sparse.indices for piece in batch]),
        np.concatenate([piece.sparse.values for piece in batch]),
        np.concatenate(([0], np.cumsum(lengths))),
    )


def _headings(cut: CutDocument, analyzer: Analyzer) -> Iterator[Heading]:
    """For each chunk, what it stands under: a section and the one around it, or file and symbol.

    ``(b)`` without a name opens nothing: it goes on with what the heading around it has opened.
    """
    text, labels = cut.document.text, Labels(cut.sections, cut.document.symbols)
    read = _named if cut.document.symbols else _headed
    file = analyzer.document_terms(cut.document.title) if cut.document.symbols else []
    known: dict[tuple[str, ...], tuple[list[int], list[int]]] = {}
    for chunk in cut.chunks:
        start = first_word(text, chunk.start, chunk.end)
        path = labels.at(start, chunk.end)
        terms = known.get(path)
        if terms is None:
            if len(known) >= _HEADINGS:
                known.clear()
            terms = known[path] = read(path, file, analyzer)
        named = bool(cut.document.symbols) or named_depth(path) == len(path)
        yield Heading(*terms, opens=named and labels.begins_at(start))


def _named(path: tuple[str, ...], file: list[int], analyzer: Analyzer) -> tuple[list[int], list[int]]:
    """The terms of a program's file and symbol."""
    return file + analyzer.document_terms(" ".join(path)), []


def _headed(path: tuple[str, ...], _: list[int], analyzer: Analyzer) -> tuple[list[int], list[int]]:
    """The terms of the innermost heading that has a name, and of the next one around it."""
    depth = named_depth(path)
    around = path[: named_depth(path[: depth - 1])] if depth else ()
    return analyzer.document_terms(" ".join(path[depth - 1 : depth])), analyzer.document_terms(
        " ".join(around[-1:])
    )
