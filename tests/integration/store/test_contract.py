"""One contract over Edge in one shard or several, the server store, and the client's in-memory mode.

With LECTERN_TEST_QDRANT_URL the same tests run on the Qdrant server that answers there, too.
"""

from __future__ import annotations

import math
import os
import time
import warnings
from contextlib import closing
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from uuid import uuid4

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from qdrant_client import QdrantClient

from ingest.digests import digest_of
from ingest.model import Role, Scope
from ingest.store.contract import Point, SparseVector
from ingest.store.edge import EdgeStore
from ingest.store.server import ServerStore, connect
from service.edge_index import open_shards
from tests.fakes.qdrant_rest import QdrantRest

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Sequence
    from pathlib import Path

    from ingest.model import Hit
    from ingest.store.contract import Store

DIMENSIONS = 4
URL = os.environ.get("LECTERN_TEST_QDRANT_URL")
HALF = 2e-3
"""Cosines are told apart no finer than half precision stores them."""


@dataclass(frozen=True, slots=True)
class Engine:
    name: str
    open: Callable[[], Store]
    """Again and again the same data, one at a time."""


@pytest.fixture(scope="module", params=["edge", "shards", "server", "memory", *(["url"] if URL else [])])
def engine(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Generator[Engine]:
    folder = tmp_path_factory.mktemp("store")
    match str(request.param):
        case "edge":
            yield Engine("edge", lambda: EdgeStore.open(folder, dimensions=DIMENSIONS))
        case "shards":
            yield Engine("shards", lambda: open_shards(folder, DIMENSIONS))
        case "server":
            with QdrantRest(folder) as server:
                yield Engine("server", lambda: connect(server.url, None, dimensions=DIMENSIONS))
        case "memory":
            yield Engine("memory", in_memory)
        case _:
            name = f"lectern-test-{uuid4().hex}"
            yield Engine("url", lambda: connect(str(URL), None, dimensions=DIMENSIONS, collection_name=name))
            with closing(QdrantClient(url=URL, check_compatibility=False)) as client:
                client.delete_collection(name)


def in_memory() -> Store:
    with warnings.catch_warnings():
        # It searches without payload indexes, and says so when it is asked for one.
        warnings.filterwarnings("ignore", "Payload indexes have no effect", UserWarning)
        return ServerStore.open(QdrantClient(":memory:"), collection_name="lectern", dimensions=DIMENSIONS)


@pytest.fixture(scope="module")
def store(engine: Engine) -> Generator[Store]:
    with closing(engine.open()) as opened:
        yield opened


@pytest.fixture
def reopened(engine: Engine, tmp_path: Path) -> Engine:
    """An engine that the module's store holds no lock on."""
    if engine.name == "memory":
        pytest.skip("the in-memory mode keeps nothing")
    if engine.name == "edge":
        return Engine("edge", lambda: EdgeStore.open(tmp_path, dimensions=DIMENSIONS))
    if engine.name == "shards":
        return Engine("shards", lambda: open_shards(tmp_path, DIMENSIONS))
    return engine


def fresh(tenant: str = "default") -> Scope:
    return Scope(tenant, uuid4().hex)


def sparse(terms: dict[int, float]) -> SparseVector:
    indices = sorted(terms)
    return SparseVector(
        np.array(indices, dtype=np.uint32), np.array([terms[i] for i in indices], dtype=np.float32)
    )


def point(
    document: int = 1,
    ordinal: int = 0,
    terms: dict[int, float] | None = None,
    dense: Sequence[float] = (1, 0, 0, 0),
) -> Point:
    return Point(
        document=document,
        ordinal=ordinal,
        start=ordinal * 10,
        end=ordinal * 10 + 10,
        first_passage=ordinal + 1,
        last_passage=ordinal + 2,
        sparse=sparse({7: 1.0} if terms is None else terms),
        dense=np.array(dense, dtype=np.float32),
    )


def asked(
    store: Store, scope: Scope, *terms: int, documents: Sequence[int] | None = None, limit: int = 10
) -> list[Hit]:
    return store.search_sparse(scope, sparse(dict.fromkeys(terms, 1.0)), documents=documents, limit=limit)


def near(
    store: Store,
    scope: Scope,
    direction: Sequence[float],
    documents: Sequence[int] | None = None,
    limit: int = 10,
) -> list[Hit]:
    vector = np.array(direction, dtype=np.float32)
    return store.search_dense(scope, vector, documents=documents, limit=limit)


def places(hits: list[Hit]) -> list[tuple[int, int]]:
    return [(hit.document, hit.ordinal) for hit in hits]


def test_a_hit_says_where_it_stands(store: Store) -> None:
    scope = fresh()
    written = replace(point(2**40, 3), start=2**33, end=2**33 + 5, first_passage=17, last_passage=19)
    store.upsert(scope, [written])
    for (hit,) in (asked(store, scope, 7), near(store, scope, (1, 0, 0, 0))):
        assert (hit.document, hit.ordinal, hit.start, hit.end) == (2**40, 3, 2**33, 2**33 + 5)
        assert (hit.first_passage, hit.last_passage) == (17, 19)


def test_terms_up_to_the_last_id_are_found(store: Store) -> None:
    scope = fresh()
    store.upsert(scope, [point(1, 0, {0: 1.0, 2**32 - 1: 1.0}), point(1, 1, {5: 1.0})])
    assert places(asked(store, scope, 2**32 - 1)) == [(1, 0)]
    assert places(asked(store, scope, 0)) == [(1, 0)]


def test_documents_narrow_a_search_but_not_its_statistics(store: Store) -> None:
    scope = fresh()
    store.upsert(scope, [point(d, o, {7: 1.0 + d / 8, 8 + d: 1.0}) for d in (1, 2, 3) for o in (0, 1)])
    everywhere = asked(store, scope, 7, 9)
    assert asked(store, scope, 7, 9, documents=[2, 99]) == [hit for hit in everywhere if hit.document == 2]
    assert places(near(store, scope, (1, 0, 0, 0), documents=[3])) == [(3, 0), (3, 1)]


def test_no_documents_means_no_hits(store: Store) -> None:
    scope = fresh()
    store.upsert(scope, [point()])
    assert asked(store, scope, 7, documents=()) == []
    assert near(store, scope, (1, 0, 0, 0), documents=()) == []
    store.delete_documents(scope, ())
    assert store.counts(scope) == {1: 1}


def test_an_empty_scope_answers_empty(store: Store) -> None:
    scope = fresh()
    assert asked(store, scope, 7) == []
    assert near(store, scope, (1, 0, 0, 0)) == []
    assert store.counts(scope) == {}
    store.delete_documents(scope, [1])
    store.delete_scope(scope)
    store.upsert(scope, [])


@pytest.mark.parametrize(
    "other",
    [
        Scope("other", "shared", 1),
        Scope("acme", "sharedx", 1),
        Scope("acme", "shared", 2),
        Scope("acme/shared", "", 1),
        Scope("acme", "shared/1", 1),
        Scope("ACME", "shared", 1),
    ],
)
def test_another_scope_is_neither_seen_nor_counted_nor_deleted(store: Store, other: Scope) -> None:
    mark = uuid4().hex
    mine = Scope(f"{mark}acme", "shared", 1)
    other = replace(other, tenant=mark + other.tenant)
    store.upsert(mine, [point(1, 0, {7: 1.0, 8: 2.0}), point(1, 1, {8: 1.0})])
    before = asked(store, mine, 7, 8), near(store, mine, (1, 1, 0, 0)), store.counts(mine)
    store.upsert(other, [point(1, o, {7: 3.0}, (1, 1, 0, 0)) for o in range(40)])
    assert (asked(store, mine, 7, 8), near(store, mine, (1, 1, 0, 0)), store.counts(mine)) == before
    store.delete_documents(other, [1])
    store.upsert(other, [point(1, 0)])
    store.delete_scope(other)
    assert (asked(store, mine, 7, 8), near(store, mine, (1, 1, 0, 0)), store.counts(mine)) == before
    assert store.counts(other) == {}


@pytest.mark.parametrize("name", ["договоры", "合同", "a\x00b", "'\"\\{}[]", "🜁" * 40, " ", ""])
def test_names_may_hold_any_character(store: Store, name: str) -> None:
    scope = Scope(name, uuid4().hex + name)
    store.upsert(scope, [point()])
    assert places(asked(store, scope, 7)) == [(1, 0)]
    assert store.counts(scope) == {1: 1}


def test_counts_follow_what_is_written_and_deleted_between_them(store: Store) -> None:
    scope, other = fresh(), fresh()
    store.upsert(other, [point(1, 0)])
    expected: dict[int, int] = {}
    for document, points in ((1, 2), (2, 3), (1, 4), (3, 1)):  # the first one grows
        store.upsert(scope, [point(document, ordinal) for ordinal in range(points)])
        expected[document] = points
        assert store.counts(scope) == expected
    store.delete_documents(scope, [1, 9])
    store.upsert(scope, [point(2, 0, {8: 1.0})])  # in the place of another
    assert store.counts(scope) == {2: 3, 3: 1}
    store.delete_scope(scope)
    assert store.counts(scope) == {}
    store.upsert(scope, [point(4, 0)])
    assert store.counts(scope) == {4: 1}
    assert store.counts(other) == {1: 1}


def test_the_same_place_is_replaced_whole(store: Store) -> None:
    scope = fresh()
    store.upsert(scope, [point(1, 0, {7: 1.0}, (1, 0, 0, 0)), point(1, 1, {8: 1.0}, (0, 1, 0, 0))])
    store.upsert(scope, [replace(point(1, 0, {9: 1.0}, (0, 0, 1, 0)), end=99)])
    assert asked(store, scope, 7) == []
    (hit,) = asked(store, scope, 9)
    assert hit.end == 99
    assert near(store, scope, (0, 0, 1, 0))[0].end == 99
    assert store.counts(scope) == {1: 2}


def test_a_place_that_was_found_before_is_found_as_it_is_now(store: Store) -> None:
    scope = fresh()
    for end, delete in ((5, False), (6, False), (7, True)):  # written anew twice, then after a deletion
        if delete:
            store.delete_documents(scope, [1])
            assert asked(store, scope, 7) == []
        store.upsert(scope, [replace(point(1, 0, {7: 1.0}, (1, 0, 0, 0)), end=end)])
        for _ in range(2):
            (hit,) = asked(store, scope, 7)
            assert hit.end == end
            assert near(store, scope, (1, 0, 0, 0))[0].end == end


def test_a_chunk_without_terms_or_direction_is_kept_and_never_found(store: Store) -> None:
    scope = fresh()
    store.upsert(scope, [point(1, 0), point(1, 1, {}, (0, 0, 0, 0)), point(1, 2, {7: 1.0}, (0, 1, 0, 0))])
    assert store.counts(scope) == {1: 3}
    assert places(asked(store, scope, 7)) == [(1, 0), (1, 2)]
    assert places(near(store, scope, (1, 1, 0, 0))) == [(1, 0), (1, 2)]
    store.upsert(scope, [point(1, 2, {}, (0, 0, 0, 0))])
    assert places(asked(store, scope, 7)) == [(1, 0)]
    assert places(near(store, scope, (1, 1, 0, 0))) == [(1, 0)]


def test_a_question_without_terms_or_direction_finds_nothing(store: Store) -> None:
    scope = fresh()
    store.upsert(scope, [point()])
    assert asked(store, scope) == []
    assert near(store, scope, (0, 0, 0, 0)) == []


@pytest.mark.parametrize("scale", [1e-30, 1e30])
def test_only_the_direction_of_a_dense_vector_counts(store: Store, scale: float) -> None:
    scope = fresh()
    store.upsert(scope, [point(1, 0, dense=(scale, 0, 0, 0)), point(1, 1, dense=(scale, scale, 0, 0))])
    hits = near(store, scope, (3 * scale, 0, 0, 0))
    assert places(hits) == [(1, 0), (1, 1)]
    assert [hit.score for hit in hits] == pytest.approx([1.0, math.sqrt(0.5)], abs=HALF)


BAD_DIRECTIONS: dict[str, tuple[float, ...]] = {
    "nan": (1, math.nan, 0, 0),
    "infinity": (1, -math.inf, 0, 0),
    "too short": (1, 0, 0),
    "too long": (1, 0, 0, 0, 0),
}
BAD_TERMS: dict[str, tuple[list[int], list[float]]] = {
    "nan": ([7, 8], [1.0, math.nan]),
    "infinity": ([7], [math.inf]),
    "repeated": ([7, 7], [1.0, 1.0]),
    "falling": ([8, 7], [1.0, 1.0]),
    "one weight short": ([7, 8], [1.0]),
}


def assert_refused_whole(store: Store, bad: Point) -> None:
    scope = fresh()
    with pytest.raises(ValueError, match="vector"):
        store.upsert(scope, [point(1, 0), bad, point(1, 1)])
    assert store.counts(scope) == {}


@pytest.mark.parametrize("direction", BAD_DIRECTIONS.values(), ids=BAD_DIRECTIONS.keys())
def test_a_bad_dense_vector_is_refused_with_its_batch(
    engine: Engine, store: Store, direction: tuple[float, ...]
) -> None:
    assert_refused_whole(store, point(9, 9, dense=direction))
    if engine.name == "shards" and len(direction) != DIMENSIONS:
        assert near(store, fresh(), direction) == []
        return
    with pytest.raises(ValueError, match="vector"):
        near(store, fresh(), direction)


@pytest.mark.parametrize("terms", BAD_TERMS.values(), ids=BAD_TERMS.keys())
def test_a_bad_sparse_vector_is_refused_with_its_batch(
    store: Store, terms: tuple[list[int], list[float]]
) -> None:
    vector = SparseVector(np.array(terms[0], dtype=np.uint32), np.array(terms[1], dtype=np.float32))
    assert_refused_whole(store, replace(point(9, 9), sparse=vector))
    with pytest.raises(ValueError, match="vector"):
        store.search_sparse(fresh(), vector, documents=None, limit=3)


def test_equals_come_in_the_order_of_the_text_whatever_the_limit(store: Store) -> None:
    scope = fresh()
    order = [(document, ordinal) for document in range(1, 6) for ordinal in range(8)]
    shuffled = sorted(order, key=lambda place: place[0] * 37 % 11 + place[1] * 29 % 13)
    store.upsert(scope, [point(document, ordinal) for document, ordinal in shuffled])
    for limit in (1, 3, 8, 39, 40, 41):
        assert places(asked(store, scope, 7, limit=limit)) == order[:limit]
        assert places(near(store, scope, (1, 0, 0, 0), limit=limit)) == order[:limit]


def test_a_limit_of_none_or_less(store: Store) -> None:
    scope = fresh()
    store.upsert(scope, [point()])
    assert asked(store, scope, 7, limit=0) == []
    assert near(store, scope, (1, 0, 0, 0), limit=0) == []
    with pytest.raises(ValueError, match="limit"):
        asked(store, scope, 7, limit=-1)


def test_scores_forget_what_was_deleted_or_replaced(store: Store) -> None:
    kept = [point(1, o, {7: 1.0 + o / 4, 8: 0.5}) for o in range(5)]
    clean, scope = fresh(), fresh()
    store.upsert(clean, kept)
    store.upsert(scope, [point(d, o, {7: 2.0, 9: 1.0}) for d in (1, 2) for o in range(5)])
    store.upsert(scope, kept)
    store.delete_documents(scope, [2, 77])
    assert store.counts(scope) == {1: 5}
    assert asked(store, scope, 7, 8, 9) == asked(store, clean, 7, 8, 9)
    store.delete_scope(scope)
    assert store.counts(scope) == {}
    assert asked(store, scope, 7) == []


@pytest.mark.parametrize("flushed", [True, False])
def test_what_was_written_is_there_after_reopening(reopened: Engine, flushed: bool) -> None:
    scope = fresh()
    with closing(reopened.open()) as first:
        first.upsert(scope, [point(1, o, {7: 1.0 + o / 4}) for o in range(4)])
        first.delete_documents(scope, [2])
        if flushed:
            first.flush()
        before = asked(first, scope, 7), near(first, scope, (1, 0, 0, 0)), first.counts(scope)
    with closing(reopened.open()) as second:
        after = asked(second, scope, 7), near(second, scope, (1, 0, 0, 0)), second.counts(scope)
    assert after == before


def test_a_thousand_points_are_counted_by_document(store: Store) -> None:
    scope = fresh()
    expected = {document: document % 7 + 1 for document in range(1, 251)}
    store.upsert(scope, [point(d, o) for d, count in expected.items() for o in range(count)])
    started = time.process_time()
    assert store.counts(scope) == expected
    assert time.process_time() - started < 1.0


@dataclass(frozen=True, slots=True)
class Corpus:
    points: list[Point]
    question: dict[int, float]
    direction: tuple[float, ...]
    documents: list[int] | None
    limit: int


TERMS = st.dictionaries(st.integers(0, 5), st.integers(1, 12).map(lambda n: n / 4), max_size=4)
DIRECTIONS = st.tuples(*[st.integers(-3, 3).map(float)] * DIMENSIONS)


@st.composite
def corpora(draw: st.DrawFn) -> Corpus:
    where = draw(st.lists(st.tuples(st.integers(1, 3), st.integers(0, 5)), unique=True, max_size=14))
    return Corpus(
        points=[point(*place, draw(TERMS), draw(DIRECTIONS)) for place in where],
        question=draw(TERMS),
        direction=draw(DIRECTIONS),
        documents=draw(st.none() | st.lists(st.integers(1, 4), unique=True)),
        limit=draw(st.integers(1, 16)),
    )


def bm25(points: list[Point], question: dict[int, float]) -> dict[tuple[int, int], float]:
    rows = {
        (p.document, p.ordinal): dict(zip(p.sparse.indices.tolist(), p.sparse.values.tolist(), strict=True))
        for p in points
    }
    total = sum(1 for terms in rows.values() if terms)

    def idf(term: int) -> float:
        having = sum(1 for terms in rows.values() if term in terms)
        return math.log(1 + (total - having + 0.5) / (having + 0.5))

    return {
        place: sum(question[t] * idf(t) * terms[t] for t in question if t in terms)
        for place, terms in rows.items()
        if set(question) & set(terms)
    }


def cosines(points: list[Point], direction: tuple[float, ...]) -> dict[tuple[int, int], float]:
    q = np.array(direction)
    return {
        (p.document, p.ordinal): float(p.dense @ q / np.linalg.norm(p.dense) / np.linalg.norm(q))
        for p in points
        if p.dense.any() and q.any()
    }


def assert_ranks(hits: list[Hit], expected: dict[tuple[int, int], float], limit: int, within: float) -> None:
    assert len(hits) == min(limit, len(expected))
    assert len(set(places(hits))) == len(hits)
    assert [h.score for h in hits] == pytest.approx([expected[p] for p in places(hits)], abs=within)
    assert sorted(hits, key=lambda h: (-h.score, h.document, h.ordinal)) == hits
    left = [score for place, score in expected.items() if place not in places(hits)]
    assert not hits or not left or hits[-1].score >= max(left) - within


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(corpus=corpora())
def test_both_rankings_equal_the_formulas(store: Store, corpus: Corpus) -> None:
    scope = fresh()
    store.upsert(scope, corpus.points)
    wanted = [p for p in corpus.points if corpus.documents is None or p.document in corpus.documents]
    allowed = {(p.document, p.ordinal) for p in wanted}
    by_terms = bm25(corpus.points, corpus.question)
    hits = store.search_sparse(scope, sparse(corpus.question), documents=corpus.documents, limit=corpus.limit)
    assert_ranks(hits, {k: v for k, v in by_terms.items() if k in allowed}, corpus.limit, 1e-4)
    hits = near(store, scope, corpus.direction, corpus.documents, corpus.limit)
    assert_ranks(hits, cosines(wanted, corpus.direction), corpus.limit, HALF)


def test_a_document_comes_back_whole_and_alone(store: Store) -> None:
    scope, other = fresh(), fresh()
    many = [point(1, n, {n: 0.1 + n / 7, 4_000_000_000 - n: 1.5}) for n in range(1_203)]
    store.upsert(scope, [*many, point(1, 1_203, {}), point(2, 0, {9: 2.0})])
    store.upsert(other, [point(1, 0, {5: 1.0})])
    written = [*many, point(1, 1_203, {})]

    found = store.stored(scope, 1)

    assert digest_of(found) == digest_of((one, one.sparse) for one in written)
    assert digest_of(found[:-1]) != digest_of(found)
    assert store.stored(scope, 3) == []


def read(store: Store, scope: Scope, documents: Sequence[int]) -> list[Point]:
    found: list[Point] = []
    after: str | None = None
    while True:
        page = store.read_points(scope, documents, after)
        found += page.points
        after = page.next
        if after is None:
            return sorted(found, key=lambda one: (one.document, one.ordinal))


def test_points_are_read_whole_page_by_page(store: Store) -> None:
    scope, other = fresh(), fresh()
    directions = np.random.default_rng(3).normal(size=(620, DIMENSIONS)).tolist()
    many = [point(1, n, {n: 0.1 + n / 7, 4_000_000_000 - n: 1.5}, row) for n, row in enumerate(directions)]
    wordless, aimless = point(2, 0, {}), replace(point(3, 0, dense=(0, 0, 0, 0)), role=Role.TEST)
    store.upsert(scope, [*many, wordless, aimless, point(4, 0)])
    store.upsert(other, [point(1, 0, {5: 1.0})])

    found = read(store, scope, [3, 1, 2, 99])

    written = [*many, wordless, aimless]
    assert digest_of((one, one.sparse) for one in found) == digest_of((one, one.sparse) for one in written)
    lengths = [np.linalg.norm(one.dense) for one in written]
    units = np.stack([one.dense / (size or 1) for one, size in zip(written, lengths, strict=True)])
    assert np.abs(np.stack([one.dense for one in found]) - units).max() < HALF
    assert not found[-1].dense.any()
    assert read(store, scope, [99]) == []


def test_what_was_read_is_written_elsewhere_without_a_change(store: Store) -> None:
    scope, copy = fresh(), fresh()
    rows = np.random.default_rng(5).normal(size=(60, DIMENSIONS)).tolist()
    store.upsert(scope, [point(1, n, {n: 1 / (n + 1)}, row) for n, row in enumerate(rows)])
    first = read(store, scope, [1])
    store.upsert(copy, first)
    second = read(store, copy, [1])
    assert digest_of((one, one.sparse) for one in second) == digest_of((one, one.sparse) for one in first)
    assert np.abs(np.stack([a.dense - b.dense for a, b in zip(first, second, strict=True)])).max() < HALF


def test_stored_words_come_back_as_they_were_written(store: Store) -> None:
    scope, other = fresh(), fresh()
    store.upsert(scope, [point(1, 0, {3: 0.5, 4_000_000_000: 1.5}), point(1, 1, {}), point(2, 0, {9: 2.0})])
    store.upsert(other, [point(1, 2, {5: 1.0})])
    found = store.sparse_vectors(scope, [(1, 0), (2, 0), (1, 0), (1, 2), (8, 0)])
    held = [list(zip(v.indices.tolist(), v.values.tolist(), strict=True)) for v in found]
    assert sorted(held) == [[(3, 0.5), (4_000_000_000, 1.5)], [(9, 2.0)]]
    assert [len(v.indices) for v in store.sparse_vectors(scope, [(1, 1)])] == [0]
    assert store.sparse_vectors(scope, []) == []


def test_a_sample_is_of_its_scope_and_always_the_same(store: Store) -> None:
    scope, other = fresh(), fresh()
    store.upsert(scope, [point(1, ordinal, {ordinal: 1.0}) for ordinal in range(40)])
    store.upsert(other, [point(1, ordinal, {900: 1.0}) for ordinal in range(40)])

    def drawn(limit: int) -> list[int]:
        assert {hit.document for hit, _ in store.sample(scope, limit)} == {1}
        return [int(vector.indices[0]) for _, vector in store.sample(scope, limit)]

    assert sorted(drawn(100)) == list(range(40))
    assert drawn(8) == drawn(8)
    assert len(set(drawn(8))) == 8
    assert drawn(8) != list(range(8))
    assert store.sample(fresh(), 8) == []


def test_a_hit_knows_the_role_of_its_document(store: Store) -> None:
    scope = fresh()
    store.upsert(scope, [replace(point(1), role=Role.TEST), point(2)])
    assert {hit.document: hit.role for hit in asked(store, scope, 7)} == {1: Role.TEST, 2: Role.SOURCE}


def test_a_hit_knows_the_source_of_its_document(store: Store) -> None:
    scope = fresh()
    store.upsert(scope, [replace(point(1), source=2**32 - 1), point(2)])
    drawn = [hit for hit, _ in store.sample(scope, 8)]
    (own,) = store.stored(scope, 1)
    for hits in (asked(store, scope, 7), drawn, [own[0], *asked(store, scope, 7)]):
        assert {hit.document: hit.source for hit in hits} == {1: 2**32 - 1, 2: 0}
    page = store.read_points(scope, [1])
    assert [each.source for each in page.points] == [2**32 - 1]
