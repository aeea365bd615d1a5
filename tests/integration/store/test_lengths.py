"""Vectors of two lengths in one data folder, as while a re-index builds for another embedder."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING, cast

import numpy as np

from ingest.model import Scope
from ingest.store.contract import Point, SparseVector
from ingest.store.lengths import StoreOfLengths
from service.edge_index import open_shards

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from ingest.model import Hit
    from ingest.store.contract import Store

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


class Growing:
    """A store in whose searches another length is written for the first time."""

    def __init__(self) -> None:
        self.lengths: StoreOfLengths | None = None
        self.made: list[int] = []

    def make(self, length: int) -> Store:
        self.made.append(length)
        return cast("Store", self)

    def upsert(self, scope: Scope, points: Sequence[Point]) -> None: ...

    def search_sparse(
        self, scope: Scope, vector: SparseVector, *, documents: Sequence[int] | None, limit: int
    ) -> list[Hit]:
        del vector, documents, limit
        assert self.lengths is not None
        self.lengths.upsert(scope, [point(1, 6)])
        return []


def test_a_search_goes_on_while_a_length_is_new() -> None:
    store = Growing()
    store.lengths = StoreOfLengths({4: store.make(4)}, store.make)
    assert store.lengths.search_sparse(OLD, TERM, documents=None, limit=1) == []
    assert store.lengths.search_sparse(OLD, TERM, documents=None, limit=1) == []
    assert store.made == [4, 6]
