"""Shards from before openings had a vector of their own: it is added, and their words move there."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import qdrant_edge as qdrant

from ingest.store.edge_shard import has_openings
from ingest.store.identity import openings_among
from ingest.store.payload import OPENINGS, SCOPE, SPARSE

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

_AT_ONCE = 100
_MOST_SCOPES = 2**62


def move_openings(shard: qdrant.EdgeShard, path: Path) -> None:
    """Do what is left to be done, if anything: killed anywhere, the next opening of the shard goes on."""
    mark = path / "openings.moving"
    if not has_openings(path):
        _make(mark)
        shard.update(qdrant.UpdateOperation.create_sparse_vector(OPENINGS, modifier=qdrant.Modifier.Idf))
    elif not mark.exists():
        return
    scopes = {
        str(hit.value) for hit in shard.facet(qdrant.FacetRequest(SCOPE, _MOST_SCOPES, exact=True)).hits
    }
    for scope in sorted(openings_among(scopes)):
        _move(shard, qdrant.Filter(must=[qdrant.FieldCondition(SCOPE, qdrant.MatchValue(scope))]))
    shard.flush()
    mark.unlink()


def _make(mark: Path) -> None:
    """On the disk before anything else is: without it nobody would know that something is left to do."""
    with mark.open("wb") as file:
        os.fsync(file.fileno())


def _move(shard: qdrant.EdgeShard, within: qdrant.Filter) -> None:
    offset: qdrant.PointId | None = None
    while True:
        request = qdrant.ScrollRequest(
            offset=offset, limit=_AT_ONCE, filter=within, with_payload=True, with_vector=True
        )
        records, offset = shard.scroll(request)
        if moved := [*_moved(records)]:
            shard.update(qdrant.UpdateOperation.upsert_points(moved))
        if offset is None:
            return


def _moved(records: Iterable[qdrant.Record]) -> Iterable[qdrant.Point]:
    for record in records:
        vectors = record.vector if isinstance(record.vector, dict) else {}
        if SPARSE in vectors:
            renamed = {OPENINGS if name == SPARSE else name: vector for name, vector in vectors.items()}
            yield qdrant.Point(record.id, renamed, record.payload)
