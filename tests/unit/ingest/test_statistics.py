"""When what is known of a scope is drawn anew."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from ingest.model import Hit, Scope
from ingest.statistics import Statistics
from ingest.store.contract import SparseVector

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from ingest.store.contract import Point, PointPage

SCOPE, OTHER = Scope("default", "contracts"), Scope("default", "letters")


@dataclass
class CountedStore:
    """Says how many points its documents have, and counts how often it is asked for a sample."""

    held: dict[int, int] = field(default_factory=dict[int, int])
    drawn: int = 0

    def counts(self, scope: Scope) -> Mapping[int, int]:
        del scope
        return dict(self.held)

    def sample(self, scope: Scope, limit: int) -> list[tuple[Hit, SparseVector]]:
        del limit
        self.drawn += scope.part == "chunks"
        return [(Hit(1, 0, 0, 1, 1, 1, 0.0), SparseVector(np.array([3], np.uint32), np.ones(1, np.float32)))]

    def upsert(self, scope: Scope, points: Sequence[Point]) -> None:
        raise NotImplementedError

    def search_sparse(
        self, scope: Scope, vector: SparseVector, *, documents: Sequence[int] | None, limit: int
    ) -> list[Hit]:
        raise NotImplementedError

    def search_dense(
        self, scope: Scope, vector: NDArray[np.float32], *, documents: Sequence[int] | None, limit: int
    ) -> list[Hit]:
        raise NotImplementedError

    def sparse_vectors(self, scope: Scope, places: Sequence[tuple[int, int]]) -> list[SparseVector]:
        raise NotImplementedError

    def stored(self, scope: Scope, document: int) -> list[tuple[Hit, SparseVector]]:
        raise NotImplementedError

    def read_points(self, scope: Scope, documents: Sequence[int], after: str | None = None) -> PointPage:
        raise NotImplementedError

    def delete_documents(self, scope: Scope, documents: Sequence[int]) -> None:
        raise NotImplementedError

    def delete_scope(self, scope: Scope) -> None:
        raise NotImplementedError

    def flush(self) -> None:
        raise NotImplementedError

    def close(self) -> None:
        raise NotImplementedError


def test_searches_draw_once() -> None:
    store = CountedStore({1: 10})
    statistics = Statistics(store)
    assert {statistics.of(SCOPE).documents for _ in range(5)} == {1}
    assert store.drawn == 1


def test_what_is_written_counts_once_it_is_flushed_and_who_writes_draws() -> None:
    store = CountedStore({1: 10})
    statistics = Statistics(store)
    statistics.of(SCOPE)
    statistics.written(SCOPE.openings)
    store.held[2] = 5
    assert statistics.of(SCOPE).documents == 1
    statistics.flushed()
    assert store.drawn == 2
    assert statistics.of(SCOPE).documents == 2
    assert store.drawn == 2


def test_nothing_is_drawn_for_nobody() -> None:
    store = CountedStore({1: 10})
    statistics = Statistics(store)
    statistics.of(SCOPE)
    for _ in range(9):
        statistics.written(SCOPE)
        store.held[1] += 1
        statistics.flushed()
    assert store.drawn == 2, "the first flush draws for who has searched, the second one forgets"
    assert statistics.of(SCOPE).counts == {1: 19}


def test_another_scope_stays_known() -> None:
    store = CountedStore({1: 10})
    statistics = Statistics(store)
    before = statistics.of(OTHER)
    statistics.written(SCOPE)
    statistics.flushed()
    assert statistics.of(OTHER) is before


def test_what_is_deleted_counts_at_once() -> None:
    store = CountedStore({1: 10, 2: 10})
    statistics = Statistics(store)
    statistics.of(SCOPE)
    del store.held[2]
    statistics.renew(SCOPE)
    assert statistics.of(SCOPE).documents == 1
    statistics.forget(SCOPE)
    store.held.clear()
    assert statistics.of(SCOPE).documents == 0


def test_of_many_who_come_at_once_one_draws() -> None:
    store = CountedStore({1: 10})
    statistics, begin = Statistics(store), threading.Barrier(8)

    def search() -> None:
        begin.wait(10)
        statistics.of(SCOPE)

    searchers = [threading.Thread(target=search) for _ in range(8)]
    for searcher in searchers:
        searcher.start()
    for searcher in searchers:
        searcher.join(10)
    assert store.drawn == 1
