"""The embedded store: one Qdrant Edge shard in a data directory.

The engine holds the interpreter lock while it works, so a shard lives in a process of its own. Its
write-ahead log stays on: it is what survives a kill, and the lock that keeps a second process out.
Vectors are searched exactly; a graph is only worth its building time far above what one person holds.
"""

from __future__ import annotations

import json
from array import array
from contextlib import contextmanager, nullcontext, suppress
from functools import partial
from itertools import count
from threading import Lock
from typing import TYPE_CHECKING, Self, cast
from uuid import UUID

import qdrant_edge as qdrant

from ingest.errors import IndexUnavailable, StoreLocked, UnsupportedStore
from ingest.store.compacting import (
    deleted_in,
    free_bytes,
    fresh_path,
    is_worth_it,
    needed_bytes,
    note_deleted,
    settle,
    swap,
)
from ingest.store.contract import PointPage
from ingest.store.counting import Counted
from ingest.store.identity import ids_of, point_ids, scope_id
from ingest.store.payload import DENSE, DOCUMENT, HIT_FIELDS, SCOPE, SPARSE, hit_of, payloads
from ingest.store.places import Places
from ingest.store.points import Points
from ingest.store.ranking import best
from ingest.store.reading import Read, columns
from ingest.store.vectors import batches, check_sparse, directions, stored

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Mapping, Sequence
    from contextlib import AbstractContextManager
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from ingest.model import Hit, Scope
    from ingest.store.contract import Point, SparseVector

EXACT_POINTS = 100_000
"""Up to this many points a segment is searched exactly, even after an optimization."""
BATCH_BYTES = 4_000_000
"""Of the write-ahead log at once; its files hold 32 MB."""
_AT_ONCE = 100
"""Points that are copied, or read of a sample, at a time: searches wait for some 10 ms."""
_FLUSHED = 40
"""Steps of a copy after which it is flushed, so that the last flush is not one of everything."""

