"""How a Qdrant server is told to keep its collections, what of that can change, and what it then refuses."""

from __future__ import annotations

import json
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest
from qdrant_client import models

from ingest.errors import UnsupportedStore
from ingest.store.layout import AS_IT_IS, Layout, ServerAddress
from ingest.store.retrying import AT_ONCE, Patience, Retrying
from ingest.store.server import BATCH_BYTES, connect
from ingest.store.server_layout import LIMITS, MOST_POINTS
from ingest.store.server_names import differences
from service.reachability import check_layout
from service.settings import Settings
from tests.fakes.qdrant_rest import COLLECTION, Failure, QdrantRest
from tests.integration.store.test_server_requests import (
    DIRECTION,
    QUESTION,
    SCOPE,
    chunk,
    use_everything,
    validate,
)
from tests.shared_data import needs_shared

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

    from ingest.store.server import ServerStore

FULL = Layout(
    shards=3,
    replicas=2,
    consistency=2,
    quantization="int8",
    vectors_on_disk=True,
    payload_on_disk=False,
    strict=True,
)
NARROW = models.StrictModeConfig(enabled=True, max_query_limit=7)


@pytest.fixture
def server(tmp_path: Path) -> Generator[QdrantRest]:
    with QdrantRest(tmp_path) as running:
        yield running


def opened(server: QdrantRest, layout: Layout = AS_IT_IS, patience: Patience = AT_ONCE) -> ServerStore:
    return connect(server.url, None, dimensions=3, layout=layout, retrying=Retrying(patience))


def bodies(server: QdrantRest, method: str) -> list[dict[str, Any]]:
    """Of requests to make or change a collection."""
    return [json.loads(r.body) for r in server.requests if (r.method, r.path) == (method, COLLECTION)]


def test_a_new_collection_is_made_as_the_layout_says(server: QdrantRest) -> None:
    opened(server, FULL).close()

    (made,) = bodies(server, "PUT")
    assert (made["shard_number"], made["replication_factor"], made["write_consistency_factor"]) == (3, 2, 2)
    assert made["vectors"]["dense"] == {
        "size": 3,
        "distance": "Cosine",
        "datatype": "float16",
        "on_disk": True,
    }
    assert made["on_disk_payload"] is False
    assert made["quantization_config"] == {"scalar": {"type": "int8", "quantile": 0.99, "always_ram": True}}
    assert made["strict_mode_config"]["unindexed_filtering_retrieve"] is False
    assert made["hnsw_config"] == {"m": 0, "payload_m": 16}
    assert bodies(server, "PATCH") == []


def test_without_a_layout_the_server_decides_but_is_strict(server: QdrantRest) -> None:
    opened(server).close()

    (made,) = bodies(server, "PUT")
    assert made.keys() == {"vectors", "sparse_vectors", "hnsw_config", "strict_mode_config"}
    assert made["vectors"]["dense"] == {"size": 3, "distance": "Cosine", "datatype": "float16"}
    assert server.made("lectern").strict_mode_config == LIMITS


def test_an_opening_without_a_layout_changes_nothing(server: QdrantRest) -> None:
    opened(server, FULL).close()
    server.made("lectern").strict_mode_config = NARROW
    before = server.made("lectern").model_copy(deep=True)

    opened(server).close()

    assert server.made("lectern") == before
    assert bodies(server, "PATCH") == []


CHANGES: dict[str, tuple[Layout, dict[str, Any]]] = {
    "consistency": (Layout(consistency=1), {"params": {"write_consistency_factor": 1}}),
    "payload": (Layout(payload_on_disk=True), {"params": {"on_disk_payload": True}}),
    "vectors": (Layout(vectors_on_disk=False), {"vectors": {"dense": {"on_disk": False}}}),
    "quantization": (Layout(quantization="none"), {"quantization_config": "Disabled"}),
    "strict": (Layout(strict=False), {"strict_mode_config": {"enabled": False}}),
}


