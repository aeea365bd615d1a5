"""Qdrant collections behind aliases: opened by their names, built anew beside what serves, and swapped."""

from __future__ import annotations

import json
from contextlib import closing
from typing import TYPE_CHECKING

import numpy as np
import pytest

from ingest.errors import IndexUnavailable, UnsupportedStore
from ingest.model import Scope
from ingest.store.layout import AS_IT_IS, Layout, ServerAddress
from ingest.store.retrying import AT_ONCE, Retrying
from ingest.store.server import connect
from ingest.store.server_names import connect_all, rebuilding, scopes_held
from tests.fakes.qdrant_rest import Failure, QdrantRest
from tests.integration.store.test_lengths import NEW, OLD, filled, found
from tests.integration.store.test_server_requests import SCOPE, chunk, validate
from tests.shared_data import needs_shared

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

    from ingest.store.lengths import StoreOfLengths

THREE = Layout(shards=3)
BETWEEN = 3
"""Requests of a swap until the old collection is gone, and no alias is there."""


@pytest.fixture
def server(tmp_path: Path) -> Generator[QdrantRest]:
    with QdrantRest(tmp_path) as running:
        yield running


def address(server: QdrantRest) -> ServerAddress:
    return ServerAddress(server.url, retrying=Retrying(AT_ONCE))


def stores(server: QdrantRest, dimensions: int = 3) -> StoreOfLengths:
    return connect_all(address(server), dimensions=dimensions)


def rebuild(server: QdrantRest, layout: Layout = THREE) -> None:
    with closing(stores(server)) as old, rebuilding(address(server), layout=layout) as fresh:
        for scope in (SCOPE, OLD, NEW):
            for number in old.counts(scope):
                fresh.stores.upsert(scope, old.read_points(scope, [number]).points)
        fresh.swap()


def test_a_collection_behind_an_alias_is_opened_and_none_is_made(server: QdrantRest) -> None:
    with closing(connect(server.url, None, dimensions=3, collection_name="elsewhere")) as store:
        store.upsert(SCOPE, [chunk(1, 0)])
    server.aliases["lectern"] = "elsewhere"

    with closing(stores(server, dimensions=9)) as opened:
        assert opened.counts(SCOPE) == {1: 1}
        opened.upsert(SCOPE, [chunk(2, 0)])
        opened.delete_documents(SCOPE, [1])
        assert opened.counts(SCOPE) == {2: 1}
    assert server.names == {"elsewhere"}


def test_scopes_are_told_all_or_not_at_all(server: QdrantRest) -> None:
    with closing(stores(server)) as store:
        filled(store)
    assert len(scopes_held(address(server), most=3)) == 2
    with pytest.raises(UnsupportedStore, match="cannot be looked over"):
        scopes_held(address(server), most=1)


def test_the_first_rebuild_puts_an_alias_in_the_place_of_the_collection(server: QdrantRest) -> None:
    with closing(stores(server)) as store:
        store.upsert(SCOPE, [chunk(1, 0), chunk(2, 0)])

    rebuild(server)

    assert (server.names, server.aliases) == ({"lectern-v1"}, {"lectern": "lectern-v1"})
    assert server.made("lectern").shard_number == 3
    with closing(stores(server)) as store:
        assert store.counts(SCOPE) == {1: 1, 2: 1}


def test_each_further_one_swaps_in_one_step(server: QdrantRest) -> None:
    with closing(stores(server)) as store:
        store.upsert(SCOPE, [chunk(1, 0)])
    rebuild(server)
    serving = stores(server)
    server.requests.clear()

    rebuild(server, Layout(shards=5))

    changes = [r for r in server.requests if r.path == "/collections/aliases"]
    (body,) = [json.loads(request.body) for request in changes]
    assert [list(action) for action in body["actions"]] == [["delete_alias"], ["create_alias"]]
    dropped = [server.requests.index(r) for r in server.requests if r.method == "DELETE"]
    assert min(dropped) > server.requests.index(changes[0])  # the old one serves until then
    assert (server.names, server.aliases) == ({"lectern-v2"}, {"lectern": "lectern-v2"})
    with closing(serving):  # who was connected before goes on
        assert serving.counts(SCOPE) == {1: 1}


