"""The end of a server in two steps, in one event loop."""

from __future__ import annotations

import asyncio

import pytest

from service.ending import Ending, ServerEnds

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


async def write(ending: Ending, seconds: float) -> str:
    """An answer of so many seconds."""
    try:
        with ending.answering():
            await asyncio.sleep(seconds)
            return "whole"
    except ServerEnds as error:
        await asyncio.sleep(0)  # its last words
        return str(error)


async def test_what_ends_in_time_is_whole() -> None:
    ending = Ending()
    answers = [asyncio.create_task(write(ending, seconds)) for seconds in (0.05, 0.1)]
    await asyncio.sleep(0)
    await ending.finish(30)
    assert [await answer for answer in answers] == ["whole", "whole"]


async def test_what_takes_longer_is_told() -> None:
    ending = Ending()
    answers = [asyncio.create_task(write(ending, seconds)) for seconds in (0.01, 60)]
    await asyncio.sleep(0)
    await ending.finish(0.2)
    whole, broken = [await asyncio.wait_for(answer, 5) for answer in answers]
    assert whole == "whole"
    assert "broken off" in broken
    assert not answers[1].cancelled()
    assert answers[1].cancelling() == 0, "whatever awaits it next is not cancelled again"


async def test_nothing_new_begins() -> None:
    ending = Ending()
    ending.require_going_on()
    assert not ending.begun
    ending.begin()
    assert ending.begun
    with pytest.raises(ServerEnds) as raised:
        ending.require_going_on()
    assert raised.value.retry_after
    assert await write(ending, 0) == "whole", "what was prepared before may still be written"
    await ending.finish(0)
    assert "broken off" in await write(ending, 0)


async def test_who_leaves_is_not_the_server() -> None:
    """A cancelled task stays cancelled, before the end and at it."""
    ending = Ending()
    answer = asyncio.create_task(write(ending, 60))
    await asyncio.sleep(0)
    answer.cancel()
    with pytest.raises(asyncio.CancelledError):
        await answer
    await asyncio.wait_for(ending.finish(30), 5)  # it is not waited for


async def test_nobody_waits_for_who_is_in_a_hurry() -> None:
    ending = Ending()
    answer = asyncio.create_task(write(ending, 60))
    await asyncio.sleep(0)
    await asyncio.wait_for(ending.finish(60, hurried=lambda: True), 5)
    assert "broken off" in await answer