@pytest.mark.parametrize("name", CHANGES)
def test_what_can_change_is_changed_once_and_back(server: QdrantRest, name: str) -> None:
    other, wanted = CHANGES[name]
    opened(server, FULL).close()
    for _ in range(2):
        opened(server, other).close()
    assert bodies(server, "PATCH") == [wanted]
    for _ in range(2):
        opened(server, FULL).close()
    assert len(bodies(server, "PATCH")) == 2
    assert list(bodies(server, "PATCH")[1]) == list(wanted)
    original = server.made("lectern")
    assert (original.write_consistency_factor, original.on_disk_payload) == (2, False)
    assert original.strict_mode_config == LIMITS


def test_limits_of_an_operator_stay(server: QdrantRest) -> None:
    opened(server).close()
    server.made("lectern").strict_mode_config = NARROW

    opened(server, FULL).close()

    assert server.made("lectern").strict_mode_config == NARROW


def test_one_of_an_earlier_version_is_refused_by_name(server: QdrantRest) -> None:
    opened(server).close()
    sparse = server.made("lectern").sparse_vectors
    assert sparse is not None
    del sparse["openings"]

    with pytest.raises(UnsupportedStore, match="earlier version"):
        opened(server)


def test_what_only_a_new_collection_can_have_is_told_and_not_asked_for(server: QdrantRest) -> None:
    opened(server, Layout(shards=2)).close()

    opened(server, FULL).close()

    (changed,) = bodies(server, "PATCH")
    assert changed["params"].keys() == {"write_consistency_factor", "on_disk_payload"}
    address = ServerAddress(server.url)
    assert differences(address, FULL) == [
        "lectern: shards: 2, and not 3",
        "lectern: replicas: 1, and not 2",
    ]
    assert differences(address, AS_IT_IS) == differences(address, Layout(shards=2, replicas=1)) == []


@needs_shared
@pytest.mark.parametrize("layout", [AS_IT_IS, FULL, Layout(quantization="none", strict=False)])
def test_bodies_of_every_layout_are_what_the_interface_describes(server: QdrantRest, layout: Layout) -> None:
    opened(server, FULL if layout == AS_IT_IS else AS_IT_IS).close()
    with closing(opened(server, layout)) as store:
        store.upsert(SCOPE, [chunk(1, 0)])
        store.search_dense(SCOPE, DIRECTION, documents=None, limit=5)
        store.search_sparse(SCOPE, QUESTION, documents=[1], limit=5)
        assert len(store.read_points(SCOPE, [1]).points) == 1
        assert len(store.stored(SCOPE, 1)) == len(store.sample(SCOPE, 9)) == 1
        assert len(store.sparse_vectors(SCOPE, [(1, 0)])) == 1
    checked = [request for request in server.requests if request.body]
    assert {request.path.rpartition("}")[2] for request in checked} == {
        *("", "/index", "/points", "/points/query", "/points/scroll"),
    }
    for request in checked:
        validate(request.method, request.path, json.loads(request.body))


def test_quantised_vectors_are_scored_again_by_the_vectors(server: QdrantRest) -> None:
    with closing(opened(server, Layout(quantization="int8"))) as store:
        store.upsert(SCOPE, [chunk(1, 0)])
        assert store.search_dense(SCOPE, DIRECTION, documents=None, limit=5)
        store.search_sparse(SCOPE, QUESTION, documents=None, limit=5)
    with closing(opened(server)) as store:  # as it is: still quantised
        store.search_dense(SCOPE, DIRECTION, documents=None, limit=5)
    with closing(opened(server, Layout(quantization="none"))) as store:
        store.search_dense(SCOPE, DIRECTION, documents=None, limit=5)
    asked = [json.loads(r.body) for r in server.requests if r.path.endswith("/query")]
    rescored = {"quantization": {"rescore": True, "oversampling": 2.0}}
    assert [body.get("params") for body in asked if body["using"] == "dense"] == [rescored, rescored, None]


