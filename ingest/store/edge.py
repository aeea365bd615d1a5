"""The embedded store: one Qdrant Edge shard in a data directory.

The engine holds the interpreter lock while it works, so a shard lives in a process of its own. Its
write-ahead log stays on: it is what survives a kill, and the lock that keeps a second process out.
Vectors are searched exactly; a graph is only worth its building time far above what one person holds.
"""

from __future__ import annotations

from array import array
from contextlib import contextmanager, nullcontext
from functools import partial
from threading import Lock
from typing import TYPE_CHECKING, Self
from uuid import UUID

import qdrant_edge as qdrant

from ingest.errors import IndexUnavailable
from ingest.store.compacting import deleted_in, free_bytes, is_worth_it, needed_bytes, note_deleted, settle
from ingest.store.contract import PointPage
from ingest.store.counting import Counted
from ingest.store.edge_copy import Copy
from ingest.store.edge_openings import move_openings
from ingest.store.edge_shard import (
    count_points,
    direction_of,
    failing,
    inside,
    load,
    make_indexes,
    own,
    point_of,
    read_places,
    sparse_of,
    terms_of,
)
from ingest.store.identity import ids_of, point_ids
from ingest.store.payload import DENSE, HIT_FIELDS, hit_of, payloads, words_of
from ingest.store.places import Places
from ingest.store.points import Points
from ingest.store.ranking import best
from ingest.store.reading import Read, columns
from ingest.store.vectors import batches, check_sparse, directions

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Mapping, Sequence
    from contextlib import AbstractContextManager
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from ingest.model import Hit, Scope
    from ingest.store.contract import Point, SparseVector

BATCH_BYTES = 4_000_000
"""Of the write-ahead log at once; its files hold 32 MB."""
_AT_ONCE = 100
"""Points that are copied, or read of a sample, at a time: searches wait for some 10 ms."""


