"""Vectors of two lengths in one data folder, as while a re-index builds for another embedder."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from ingest.model import Scope
from ingest.store.contract import Point, SparseVector
from service.edge_index import open_shards

if TYPE_CHECKING:
    from pathlib import Path

    from ingest.store.lengths import StoreOfLengths

OLD = Scope("default", "docs", 1)
NEW = replace(OLD, generation=2)
TERM = SparseVector(np.array([7], dtype=np.uint32), np.array([1.0], dtype=np.float32))


def point(document: int, length: int) -> Point:
    direction = np.eye(1, length, dtype=np.float32)[0]
    return Point(document, 0, 0, 10, 1, 1, TERM, direction)


def filled(store: StoreOfLengths) -> StoreOfLengths:
    store.upsert(OLD, [point(1, 4), point(2, 4)])
    store.upsert(NEW, [point(1, 6)])
    return store


def found(store: StoreOfLengths, scope: Scope, length: int) -> tuple[list[int], list[int]]:
    """The documents that terms and that a vector of this length find."""
    direction = np.eye(1, length, dtype=np.float32)[0]
    by_terms = store.search_sparse(scope, TERM, documents=None, limit=10)
    by_vector = store.search_dense(scope, direction, documents=None, limit=10)
    return [hit.document for hit in by_terms], [hit.document for hit in by_vector]


def test_each_scope_is_found_by_vectors_of_its_length(tmp_path: Path) -> None:
    with closing(filled(open_shards(tmp_path, 4))) as store:
        assert found(store, OLD, 4) == ([1, 2], [1, 2])
        assert found(store, NEW, 6) == ([1], [1])
        assert found(store, OLD, 6)[1] == found(store, NEW, 4)[1] == []
        assert (store.counts(OLD), store.counts(NEW)) == ({1: 1, 2: 1}, {1: 1})


def test_what_was_written_is_there_after_reopening_with_either_length(tmp_path: Path) -> None:
    filled(open_shards(tmp_path, 4)).close()

    for length in (4, 6):
        with closing(open_shards(tmp_path, length)) as store:
            assert found(store, OLD, 4) == ([1, 2], [1, 2])
            assert found(store, NEW, 6) == ([1], [1])


def test_deleting_reaches_both(tmp_path: Path) -> None:
    with closing(filled(open_shards(tmp_path, 4))) as store:
        store.delete_documents(OLD, [1])
        store.delete_scope(NEW)

        assert (store.counts(OLD), store.counts(NEW)) == ({2: 1}, {})


def test_nothing_written_makes_no_shard(tmp_path: Path) -> None:
    with closing(open_shards(tmp_path, 4)) as store:
        store.upsert(NEW, [])

    assert sorted(folder.name for folder in tmp_path.iterdir()) == ["index"]
