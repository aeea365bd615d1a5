"""Points, filters and vectors in the types of a Qdrant server's client."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from qdrant_client import models

from ingest.store.identity import scope_id
from ingest.store.payload import DENSE, DOCUMENT, SCOPE
from ingest.store.vectors import stored

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

    from ingest.model import Scope
    from ingest.store.contract import SparseVector


def inside(scope: Scope, documents: Sequence[int] | None = None) -> models.Filter:
    """The points of a scope, or of some of its documents."""
    must = [models.FieldCondition(key=SCOPE, match=models.MatchValue(value=str(scope_id(scope))))]
    if documents is not None:
        must.append(models.FieldCondition(key=DOCUMENT, match=models.MatchAny(any=list(documents))))
    return models.Filter(must=[*must])


def point_of(
    identity: UUID,
    direction: list[float] | None,
    terms: tuple[list[int], list[float]],
    payload: dict[str, str | int],
    *,
    words: str,
) -> models.PointStruct:
    """A point; a text that points nowhere, or has no words, lacks that vector."""
    vectors: dict[str, list[float] | models.SparseVector] = {}
    if direction is not None:
        vectors[DENSE] = direction
    if terms[0]:
        vectors[words] = models.SparseVector(indices=terms[0], values=terms[1])
    return models.PointStruct(id=str(identity), vector={**vectors}, payload=payload)


def direction_of(record: models.Record) -> list[float] | None:
    """The dense vector of a point; one of a text that points nowhere has none."""
    vector = record.vector.get(DENSE) if isinstance(record.vector, dict) else None
    return cast("list[float]", vector) if isinstance(vector, list) else None


def sparse_of(vector: SparseVector) -> models.SparseVector:
    """Terms to be searched for."""
    return models.SparseVector(indices=vector.indices.tolist(), values=vector.values.tolist())


def terms_of(record: models.Record) -> SparseVector:
    """The terms of a point; one of a text without words has none."""
    for vector in record.vector.values() if isinstance(record.vector, dict) else ():
        if isinstance(vector, models.SparseVector):
            return stored(vector.indices, vector.values)
    return stored([], [])