class EdgeStore:
    """A `Store` in this process."""

    def __init__(
        self, shard: qdrant.EdgeShard, path: Path, *, dimensions: int, free: Callable[[Path], int]
    ) -> None:
        self._shard = shard
        self._path = path
        self._dimensions = dimensions
        self._free = free
        self._open = True
        self._swapping = Lock()
        self._copy: Copy | None = None
        self._places = Places()
        self._counted = Counted()
        self._deleted = self._noted = deleted_in(path)

    @classmethod
    def open(cls, path: Path, *, dimensions: int, free: Callable[[Path], int] = free_bytes) -> Self:
        """Open the shard in the folder ``path``, or make one; ``free`` tells the bytes left on its disk.

        Raises:
            StoreLocked: another process holds it.
            UnsupportedStore: it was made for other vectors, or cannot be read.
        """
        settle(path)
        path.mkdir(parents=True, exist_ok=True)
        store = cls(load(path, dimensions), path, dimensions=dimensions, free=free)
        with store._engine() as shard:
            make_indexes(shard)
            move_openings(shard, path)
        return store

    def upsert(self, scope: Scope, points: Sequence[Point]) -> None:
        """Write points in few operations, each kept whole or not at all."""
        columns = Points.of(points)
        units, directed = directions(columns.dense, self._dimensions)
        check_sparse(columns.indices, columns.values, columns.borders)
        dense = [
            array("f", unit.tobytes()) if some else None for unit, some in zip(units, directed, strict=True)
        ]
        ids = point_ids(scope, columns)
        for batch in batches(columns, limit_bytes=BATCH_BYTES, number_bytes=4, point_bytes=512):
            part = columns[batch]
            made = map(
                partial(point_of, words=words_of(scope)),
                ids[batch],
                dense[batch],
                part.sparse_lists(),
                payloads(scope, part, named=False),
            )
            with self._engine() as shard:
                self._places.forget(ids[batch])
                self._counted.written(scope, part.places[:, 0].tolist())
                self._update(shard, qdrant.UpdateOperation.upsert_points(list(made)))

    def search_sparse(
        self, scope: Scope, vector: SparseVector, *, documents: Sequence[int] | None, limit: int
    ) -> list[Hit]:
        """Rank by BM25; no terms, no hits."""
        check_sparse(vector.indices, vector.values)
        if len(vector.indices) == 0:
            return []
        corpus = qdrant.SearchParams(idf=qdrant.IdfParams(corpus=inside(scope)))
        query = qdrant.Query.Nearest(sparse_of(vector), using=words_of(scope))
        return self._search(query, scope, documents, limit, params=corpus)

    def search_dense(
        self, scope: Scope, vector: NDArray[np.float32], *, documents: Sequence[int] | None, limit: int
    ) -> list[Hit]:
        """Rank by cosine; a zero vector is near nothing."""
        units, directed = directions(vector[None], self._dimensions)
        if not directed[0]:
            return []
        query = qdrant.Query.Nearest(units[0].tolist(), using=DENSE)
        return self._search(query, scope, documents, limit)

    def sparse_vectors(self, scope: Scope, places: Sequence[tuple[int, int]]) -> list[SparseVector]:
        """What is stored at these places, in no order."""
        ids = list(dict.fromkeys(ids_of(scope, places)))
        with self._engine() as shard:
            found = shard.retrieve([*ids], with_payload=False, with_vector=[words_of(scope)])
        return [terms_of(record) for record in found]

    def stored(self, scope: Scope, document: int) -> list[tuple[Hit, SparseVector]]:
        """What is stored of a document, in no order; some points at a time, for others wait meanwhile."""
        found: list[tuple[Hit, SparseVector]] = []
        offset: qdrant.PointId | None = None
        while True:
            request = qdrant.ScrollRequest(
                offset=offset,
                limit=_AT_ONCE,
                filter=inside(scope, [document]),
                with_payload=list(HIT_FIELDS),
                with_vector=[words_of(scope)],
            )
            with self._engine() as shard:
                records, offset = shard.scroll(request)
            found += [(hit_of(record.payload, 0.0), terms_of(record)) for record in records]
            if offset is None:
                return found

    def read_points(self, scope: Scope, documents: Sequence[int], after: str | None = None) -> PointPage:
        """Some of the points of these documents: others wait meanwhile."""
        request = qdrant.ScrollRequest(
            offset=None if after is None else UUID(after),
            limit=_AT_ONCE,
            filter=inside(scope, documents),
            with_payload=list(HIT_FIELDS),
            with_vector=[DENSE, words_of(scope)],
        )
        with self._engine() as shard:
            records, following = shard.scroll(request)
        read = [Read(record.payload, direction_of(record), terms_of(record)) for record in records]
        return PointPage(columns(read, self._dimensions), None if following is None else str(following))

    def sample(self, scope: Scope, limit: int) -> list[tuple[Hit, SparseVector]]:
        """The points of the lowest ids: those are hashes, so nothing else about them is alike."""
        found: list[tuple[Hit, SparseVector]] = []
        offset: qdrant.PointId | None = None
        while len(found) < limit:
            request = qdrant.ScrollRequest(
                offset=offset,
                limit=min(_AT_ONCE, limit - len(found)),
                filter=inside(scope),
                with_payload=list(HIT_FIELDS),
                with_vector=[words_of(scope)],
            )
            with self._engine() as shard:
                records, offset = shard.scroll(request)
            found += [(hit_of(record.payload, 0.0), terms_of(record)) for record in records]
            if offset is None:
                break
        return found

    def counts(self, scope: Scope) -> Mapping[int, int]:
        """Points held per document number."""
        with self._engine() as shard:
            return self._counted.of(scope, partial(count_points, shard, scope))

    def delete_documents(self, scope: Scope, documents: Sequence[int]) -> None:
        """Forget these documents."""
        if documents:
            with self._engine() as shard:
                self._counted.written(scope, documents)
                self._delete(shard, inside(scope, documents))

    def delete_scope(self, scope: Scope) -> None:
        """Forget the whole scope."""
        with self._engine() as shard:
            self._counted.forget(scope)
            self._delete(shard, inside(scope))

    def _delete(self, shard: qdrant.EdgeShard, chosen: qdrant.Filter) -> None:
        self._places.forget_all()
        before = shard.info().points_count
        self._update(shard, qdrant.UpdateOperation.delete_points_by_filter(chosen))
        self._deleted += before - shard.info().points_count

    def flush(self) -> None:
        """Return once everything written so far is on the disk."""
        with self._engine() as shard:
            self._flush(shard)

    def _flush(self, shard: qdrant.EdgeShard) -> None:
        shard.flush()
        if self._deleted != self._noted:
            note_deleted(self._path, self._deleted)
            self._noted = self._deleted

    def deleted(self) -> int:
        """Points that were deleted and still stand in the files; a kill loses count of the last ones."""
        return self._deleted

    def compact(
        self, turn: Callable[[], AbstractContextManager[object]] = nullcontext, *, only_worth: bool = False
    ) -> None:
        """Write all points into fresh files: in those that are there deleted ones are only marked.

        It takes many short steps, each within a ``turn()`` of its own, in which the caller lets nobody write.
        What is written between two of them goes into the old files and into the fresh ones.

        Raises:
            IndexUnavailable: they could not be written; the old ones stay.
        """
        with turn(), self._engine() as shard:
            if not self._open:
                raise IndexUnavailable("the index is closed")
            if only_worth and not is_worth_it(self._deleted, shard.info().points_count):
                return
            if self._free(self._path) < needed_bytes(self._path):
                raise IndexUnavailable("the disk has no room for the index twice")
            self._copy = copy = Copy(self._path, self._dimensions)
            before = self._deleted
        try:
            offset: qdrant.PointId | None = None
            while True:
                with turn(), self._engine() as shard:
                    self._require(copy)
                    offset = copy.take(shard, offset, points=_AT_ONCE)
                if offset is None:
                    break
            with turn(), self._engine() as shard:
                self._require(copy)
                self._copy = None
                self._shard = copy.replace(shard)
                self._noted = 0  # the note went with the old files
                self._deleted -= before
        finally:
            with self._swapping:
                self._abandon()

    def _require(self, copy: Copy) -> None:
        if self._copy is not copy:
            raise IndexUnavailable("the index was closed, or could not be written, while it was written anew")

    def _abandon(self) -> None:
        """Leave the old files in their place; does nothing once the fresh ones have taken it."""
        copy, self._copy = self._copy, None
        if copy is not None:
            copy.abandon()

    def close(self) -> None:
        """Flush, and let another process open the folder."""
        if self._open:
            self._open = False
            with self._engine() as shard:
                self._abandon()
                self._flush(shard)
                shard.close()

    @contextmanager
    def _engine(self) -> Generator[qdrant.EdgeShard]:
        """The shard, for a call or two: each holds the interpreter lock, so hardly any waits for another."""
        with self._swapping, failing():
            yield self._shard

    def _update(self, shard: qdrant.EdgeShard, operation: qdrant.UpdateOperation) -> None:
        """Write; what is kept of the points that it concerns has been forgotten."""
        shard.update(operation)
        if self._copy is not None:
            self._update_copy(self._copy, operation)

    def _update_copy(self, copy: Copy, operation: qdrant.UpdateOperation) -> None:
        """What fails here ends the compaction, and not the write: that is in the files that serve."""
        try:
            copy.update(operation)
        except Exception:  # noqa: BLE001 — the engine raises bare exceptions
            self._abandon()

    def _search(
        self,
        query: qdrant.Query,
        scope: Scope,
        documents: Sequence[int] | None,
        limit: int,
        *,
        params: qdrant.SearchParams | None = None,
    ) -> list[Hit]:
        if documents is not None and not documents:
            return []
        within = inside(scope, documents)

        def fetch(count: int) -> list[Hit]:
            request = qdrant.QueryRequest(count, query=query, filter=within, params=params)
            with self._engine() as shard:
                found = shard.query(request)
                places = self._places.of([own(point.id) for point in found], partial(read_places, shard))
            return [place.scored(point.score) for place, point in zip(places, found, strict=True)]

        return best(fetch, limit)
