"""Puts the points of documents into the index, in order: what a killed run has written can be counted."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self

from ingest.chunks import cut_chunks, searched_chunks
from ingest.costs import Costs
from ingest.describing import direction, document_point
from ingest.embedding import Interruptible, Watched, embedder_within
from ingest.foreseeing import Foreseen
from ingest.indexing import CutDocument, points_of
from ingest.outline.sections import find_sections
from ingest.prepared import batches_of, described, embed, has_vectors, opening_of
from ingest.sources import source_of
from ingest.terms import Analyzer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from ingest.catalog.records import DocumentContent
    from ingest.embedding import Embedder
    from ingest.index import Index
    from ingest.model import Document, Passage, Scope, Section
    from ingest.prepared import Prepared
    from ingest.store.contract import Point
    from ingest.store.points import Points


def granted() -> None:
    """Nobody wants the work to end."""


def untold(_: float) -> None:
    """Nobody watches."""


@dataclass(frozen=True, slots=True)
class Written:
    """A document version to be written."""

    number: int
    document: Document
    passages: Sequence[Passage]
    sections: Sequence[Section]
    held: int = 0
    """So many of its first points are there already, as a killed run left them."""
    prepared: Prepared | None = None
    """Its points, where another process has made them."""
    path: str = ""
    """That people see."""
    vectors: Mapping[str, NDArray[np.float32]] = field(default_factory=dict[str, "NDArray[np.float32]"])
    """Of those of its texts that need not be embedded."""

    @classmethod
    def of(cls, number: int, content: DocumentContent, held: int = 0) -> Self:
        """What the catalog holds, to be written again."""
        document = content.document
        return cls(number, document, content.passages, find_sections(document), held, path=content.path)


@dataclass(frozen=True, slots=True)
class _Made:
    """Points of some versions, and how many each has."""

    descriptions: list[Point]
    """Of those versions that have no point in the index yet."""
    batches: Iterator[Points]
    counts: list[int]


class Writer:
    """Writes with one embedder."""

    def __init__(self, index: Index, embedder: Embedder, costs: Costs | None = None) -> None:
        """To ``costs`` is added what cutting, embedding and the index take."""
        self._index = index
        self._embedder = embedder
        self._analyzer = Analyzer()
        self._costs = costs or Costs()

    def write(
        self,
        scope: Scope,
        versions: Sequence[Written],
        *,
        require_leave: Callable[[], None] = granted,
        on_written: Callable[[float], None] = untold,
    ) -> list[int]:
        """Write the points of documents, flushed once; returns how many each has.

        Points are written in order, and every operation of the store is kept whole or not at all.
        ``require_leave`` is called before each batch is embedded; whatever it raises breaks off. So does
        `EgressRefused`, where the texts may not go to an embedder on another machine.
        ``on_written`` is told which share of the points is written.
        """
        made = self._made(versions, self._asking(scope, require_leave))
        if versions:
            # First: chunks are counted when the index is repaired; all there means that these are too.
            with self._costs.spending("write"):
                self._index.upsert(scope.openings, made.descriptions)
        done, total = sum(version.held for version in versions), sum(made.counts)
        for points in made.batches:
            with self._costs.spending("write"):
                self._index.upsert(scope, points)
            done += len(points)
            on_written(done / total)
        with self._costs.spending("write"):
            self._index.flush()
        return made.counts

    def made(self, version: Written) -> tuple[list[Point], Point]:
        """The points that `write` would write of a version, and its description."""
        cut = self._cut(version)
        batches = points_of([cut], analyzer=self._analyzer, embedder=self._embedder)
        return [point for batch in batches for point in batch], self._description(cut, self._embedder)

    def write_description(
        self, scope: Scope, version: Written, *, require_leave: Callable[[], None] = granted
    ) -> None:
        """Write the point that tells which document this is; raises what `write` does."""
        embedder = Foreseen(self._asking(scope, require_leave), (), version.vectors)
        description = self._description(self._cut(version), embedder)
        self._index.upsert(scope.openings, [description])

    def _asking(self, scope: Scope, require_leave: Callable[[], None]) -> Embedder:
        watched = Watched(
            embedder_within(self._embedder, scope),
            lambda: self._costs.spending("embed"),
        )
        return Interruptible(watched, require_leave)

    def _made(self, versions: Sequence[Written], embedder: Embedder) -> _Made:
        """What is to be written, made now and while it is asked for, unless it has been."""
        prepared = [
            version.prepared.numbered(version.number, source_of(version.path))
            for version in versions
            if version.prepared
        ]
        if prepared and len(prepared) == len(versions):
            return _completed(prepared, [version.held for version in versions], embedder)
        with self._costs.spending("cut"):
            cut = [self._cut(version) for version in versions]
        begun = [each for each in cut if not each.held]
        known = {text: vector for version in versions for text, vector in version.vectors.items()}
        embedder = Foreseen(embedder, [text for each in begun for text in each.opening], known)
        with self._costs.spending("cut"):
            descriptions = [self._description(each, embedder) for each in begun]
        batches = points_of(cut, analyzer=self._analyzer, embedder=embedder, costs=self._costs)
        return _Made(descriptions, batches, [len(document.chunks) for document in cut])

    def _cut(self, version: Written) -> CutDocument:
        document = version.document
        chunks = searched_chunks(document, cut_chunks(document, version.passages))
        source = source_of(version.path)
        return CutDocument(version.number, document, version.sections, chunks, version.held, source)

    def _description(self, cut: CutDocument, embedder: Embedder) -> Point:
        return document_point(
            cut.number,
            cut.document,
            sections=cut.sections,
            chunks=cut.chunks,
            analyzer=self._analyzer,
            dense=direction(embedder.embed(cut.opening)),
            source=cut.source,
        )


def _completed(prepared: Sequence[Prepared], held: Sequence[int], embedder: Embedder) -> _Made:
    """What another process has made, its vectors made here if they are missing."""
    begun = [each for each, points in zip(prepared, held, strict=True) if not points]
    waiting = [each for each in begun if not has_vectors(each)]
    embedder = Foreseen(embedder, [text for each in waiting for text in opening_of(each)])
    told = [each if has_vectors(each) else described(each, embedder) for each in begun]
    ready = (each if has_vectors(each) else embed([each], embedder)[0] for each in prepared)
    batches = batches_of(zip(ready, held, strict=True))
    return _Made([each.description for each in told], batches, [len(each.points) for each in prepared])
