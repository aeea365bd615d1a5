"""A collection's index built anew from what the catalog holds, beside the one that serves."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ingest import chunks
from ingest.catalog.collection import same_direction
from ingest.embedding import check_vector, embedder_within
from ingest.errors import Gone, UnknownName
from ingest.writing import Writer, Written

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ingest.catalog.catalog import Catalog
    from ingest.catalog.records import CollectionRecord, VersionRecord
    from ingest.embedding import Embedder
    from ingest.index import Index
    from ingest.model import Scope


@dataclass(frozen=True, slots=True)
class ReindexProgress:
    """How far a re-index has come."""

    path: str
    done: int
    total: int


@dataclass(frozen=True, slots=True)
class ReindexReport:
    """What a re-index has built."""

    collection: str
    generation: int
    embedder: str
    documents: int
    chunks: int
    resumed: int
    """Documents that a killed run had built already."""


class Reindexer:
    """Builds generations. One at a time in a data directory, and no ingest beside it."""

    def __init__(self, catalog: Catalog, index: Index, embedder: Embedder) -> None:
        self._catalog = catalog
        self._index = index
        self._embedder = embedder
        self._writer = Writer(index, embedder)

    def reindex(
        self,
        tenant: str,
        name: str,
        *,
        on_progress: Callable[[ReindexProgress], None],
        anew: bool = False,
    ) -> ReindexReport:
        """Build the next generation with today's embedder and chunker, let it serve, forget the old one.

        Searches use the old one until the last moment. Killed anywhere, the next call goes on where it was.
        Where all points are of today's embedder and chunker nothing is built, unless it is to be ``anew``.

        Raises:
            UnknownName: there is no such collection, or it was deleted meanwhile.
            EgressRefused: its text may not go to the embedder.
            IndexUnavailable: the index does not answer.
        """
        collection = self._catalog.collection(tenant, name)
        check = check_vector(self._embedder).tobytes()
        if not anew and self._is_current(collection, check):
            forget_garbage(self._index, collection)
            return self._report(collection, documents=0, points=0, resumed=0)
        embedder_within(self._embedder, collection.scope).embed(())
        generation = self._catalog.begin_generation(
            collection,
            embedder=self._embedder.identity,
            dimensions=self._embedder.dimensions,
            check_vector=check,
            chunker=chunks.VERSION,
        )
        forget_garbage(self._index, self._catalog.collection(tenant, name))
        resumed = self._build_all(collection, generation, on_progress)
        swapped = self._catalog.collection(tenant, name)
        self._forget_strays(swapped)
        forget_garbage(self._index, swapped)
        manifest = self._catalog.manifest(swapped)
        return self._report(swapped, len(manifest), sum(manifest.values()), resumed)

    def _report(
        self, collection: CollectionRecord, documents: int, points: int, resumed: int
    ) -> ReindexReport:
        made = (collection.name, collection.generation, collection.embedder)
        return ReindexReport(*made, documents, points, resumed)

    def _is_current(self, collection: CollectionRecord, check: bytes) -> bool:
        """Whether nothing that a re-index makes could differ; one that has begun is brought to its end."""
        made_by = (collection.embedder, collection.dimensions, collection.next_generation)
        return (
            made_by == (self._embedder.identity, self._embedder.dimensions, None)
            and same_direction(collection.check_vector, check)
            and all(v.chunker == chunks.VERSION for v in self._catalog.ready_versions(collection))
        )

    def _build_all(
        self,
        collection: CollectionRecord,
        generation: int,
        on_progress: Callable[[ReindexProgress], None],
    ) -> int:
        """Build until nothing is missing at the moment of the swap; returns how many were there already."""
        target = replace(collection.scope, generation=generation)
        resumed = 0
        built: dict[int, int] = {}
        while True:
            versions = self._catalog.ready_versions(collection)
            held = self._index.counts(target)
            for done, version in enumerate(versions, start=1):
                if version.number not in built:
                    resumed += _is_whole(version, held)
                    self._build(target, version, held, built)
                on_progress(ReindexProgress(version.path, done, len(versions)))
            if not self._catalog.swap_generation(collection, generation, built):
                return resumed

    def _build(
        self, target: Scope, version: VersionRecord, held: Mapping[int, int], built: dict[int, int]
    ) -> None:
        if _is_whole(version, held):
            built[version.number] = version.chunks
            return
        with suppress(Gone, UnknownName):  # deleted, or replaced, in this moment
            content = self._catalog.content(version.tenant, version.collection, version.number)
            there = held.get(version.number, 0)
            wanted = Written.of(version.number, content, there)
            (built[version.number],) = self._writer.write(target, [wanted])

    def _forget_strays(self, collection: CollectionRecord) -> None:
        """Delete the points of documents that were deleted while theirs were built."""
        held = self._index.counts(collection.scope).keys() | self._index.counts(collection.scope.openings)
        stray = sorted(held - self._catalog.manifest(collection).keys())
        if stray:
            self._index.delete_documents(collection.scope, stray)
            self._index.flush()


def garbage(index: Index, collection: CollectionRecord) -> dict[Scope, int]:
    """Points of generations that neither serve nor are being built."""
    kept = {scope.generation for scope in collection.scopes}
    scopes = (replace(collection.scope, generation=n) for n in range(1, max(kept)) if n not in kept)
    return {scope: found for scope in scopes if (found := points_of(index, scope))}


def forget_garbage(index: Index, collection: CollectionRecord) -> int:
    """Delete what other generations have left in the index; returns how many points that were."""
    found = garbage(index, collection)
    for scope in found:
        index.delete_scope(scope)
    if found:
        index.flush()
    return sum(found.values())


def points_of(index: Index, scope: Scope) -> int:
    """Chunks and openings that the index holds of a scope."""
    return sum(index.counts(scope).values()) + sum(index.counts(scope.openings).values())


def _is_whole(version: VersionRecord, held: Mapping[int, int]) -> bool:
    """Whether all its points were built before; another chunker cuts it into other ones."""
    return version.chunker == chunks.VERSION and held.get(version.number) == version.chunks
