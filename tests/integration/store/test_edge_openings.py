"""A shard in which the words of openings stood among those of chunks finds the same once they have moved."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, cast

import pytest
import qdrant_edge as qdrant

from ingest.model import Scope
from ingest.store.edge import EdgeStore
from ingest.store.edge_shard import make_indexes
from ingest.store.payload import DENSE, OPENINGS, SCOPE, SPARSE
from tests.integration.store.test_edge import chunk

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from ingest.model import Hit

    NamedVector = list[float] | qdrant.SparseVector | list[list[float]]

SCOPES = (Scope("default", "contracts"), Scope("default", "contracts", 2), Scope("other", "deeds"))
DOCUMENTS = 130
"""More than are moved at a time."""


def fill(store: EdgeStore) -> None:
    for scope in SCOPES:
        for document in range(1, DOCUMENTS + 1):
            store.upsert(scope, [chunk(document, ordinal) for ordinal in range(2)])
            store.upsert(scope.openings, [chunk(document, document % 7)])
    store.flush()


def found(store: EdgeStore) -> list[list[Hit]]:
    asked = chunk(5, 5).sparse
    parts = [part for scope in SCOPES for part in (scope, scope.openings)]
    return [store.search_sparse(part, asked, documents=None, limit=DOCUMENTS) for part in parts] + [
        store.search_dense(part, chunk(5, 5).dense, documents=None, limit=DOCUMENTS) for part in parts
    ]


def all_points(shard: qdrant.EdgeShard) -> list[qdrant.Record]:
    everything = qdrant.ScrollRequest(limit=10_000, with_payload=True, with_vector=True)
    return shard.scroll(everything)[0]


def vectors_of(record: qdrant.Record) -> dict[str, NamedVector]:
    return cast("dict[str, NamedVector]", record.vector)


def renamed(records: Iterable[qdrant.Record], names: Mapping[str, str]) -> list[qdrant.Point]:
    return [
        qdrant.Point(
            record.id,
            {names.get(name, name): vector for name, vector in vectors_of(record).items()},
            record.payload,
        )
        for record in records
    ]


def make_old(path: Path, new: Path) -> None:
    """What ``new`` holds as it lay before."""
    path.mkdir()
    dense = qdrant.EdgeVectorParams(8, qdrant.Distance.Cosine, datatype=qdrant.VectorStorageDatatype.Float16)
    words = qdrant.EdgeSparseVectorParams(modifier=qdrant.Modifier.Idf)
    old = qdrant.EdgeShard.load(
        str(path), qdrant.EdgeConfig(vectors={DENSE: dense}, sparse_vectors={SPARSE: words})
    )
    make_indexes(old)
    copied = qdrant.EdgeShard.load(str(new))
    old.update(qdrant.UpdateOperation.upsert_points(renamed(all_points(copied), {OPENINGS: SPARSE})))
    for shard in (copied, old):
        shard.flush()
        shard.close()


@pytest.mark.parametrize("moved", [None, 0, 150])
def test_what_was_found_before_is_found_after(tmp_path: Path, moved: int | None) -> None:
    """Also where a kill has left the vector without points, or with some of them."""
    with closing(EdgeStore.open(tmp_path / "new", dimensions=8)) as store:
        fill(store)
        expected = found(store)
    assert all(expected)
    make_old(tmp_path / "old", tmp_path / "new")
    if moved is not None:
        break_off(tmp_path / "old", tmp_path / "new", moved)

    with closing(EdgeStore.open(tmp_path / "old", dimensions=8)) as store:
        assert found(store) == expected
        store.upsert(SCOPES[0].openings, [chunk(DOCUMENTS + 1, 5)])
        assert len(found(store)[1]) == len(expected[1]) + 1

    shard = qdrant.EdgeShard.load(str(tmp_path / "old"))
    names = {str((record.payload or {})[SCOPE]): {*vectors_of(record)} for record in all_points(shard)}
    shard.close()
    assert sorted(sorted(held) for held in names.values()) == [[SPARSE, DENSE]] * 3 + [[DENSE, OPENINGS]] * 3
    assert not (tmp_path / "old/openings.moving").exists()


def break_off(old: Path, new: Path, moved: int) -> None:
    """As a kill leaves it once so many points have moved."""
    (old / "openings.moving").touch()
    shard, whole = qdrant.EdgeShard.load(str(old)), qdrant.EdgeShard.load(str(new))
    shard.update(qdrant.UpdateOperation.create_sparse_vector(OPENINGS, modifier=qdrant.Modifier.Idf))
    openings = [record for record in all_points(whole) if OPENINGS in vectors_of(record)]
    if moved:
        shard.update(qdrant.UpdateOperation.upsert_points(renamed(openings[:moved], {})))
    for each in (shard, whole):
        each.flush()
        each.close()