def test_nothing_that_is_asked_breaks_the_limits(server: QdrantRest) -> None:
    """The fake refuses what Qdrant would; many alike make a search ask for more and more."""
    use_everything(server)
    with closing(opened(server)) as store:
        store.upsert(SCOPE, [chunk(1, ordinal) for ordinal in range(3 * MOST_POINTS // 100)])
        store.search_sparse(SCOPE, QUESTION, documents=[1], limit=10)
        store.read_points(SCOPE, range(1, 20_000))
        store.delete_documents(SCOPE, range(1, 20_000))
        assert store.counts(SCOPE) == {}
    assert server.made("lectern").strict_mode_config == LIMITS


def test_a_write_never_holds_more_points_than_the_limit() -> None:
    least = 512  # bytes that a point counts for, at least
    assert BATCH_BYTES // least < MOST_POINTS


def test_the_fake_refuses_what_strict_mode_refuses(server: QdrantRest) -> None:
    with closing(opened(server)) as store:
        server.forget_index("lectern", "document")
        with pytest.raises(ValueError, match="Index required"):
            store.delete_documents(SCOPE, [1])
        server.made("lectern").strict_mode_config = NARROW
        with pytest.raises(ValueError, match="more than 7"):
            store.counts(SCOPE)


FAILURES = {
    "busy": Failure(503),
    "rate": Failure(429, headers=(("Retry-After", "0"),)),
    "rate without a word": Failure(429),
    "timeout": Failure(408),
    "broken": Failure(0),
}


@pytest.mark.parametrize("failure", FAILURES.values(), ids=FAILURES.keys())
def test_what_passes_is_asked_again_until_it_does(server: QdrantRest, failure: Failure) -> None:
    quick = Patience(first_delay=0.001)
    server.failures.extend([failure] * 3)
    with closing(opened(server, patience=quick)) as store:
        for work in (
            lambda: store.upsert(SCOPE, [chunk(1, 0), chunk(2, 0)]),
            lambda: store.search_sparse(SCOPE, QUESTION, documents=None, limit=5),
            lambda: store.counts(SCOPE),
            lambda: store.read_points(SCOPE, [1]),
            lambda: store.stored(SCOPE, 1),
            lambda: store.sparse_vectors(SCOPE, [(1, 0)]),
            lambda: store.delete_documents(SCOPE, [2]),
        ):
            server.failures.extend([failure] * 2)
            work()
            assert not server.failures
        assert store.counts(SCOPE) == {1: 1}


def test_a_write_whose_answer_was_lost_is_done_once(server: QdrantRest) -> None:
    """The server does it and the connection breaks: what is written again is the same."""
    with closing(opened(server, patience=Patience(first_delay=0.001))) as store:
        server.lost = 1
        store.upsert(SCOPE, [chunk(1, 0), chunk(1, 1)])
        assert store.counts(SCOPE) == {1: 2}
    assert len([r for r in server.requests if (r.method, r.path) == ("PUT", f"{COLLECTION}/points")]) == 2


@pytest.mark.parametrize("status", [400, 401, 403, 404, 422])
def test_what_will_not_pass_is_asked_once(server: QdrantRest, status: int) -> None:
    with closing(opened(server, patience=Patience())) as store:
        server.failures.extend([Failure(status)] * 2)
        with pytest.raises(Exception, match=str(status)):
            store.counts(SCOPE)
        assert len(server.failures) == 1


def test_doctor_tells_what_only_a_rebuild_changes(server: QdrantRest, tmp_path: Path) -> None:
    opened(server).close()
    asked = Settings(data=tmp_path / "data", qdrant_url=server.url, qdrant_shards=6)
    (finding,) = check_layout(asked)
    assert (finding.state, finding.detail) == ("note", "lectern: shards: 1, and not 6")
    assert "migrate --rebuild" in finding.advice
    (fine,) = check_layout(asked.model_copy(update={"qdrant_shards": None}))
    assert fine.state == "ok"
    assert list(check_layout(Settings(data=tmp_path / "data"))) == []
