from __future__ import annotations

import asyncio

import pytest

from ingest.catalog.key_records import KeyLimits
from service.access.caller import Caller
from service.knowledge.calls import ClientLeft, RunningCalls, TooManyCalls

pytestmark = pytest.mark.anyio
ANN = Caller("acme", "ann", frozenset({"read"}), limits=KeyLimits(None, 1))
BOB = Caller("acme", "bob", frozenset({"read"}), limits=KeyLimits(None, 1))


class Work:
    """A call that lasts until it is cancelled."""

    def __init__(self) -> None:
        self.begun = asyncio.Event()
        self.ended = False

    async def __call__(self) -> str:
        self.begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            self.ended = True
        return "never"


async def told() -> str:
    return "told"


async def test_a_call_ends_with_the_request_that_brought_it() -> None:
    calls, work, over = RunningCalls(), Work(), asyncio.Event()
    running = asyncio.create_task(calls.run(work, ANN, over))
    await work.begun.wait()
    over.set()

    with pytest.raises(ClientLeft):
        await running
    assert work.ended


async def test_a_key_has_no_more_at_work_than_it_may_ask_at_a_time() -> None:
    calls, work, over = RunningCalls(), Work(), asyncio.Event()
    running = asyncio.create_task(calls.run(work, ANN, over))
    await work.begun.wait()

    with pytest.raises(TooManyCalls, match="1 request at a time"):
        await calls.run(told, ANN, asyncio.Event())
    assert await calls.run(told, BOB, asyncio.Event()) == "told"

    over.set()
    await asyncio.gather(running, return_exceptions=True)
    assert await calls.run(told, ANN, asyncio.Event()) == "told"


async def test_a_call_that_is_cancelled_takes_its_work_along() -> None:
    calls, work = RunningCalls(), Work()
    running = asyncio.create_task(calls.run(work, ANN, asyncio.Event()))
    await work.begun.wait()
    running.cancel()

    with pytest.raises(asyncio.CancelledError):
        await running
    assert work.ended
    assert await calls.run(told, ANN, None) == "told"


async def test_what_fails_fails_as_it_would() -> None:
    async def broken() -> str:
        raise LookupError

    with pytest.raises(LookupError):
        await RunningCalls().run(broken, ANN, asyncio.Event())