_INDEXES = {SCOPE: qdrant.PayloadSchemaType.Keyword, DOCUMENT: qdrant.PayloadSchemaType.Integer}


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
        self._fresh: qdrant.EdgeShard | None = None
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
        store = cls(_load(path, dimensions), path, dimensions=dimensions, free=free)
        store._index_payloads()
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
                _point, ids[batch], dense[batch], part.sparse_lists(), payloads(scope, part, named=False)
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
        corpus = qdrant.SearchParams(idf=qdrant.IdfParams(corpus=_inside(scope)))
        query = qdrant.Query.Nearest(_sparse(vector), using=SPARSE)
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
            found = shard.retrieve([*ids], with_payload=False, with_vector=[SPARSE])
        return [_stored(record) for record in found]

    def stored(self, scope: Scope, document: int) -> list[tuple[Hit, SparseVector]]:
        """What is stored of a document, in no order; some points at a time, for others wait meanwhile."""
        found: list[tuple[Hit, SparseVector]] = []
        offset: qdrant.PointId | None = None
        while True:
            request = qdrant.ScrollRequest(
                offset=offset,
                limit=_AT_ONCE,
                filter=_inside(scope, [document]),
                with_payload=list(HIT_FIELDS),
                with_vector=[SPARSE],
            )
            with self._engine() as shard:
                records, offset = shard.scroll(request)
            found += [(hit_of(record.payload, 0.0), _stored(record)) for record in records]
            if offset is None:
                return found

    def read_points(self, scope: Scope, documents: Sequence[int], after: str | None = None) -> PointPage:
        """Some of the points of these documents: others wait meanwhile."""
        request = qdrant.ScrollRequest(
            offset=None if after is None else UUID(after),
            limit=_AT_ONCE,
            filter=_inside(scope, documents),
            with_payload=list(HIT_FIELDS),
            with_vector=[DENSE, SPARSE],
        )
        with self._engine() as shard:
            records, following = shard.scroll(request)
        read = [Read(record.payload, _direction(record), _stored(record)) for record in records]
        return PointPage(columns(read, self._dimensions), None if following is None else str(following))

    def sample(self, scope: Scope, limit: int) -> list[tuple[int, SparseVector]]:
        """The points of the lowest ids: those are hashes, so nothing else about them is alike."""
        found: list[tuple[int, SparseVector]] = []
        offset: qdrant.PointId | None = None
        while len(found) < limit:
            request = qdrant.ScrollRequest(
                offset=offset,
                limit=min(_AT_ONCE, limit - len(found)),
                filter=_inside(scope),
                with_payload=[DOCUMENT],
                with_vector=[SPARSE],
            )
            with self._engine() as shard:
                records, offset = shard.scroll(request)
            found += [((record.payload or {})[DOCUMENT], _stored(record)) for record in records]
            if offset is None:
                break
        return found

    def counts(self, scope: Scope) -> Mapping[int, int]:
        """Points held per document number."""
        with self._engine() as shard:
            return self._counted.of(scope, partial(_count, shard, scope))

    def delete_documents(self, scope: Scope, documents: Sequence[int]) -> None:
        """Forget these documents."""
        if documents:
            with self._engine() as shard:
                self._counted.written(scope, documents)
                self._delete(shard, _inside(scope, documents))

    def delete_scope(self, scope: Scope) -> None:
        """Forget the whole scope."""
        with self._engine() as shard:
            self._counted.forget(scope)
            self._delete(shard, _inside(scope))

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
            self._fresh = fresh = self._begun()
            before = self._deleted
        try:
            offset: qdrant.PointId | None = None
            for step in count(1):
                with turn(), self._engine() as shard:
                    self._require(fresh)
                    offset = _copied(shard, fresh, offset)
                    if step % _FLUSHED == 0:
                        fresh.flush()
                if offset is None:
                    break
            with turn(), self._engine() as shard:
                self._require(fresh)
                self._swap(shard, fresh)
                self._deleted -= before
        finally:
            with self._swapping:
                self._abandon()

    def _begun(self) -> qdrant.EdgeShard:
        """An empty shard, beside the one that serves."""
        settle(self._path)
        fresh_path(self._path).mkdir()
        fresh = _load(fresh_path(self._path), self._dimensions)
        for field, schema in _INDEXES.items():
            fresh.update(qdrant.UpdateOperation.create_field_index(field, schema))
        return fresh

    def _require(self, fresh: qdrant.EdgeShard) -> None:
        if self._fresh is not fresh:
            raise IndexUnavailable("the index was closed, or could not be written, while it was written anew")

    def _swap(self, old: qdrant.EdgeShard, fresh: qdrant.EdgeShard) -> None:
        self._fresh = None
        fresh.flush()
        fresh.close()
        old.flush()
        old.close()
        swap(self._path)
        self._noted = 0  # the note went with the old files
        self._shard = _load(self._path, self._dimensions)

    def _abandon(self) -> None:
        """Leave the old files in their place; does nothing once the fresh ones have taken it."""
        fresh, self._fresh = self._fresh, None
        if fresh is not None:
            with suppress(Exception):  # the engine raises bare ones; this shard is thrown away
                fresh.close()
            settle(self._path)

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
        with self._swapping, _failing():
            yield self._shard

    def _index_payloads(self) -> None:
        with self._engine() as shard:
            known = shard.info().payload_schema
            for field, schema in _INDEXES.items():
                if field not in known:
                    self._update(shard, qdrant.UpdateOperation.create_field_index(field, schema))

    def _update(self, shard: qdrant.EdgeShard, operation: qdrant.UpdateOperation) -> None:
        """Write; what is kept of the points that it concerns has been forgotten."""
        shard.update(operation)
        if self._fresh is not None:
            self._update_fresh(self._fresh, operation)

    def _update_fresh(self, fresh: qdrant.EdgeShard, operation: qdrant.UpdateOperation) -> None:
        """What fails here ends the compaction, and not the write: that is in the files that serve."""
        try:
            fresh.update(operation)
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
        within = _inside(scope, documents)

        def fetch(count: int) -> list[Hit]:
            request = qdrant.QueryRequest(count, query=query, filter=within, params=params)
            with self._engine() as shard:
                found = shard.query(request)
                places = self._places.of([_own(point.id) for point in found], partial(_read, shard))
            return [place.scored(point.score) for place, point in zip(places, found, strict=True)]

        return best(fetch, limit)


