"""One thing at a time in each thread."""

from __future__ import annotations

import asyncio

from service.bots.lanes import LONGEST_QUEUE, Lanes


def test_a_thread_keeps_its_order_and_threads_do_not_wait_for_each_other() -> None:
    said: list[str] = []

    async def say(words: str, seconds: float) -> None:
        await asyncio.sleep(seconds)
        said.append(words)

    async def scenario() -> None:
        lanes = Lanes()
        lanes.add("a", say("a1", 0.03))
        lanes.add("a", say("a2", 0))
        lanes.add("b", say("b1", 0.01))
        await lanes.finish(5)

    asyncio.run(scenario())
    assert said == ["b1", "a1", "a2"]


def test_what_fails_does_not_hold_up_the_next() -> None:
    said: list[str] = []

    async def fail() -> None:
        await asyncio.sleep(0)
        raise ValueError("once")

    async def say() -> None:
        said.append("after")

    async def scenario() -> None:
        lanes = Lanes()
        lanes.add("a", fail())
        lanes.add("a", say())
        await lanes.finish(5)

    asyncio.run(scenario())
    assert said == ["after"]


def test_a_thread_is_full_until_something_of_it_has_ended() -> None:
    async def scenario() -> None:
        lanes, go = Lanes(), asyncio.Event()

        async def wait() -> None:
            await go.wait()

        for _ in range(LONGEST_QUEUE):
            assert not lanes.is_full("a")
            lanes.add("a", wait())
        assert lanes.is_full("a")
        assert not lanes.is_full("b")
        go.set()
        await lanes.finish(5)
        await asyncio.sleep(0)
        assert not lanes.is_full("a")

    asyncio.run(scenario())


def test_what_takes_too_long_is_cancelled_and_hears_of_it() -> None:
    said: list[str] = []

    async def wait(words: str) -> None:
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            said.append(words)
            raise

    async def say(words: str) -> None:
        said.append(words)

    async def scenario() -> None:
        lanes = Lanes()
        lanes.add("a", wait("under way"))
        lanes.add("a", wait("never begun"), lambda: say("dropped"))
        await asyncio.sleep(0)
        await lanes.finish(0.01)
        assert not lanes.is_full("a")

    asyncio.run(scenario())
    assert sorted(said) == ["dropped", "under way"]
