"""The parts of the load bench: a generator that hides nothing, and a model that it can be held against."""

from __future__ import annotations

import asyncio
import json
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

from bench.load.generator import Asked, Generator, Plan
from bench.load.model import Cache, Conversation, Model, written
from bench.load.processes import Taken, slope
from bench.load.schedule import arrivals, at_share

if TYPE_CHECKING:
    from collections.abc import Callable

    from bench.load.generator import Run, Target

PROMPT = (
    "# D1 lease.md\n[D1:1] The rent is due on the first day of each month.\n[D1:2] Either party may end it.\n"
)
BODY = json.dumps({"messages": [{"role": "user", "content": PROMPT}]})


def run_against(
    protocol: Callable[[], asyncio.Protocol], asked: list[Asked], *, streams: int = 0, seconds: float = 0.0
) -> Run:
    async def ask() -> Run:
        server = await asyncio.get_running_loop().create_server(protocol, "127.0.0.1", 0)
        host, port = server.sockets[0].getsockname()
        urls: dict[Target, str] = {
            "direct": f"http://{host}:{port}/chat/completions",
            "search": f"http://{host}:{port}/v1/search",
        }
        async with server:
            run = await Generator(Plan(urls, asked, streams, seconds, patience=2.0)).run()
            await asyncio.sleep(0.05)  # the server's sides of the connections close
            return run

    return asyncio.run(ask())


class Answering(asyncio.Protocol):
    """Says the same to whatever it is asked, after a while, and then closes if it is to."""

    def __init__(self, said: bytes, *, after: float = 0.0, closes: bool = False) -> None:
        self._said, self._after, self._closes = said, after, closes

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        assert data.startswith(b"POST ")
        asyncio.get_running_loop().call_later(self._after, self._say)

    def _say(self) -> None:
        self._transport.write(self._said)
        if self._closes:
            self._transport.close()


def answering(said: bytes, *, after: float = 0.0, closes: bool = False) -> Callable[[], Answering]:
    return lambda: Answering(said, after=after, closes=closes)


def test_replies_are_read_to_their_end_and_timed_from_when_they_were_due() -> None:
    model = Model(rate=400.0, prefill=0.05, tokens=12)
    run = run_against(lambda: Conversation(model), [Asked(0.02 * n, "direct", BODY) for n in range(5)])
    assert [one.error for one in run.outcomes] == [None] * 5
    for one in run.outcomes:
        assert one.deltas == 13  # the last one only says that it was the last
        assert one.first is not None
        assert 0.05 <= one.first < one.last
        assert one.last >= 0.05 + 12 / 400
    assert run.cpu < run.seconds
    assert len(model.asked) == 5


def test_streams_are_kept_going_one_after_another() -> None:
    model = Model(rate=400.0, prefill=0.01, tokens=4)
    asked = [Asked(0.0, "direct", BODY)]
    run = run_against(lambda: Conversation(model), asked, streams=2, seconds=0.4)
    assert len(run.outcomes) >= 4
    assert not any(one.error for one in run.outcomes)


def test_a_server_that_stalls_cannot_hide_behind_what_was_not_sent() -> None:
    reply = b'HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\n{"hits":[{}'
    run = run_against(answering(reply, after=0.5), [Asked(0.02 * n, "search", "{}") for n in range(10)])
    assert not any(one.error for one in run.outcomes)
    assert all(one.last >= 0.5 for one in run.outcomes)
    assert sum(one.due + one.late < 0.5 for one in run.outcomes) > 1  # before the first reply


@pytest.mark.parametrize(
    ("server", "error"),
    [
        (answering(b"HTTP/1.1 503 No\r\nContent-Length: 4\r\n\r\nbusy"), "HTTP/1.1 503"),
        (answering(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"), "not whole"),
        (answering(b'HTTP/1.1 200 OK\r\n\r\n8\r\n{"hits":', closes=True), "the connection closed"),
        (answering(b"HTTP/1.1 200 OK\r\n\r\n7\r\nevent: error\ndata: lost\r\n0\r\n\r\n"), "data: lost"),
        (answering(b"", after=9.0), "the connection closed"),
    ],
)
def test_what_is_no_whole_answer_is_an_error(server: Callable[[], Answering], error: str) -> None:
    outcome = run_against(server, [Asked(0.0, "search", "{}")]).outcomes[0]
    assert outcome.error is not None
    assert error in outcome.error


def test_nobody_at_the_address_is_an_error() -> None:
    urls: dict[Target, str] = {"direct": "http://127.0.0.1:1/chat/completions"}
    run = asyncio.run(Generator(Plan(urls, [Asked(0.0, "direct", BODY)])).run())
    assert run.outcomes[0].error


def test_arrivals_come_at_the_rate_and_by_chance() -> None:
    times = arrivals(10.0, 200.0, seed=1)
    assert 1_800 < len(times) < 2_200
    assert times == sorted(times)
    gaps = [later - earlier for earlier, later in pairwise(times)]
    assert sum(gap > 0.3 for gap in gaps) / len(gaps) == pytest.approx(0.05, abs=0.02)  # e⁻³


def test_shares_are_those_of_the_ordered_values() -> None:
    assert [at_share([1.0, 2.0, 3.0, 4.0], share) for share in (0.5, 0.75, 0.99)] == [2.0, 3.0, 4.0]
    assert at_share([], 0.5) == 0.0


def test_growth_is_megabytes_a_minute() -> None:
    assert slope([Taken(float(second), 0.0, 100 + second / 2) for second in range(10)]) == pytest.approx(30)
    assert slope([Taken(1.0, 0.0, 100.0)]) == 0.0


def test_the_model_cites_what_its_prompt_shows() -> None:
    text = written(PROMPT, 400)
    assert len(text) == 400
    assert text.startswith('Either party may end it. [D1:2 "Either party may end it."].\n\nThe rent is due')


def test_the_cache_serves_the_blocks_that_were_read_in_their_order() -> None:
    cache = Cache()
    assert cache.read("a" * 2_048 + "b" * 1_024) == 0
    assert cache.read("a" * 2_048 + "c" * 1_024) == 2_048
    assert cache.read("c" * 1_024) == 0
