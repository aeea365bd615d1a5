"""The rerank client against a real socket."""

from __future__ import annotations

import json
import time
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest

from ingest.errors import EgressRefused
from service.egress_policy import Recipient
from service.guards import GuardedReranker
from service.recording import Origin
from service.reranking.contract import RerankingFailed
from service.reranking.endpoint import RerankEndpoint
from tests.fakes.egress import EverythingMayLeave
from tests.fakes.rerank_server import RerankServer

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.fakes.rerank_server import Dialect

TEXTS = ["aa", "a", "aaaa", "aaa", "a"]


def length(query: str, text: str) -> float:
    del query
    return float(len(text))


def order(url: str, texts: list[str] = TEXTS, *, key: str | None = "key", seconds: float = 5.0) -> list[str]:
    with closing(RerankEndpoint(url, key, model="small", seconds=seconds)) as endpoint:
        return [texts[index] for index in endpoint.rerank("which?", texts, origin=Origin("default")).indexes]


@pytest.mark.parametrize("dialect", ["results", "data", "list", "texts"])
def test_the_best_come_first_whatever_the_server_speaks(dialect: Dialect) -> None:
    with RerankServer(length, dialect) as server:
        assert order(server.base_url) == ["aaaa", "aaa", "aa", "a", "a"]

    assert {request.path for request in server.requests} == {"/rerank"}
    assert {request.key for request in server.requests} == {"Bearer key"}
    assert server.requests[0].body == {"model": "small", "query": "which?", "documents": TEXTS, "top_n": 5}


def test_equal_scores_keep_the_order_they_came_in() -> None:
    with RerankServer(lambda _, text: float(text[0] == "b")) as server:
        assert order(server.base_url, ["a1", "b1", "a2", "b2"]) == ["b1", "b2", "a1", "a2"]


def test_leave_is_asked_before_each_request() -> None:
    texts = ["x" * n for n in range(1, 71)]

    def require_leave(origin: Origin) -> None:
        if len(server.requests) == 2:
            raise EgressRefused(origin.collection, "somewhere")

    with (
        RerankServer(length, "texts") as server,
        closing(
            RerankEndpoint(server.base_url, None, model=None, seconds=5, require_leave=require_leave)
        ) as endpoint,
    ):
        guarded = GuardedReranker(endpoint, EverythingMayLeave(), Recipient.at(server.base_url))
        with pytest.raises(RerankingFailed, match="may not be shown"):
            guarded.rerank("?", texts, origin=Origin("t", "contracts"))

    assert len(server.requests) == 2


def test_a_server_of_texts_is_asked_in_batches_and_known_from_then_on() -> None:
    texts = ["x" * n for n in range(1, 71)]
    with (
        RerankServer(length, "texts") as server,
        closing(RerankEndpoint(server.base_url, None, model=None, seconds=5)) as endpoint,
    ):
        for _ in range(2):
            assert endpoint.rerank("?", texts, origin=Origin("t")).indexes == tuple(reversed(range(70)))

    sent = [len(request.body.get("texts", ())) for request in server.requests]
    assert sent == [0, 32, 32, 6, 32, 32, 6]
    assert {request.key for request in server.requests} == {None}


Items = list[dict[str, Any]]


def constant(status: int, content: bytes) -> Callable[[Items], tuple[int, bytes]]:
    return lambda _: (status, content)


def changed(change: Callable[[Items], Items]) -> Callable[[Items], tuple[int, bytes]]:
    return lambda items: (200, json.dumps(change(items)).encode())


def incomplete(items: Items) -> Items:
    return items[:-1]


def misnumbered(items: Items) -> Items:
    return [{**items[0], "index": 99}, *items[1:]]


def unordered(items: Items) -> Items:
    return [{**items[0], "relevance_score": float("nan")}, *items[1:]]


@pytest.mark.parametrize(
    "broken",
    [
        constant(500, b"{}"),
        constant(401, b'{"detail": "bad key"}'),
        constant(200, b"<html>"),
        constant(200, b" " * (2**22 + 1)),
        changed(incomplete),
        changed(misnumbered),
        changed(unordered),
    ],
)
def test_what_is_no_order_is_a_failure(broken: Callable[[Items], tuple[int, bytes]]) -> None:
    with RerankServer(length, broken=broken) as server, pytest.raises(RerankingFailed):
        order(server.base_url)

    assert len(server.requests) == 1


def test_nobody_there_is_a_failure() -> None:
    with RerankServer(length) as server:
        url = server.base_url

    with pytest.raises(RerankingFailed, match="no answer"):
        order(url)


@pytest.mark.parametrize("host", ["ü..example", f"{'a' * 70}.example", "..."])
def test_a_host_that_is_no_name_is_a_failure(host: str) -> None:
    with pytest.raises(RerankingFailed, match="no answer"):
        order(f"http://{host}/v1")


@pytest.mark.parametrize("delay", [5.0, 0.15])
def test_neither_silence_nor_a_trickle_outlasts_the_time(delay: float) -> None:
    begun = time.monotonic()
    with RerankServer(length, delay=delay) as server, pytest.raises(RerankingFailed):
        order(server.base_url, seconds=0.2)

    assert time.monotonic() - begun < 2
