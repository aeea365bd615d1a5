"""A shard of Qdrant Edge: how it is opened, and points, filters and vectors in its own types."""

from __future__ import annotations

import json
from contextlib import contextmanager
from time import monotonic, sleep
from typing import TYPE_CHECKING, Any, cast

import qdrant_edge as qdrant

from ingest.errors import IndexUnavailable, StoreLocked, UnsupportedStore
from ingest.store.identity import scope_id
from ingest.store.payload import DENSE, DOCUMENT, HIT_FIELDS, OPENINGS, SCOPE, SPARSE, hit_of
from ingest.store.vectors import stored

if TYPE_CHECKING:
    from array import array
    from collections.abc import Generator, Sequence
    from pathlib import Path
    from uuid import UUID

    from ingest.model import Hit, Scope
    from ingest.store.contract import SparseVector

EXACT_POINTS = 100_000
"""Up to this many points a segment is searched exactly, even after an optimization."""

_LETTING_GO_SECONDS = 2.0
"""A killed process may hold the engine's log a little longer than its place: its files are closed in turn."""

_INDEXES = {SCOPE: qdrant.PayloadSchemaType.Keyword, DOCUMENT: qdrant.PayloadSchemaType.Integer}


def dimensions_of(path: Path) -> int | None:
    """The length of the vectors in a shard's folder; None where there is no shard, or none to be read."""
    try:
        return int(_described(path)["vectors"][DENSE]["size"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def has_openings(path: Path) -> bool:
    """Whether openings have a vector of their own: so they have in every new shard."""
    try:
        return OPENINGS in _described(path)["sparse_vectors"]
    except (OSError, ValueError, KeyError, TypeError):
        return True


def _described(path: Path) -> Any:  # noqa: ANN401 — JSON
    return json.loads((path / "edge_config.json").read_text(encoding="utf-8"))


def load(path: Path, dimensions: int) -> qdrant.EdgeShard:
    """Open the shard in a folder, or make one.

    Raises:
        StoreLocked: another process holds it, and does not end.
        UnsupportedStore: it was made for other vectors, or cannot be read.
    """
    deadline = monotonic() + _LETTING_GO_SECONDS
    while True:
        try:
            words = (SPARSE, OPENINGS) if has_openings(path) else (SPARSE,)
            return qdrant.EdgeShard.load(str(path), _configuration(dimensions, words))
        except Exception as error:
            if "WouldBlock" not in str(error):
                raise UnsupportedStore(f"the index in {path} cannot be opened: {error}") from error
            if monotonic() > deadline:
                raise StoreLocked(f"another process holds the index in {path}") from error
        sleep(0.02)


def _configuration(dimensions: int, words: Sequence[str]) -> qdrant.EdgeConfig:
    half = qdrant.VectorStorageDatatype.Float16  # a third less disk, cosines within 0.0001
    return qdrant.EdgeConfig(
        vectors={DENSE: qdrant.EdgeVectorParams(dimensions, qdrant.Distance.Cosine, datatype=half)},
        sparse_vectors=dict.fromkeys(words, qdrant.EdgeSparseVectorParams(modifier=qdrant.Modifier.Idf)),
        optimizers=qdrant.EdgeOptimizersConfig(indexing_threshold=EXACT_POINTS * dimensions * 2 // 1024),
    )


def make_indexes(shard: qdrant.EdgeShard) -> None:
    """Index what points are filtered by; what is indexed stays."""
    known = shard.info().payload_schema
    for field, schema in _INDEXES.items():
        if field not in known:
            shard.update(qdrant.UpdateOperation.create_field_index(field, schema))


@contextmanager
def failing() -> Generator[None]:
    """The engine raises bare exceptions: name them."""
    try:
        yield
    except Exception as error:
        raise IndexUnavailable(f"the embedded index failed: {error}") from error


def inside(scope: Scope, documents: Sequence[int] | None = None) -> qdrant.Filter:
    """The points of a scope, or of some of its documents."""
    must = [qdrant.FieldCondition(SCOPE, qdrant.MatchValue(str(scope_id(scope))))]
    if documents is not None:
        must.append(qdrant.FieldCondition(DOCUMENT, qdrant.MatchAny(list(documents))))
    return qdrant.Filter(must=[*must])


def point_of(
    identity: UUID,
    direction: array[float] | None,
    terms: tuple[list[int], list[float]],
    payload: dict[str, str | int],
    *,
    words: str,
) -> qdrant.Point:
    """A point; a text that points nowhere, or has no words, lacks that vector."""
    vectors: dict[str, list[float] | qdrant.SparseVector | list[list[float]]] = {}
    if direction is not None:
        vectors[DENSE] = cast("list[float]", direction)  # any sequence will do; a list takes twice the time
    if terms[0]:
        vectors[words] = qdrant.SparseVector(*terms)
    return qdrant.Point(identity, vectors, payload)


def own(identity: qdrant.PointId) -> UUID:
    """An id as `ingest.store.identity` makes them all."""
    return cast("UUID", identity)


def count_points(shard: qdrant.EdgeShard, scope: Scope, documents: Sequence[int] | None) -> dict[int, int]:
    """Points of each of these documents that has any, or of all documents."""
    every = 2**62
    facet = shard.facet(qdrant.FacetRequest(DOCUMENT, every, exact=True, filter=inside(scope, documents)))
    return {int(hit.value): hit.count for hit in facet.hits}


def read_places(shard: qdrant.EdgeShard, ids: Sequence[UUID]) -> dict[int, Hit]:
    """The places of these points, without a score, by the numbers of their ids."""
    records = shard.retrieve([*ids], with_payload=list(HIT_FIELDS), with_vector=False)
    return {own(record.id).int: hit_of(record.payload, 0.0) for record in records}


def direction_of(record: qdrant.Record) -> list[float] | None:
    """The dense vector of a point; one of a text that points nowhere has none."""
    vector = record.vector.get(DENSE) if isinstance(record.vector, dict) else None
    return cast("list[float]", vector) if isinstance(vector, list) else None


def sparse_of(vector: SparseVector) -> qdrant.SparseVector:
    """Terms to be searched for."""
    return qdrant.SparseVector(vector.indices.tolist(), vector.values.tolist())


def terms_of(record: qdrant.Record) -> SparseVector:
    """The terms of a point; one of a text without words has none."""
    for vector in record.vector.values() if isinstance(record.vector, dict) else ():
        if isinstance(vector, qdrant.SparseVector):
            return stored(vector.indices, vector.values)
    return stored([], [])