def dimensions_of(path: Path) -> int | None:
    """The length of the vectors in a shard's folder; None where there is no shard, or none to be read."""
    try:
        configuration = json.loads((path / "edge_config.json").read_text(encoding="utf-8"))
        return int(configuration["vectors"][DENSE]["size"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _load(path: Path, dimensions: int) -> qdrant.EdgeShard:
    try:
        return qdrant.EdgeShard.load(str(path), _configuration(dimensions))
    except Exception as error:
        if "WouldBlock" in str(error):
            raise StoreLocked(f"another process holds the index in {path}") from error
        raise UnsupportedStore(f"the index in {path} cannot be opened: {error}") from error


def _configuration(dimensions: int) -> qdrant.EdgeConfig:
    half = qdrant.VectorStorageDatatype.Float16  # a third less disk, cosines within 0.0001
    return qdrant.EdgeConfig(
        vectors={DENSE: qdrant.EdgeVectorParams(dimensions, qdrant.Distance.Cosine, datatype=half)},
        sparse_vectors={SPARSE: qdrant.EdgeSparseVectorParams(modifier=qdrant.Modifier.Idf)},
        optimizers=qdrant.EdgeOptimizersConfig(indexing_threshold=EXACT_POINTS * dimensions * 2 // 1024),
    )


@contextmanager
def _failing() -> Generator[None]:
    """The engine raises bare exceptions: name them."""
    try:
        yield
    except Exception as error:
        raise IndexUnavailable(f"the embedded index failed: {error}") from error


def _inside(scope: Scope, documents: Sequence[int] | None = None) -> qdrant.Filter:
    must = [qdrant.FieldCondition(SCOPE, qdrant.MatchValue(str(scope_id(scope))))]
    if documents is not None:
        must.append(qdrant.FieldCondition(DOCUMENT, qdrant.MatchAny(list(documents))))
    return qdrant.Filter(must=[*must])


def _point(
    identity: UUID,
    direction: array[float] | None,
    terms: tuple[list[int], list[float]],
    payload: dict[str, str | int],
) -> qdrant.Point:
    vectors: dict[str, list[float] | qdrant.SparseVector | list[list[float]]] = {}
    if direction is not None:
        vectors[DENSE] = cast("list[float]", direction)  # any sequence will do; a list takes twice the time
    if terms[0]:
        vectors[SPARSE] = qdrant.SparseVector(*terms)
    return qdrant.Point(identity, vectors, payload)


def _copied(
    shard: qdrant.EdgeShard, fresh: qdrant.EdgeShard, offset: qdrant.PointId | None
) -> qdrant.PointId | None:
    """Copy some points from this one on, in the order of their ids; returns where to go on."""
    request = qdrant.ScrollRequest(offset=offset, limit=_AT_ONCE, with_payload=True, with_vector=True)
    records, offset = shard.scroll(request)
    if records:
        points = [qdrant.Point(record.id, record.vector or {}, record.payload) for record in records]
        fresh.update(qdrant.UpdateOperation.upsert_points(points))
    return offset


def _own(identity: qdrant.PointId) -> UUID:
    """An id as `ingest.store.identity` makes them all."""
    return cast("UUID", identity)


def _count(shard: qdrant.EdgeShard, scope: Scope, documents: Sequence[int] | None) -> dict[int, int]:
    """Points of each of these documents that has any, or of all documents."""
    every = 2**62
    facet = shard.facet(qdrant.FacetRequest(DOCUMENT, every, exact=True, filter=_inside(scope, documents)))
    return {int(hit.value): hit.count for hit in facet.hits}


def _read(shard: qdrant.EdgeShard, ids: Sequence[UUID]) -> dict[int, Hit]:
    """The places of these points, without a score, by the numbers of their ids."""
    records = shard.retrieve([*ids], with_payload=list(HIT_FIELDS), with_vector=False)
    return {_own(record.id).int: hit_of(record.payload, 0.0) for record in records}


def _direction(record: qdrant.Record) -> list[float] | None:
    """The dense vector of a point; one of a text that points nowhere has none."""
    vector = record.vector.get(DENSE) if isinstance(record.vector, dict) else None
    return cast("list[float]", vector) if isinstance(vector, list) else None


def _sparse(vector: SparseVector) -> qdrant.SparseVector:
    return qdrant.SparseVector(vector.indices.tolist(), vector.values.tolist())


def _stored(record: qdrant.Record) -> SparseVector:
    """The terms of a point; one of a text without words has none."""
    vector = record.vector.get(SPARSE) if isinstance(record.vector, dict) else None
    known = isinstance(vector, qdrant.SparseVector)
    return stored(vector.indices, vector.values) if known else stored([], [])