@pytest.mark.slow
def test_vectors_of_every_length_are_swapped(server: QdrantRest) -> None:
    with closing(stores(server, 4)) as store:
        filled(store)

    rebuild(server)

    assert server.aliases == {"lectern": "lectern-v1", "lectern-6": "lectern-6-v1"}
    assert server.names == {"lectern-v1", "lectern-6-v1"}
    with closing(stores(server, 6)) as store:
        assert found(store, OLD, 4) == ([1, 2], [1, 2])
        assert found(store, NEW, 6) == ([1], [1])


def test_a_rebuild_that_was_killed_is_gone_on_with_unless_it_cannot_be(server: QdrantRest) -> None:
    with closing(stores(server)) as store:
        store.upsert(SCOPE, [chunk(1, 0), chunk(2, 0)])
    with rebuilding(address(server), layout=THREE) as killed:
        killed.stores.upsert(SCOPE, [chunk(1, 0)])
    with rebuilding(address(server), layout=THREE) as again:
        assert again.stores.counts(SCOPE) == {1: 1}
    with rebuilding(address(server), layout=Layout(shards=4)) as other:
        assert other.stores.counts(SCOPE) == {}
    assert server.aliases == {}


@pytest.mark.parametrize(
    "answered", [pytest.param(n, marks=() if n == BETWEEN else pytest.mark.slow) for n in range(5)]
)
def test_a_swap_that_is_killed_anywhere_leads_to_the_one_or_the_other(
    server: QdrantRest, answered: int
) -> None:
    with closing(stores(server)) as store:
        store.upsert(SCOPE, [chunk(1, 0)])
    with rebuilding(address(server), layout=THREE) as fresh:
        fresh.stores.upsert(SCOPE, [chunk(1, 0)])
        server.dies_after = answered
        if answered < 4:
            with pytest.raises(IndexUnavailable):
                fresh.swap()
        else:
            fresh.swap()
        server.dies_after = None

    with closing(stores(server)) as store:
        assert store.counts(SCOPE) == {1: 1}
    rebuild(server)
    assert len(server.names) == len(server.aliases) == 1
    with closing(stores(server)) as store:
        assert store.counts(SCOPE) == {1: 1}


def test_nothing_is_no_rebuild(server: QdrantRest) -> None:
    with (
        pytest.raises(UnsupportedStore, match="nothing of Lectern's"),
        rebuilding(address(server), layout=AS_IT_IS),
    ):
        pass
    assert server.names == set()


def test_vectors_of_a_new_length_end_a_rebuild(server: QdrantRest) -> None:
    with closing(stores(server)) as store:
        store.upsert(SCOPE, [chunk(1, 0)])
    with (
        rebuilding(address(server), layout=AS_IT_IS) as fresh,
        pytest.raises(UnsupportedStore, match="5 dimensions"),
    ):
        fresh.stores.upsert(Scope("acme", "new"), [chunk(1, 0, np.ones(5, np.float32))])


def test_other_names_are_left_alone(server: QdrantRest) -> None:
    for name in ("lectern-notes", "lectern-x-v1", "lecterns"):
        connect(server.url, None, dimensions=3, collection_name=name).close()
    server.aliases["lectern-old"] = "lecterns"
    with closing(stores(server)) as store:
        store.upsert(SCOPE, [chunk(1, 0)])

    rebuild(server)

    assert server.names == {"lectern-notes", "lectern-x-v1", "lecterns", "lectern-v1"}
    assert server.aliases == {"lectern-old": "lecterns", "lectern": "lectern-v1"}


@needs_shared
def test_every_body_is_what_the_published_interface_describes(server: QdrantRest) -> None:
    with closing(stores(server)) as store:
        store.upsert(SCOPE, [chunk(1, 0)])
    rebuild(server)
    rebuild(server)
    checked = [request for request in server.requests if request.body]
    assert "/collections/aliases" in {request.path for request in checked}
    for request in checked:
        validate(request.method, request.path, json.loads(request.body))


def test_an_answer_that_is_no_qdrants_is_permanent(server: QdrantRest) -> None:
    server.failures.append(Failure(200))
    with pytest.raises(UnsupportedStore, match="does not answer as a Qdrant server"):
        stores(server)
