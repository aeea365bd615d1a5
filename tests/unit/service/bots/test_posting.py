"""A message that grows: what is shown on the way, what stands there in the end."""

from __future__ import annotations

import asyncio
import time
from itertools import pairwise

import pytest

from service.bots.platform import Place, PlatformRefused, PlatformUnreachable, SlowDown
from service.bots.posting import Paces, Posting
from service.bots.styled import plain
from tests.fakes.chat import MemoryChat

PLACE = Place("room")
LONG = "the first words of it all\n\nthe second words of it all\n\nthe third words of it all"


def test_what_comes_too_soon_is_left_out_but_never_the_last() -> None:
    chat = MemoryChat(seconds=0.05)

    async def scenario() -> None:
        posting = Posting(chat, PLACE, Paces())
        for words in ("a", "a b", "a b c"):
            await posting.show(plain(words))
        began = time.monotonic()
        await posting.finish(plain("a b c d"))
        assert time.monotonic() - began >= 0.04

    asyncio.run(scenario())
    assert chat.writes == ["a", "a b c d"]
    assert list(chat.messages.values()) == ["a b c d"]


def test_a_long_text_is_several_messages_and_equal_ones_are_left_alone() -> None:
    chat = MemoryChat()

    async def scenario() -> None:
        posting = Posting(chat, PLACE, Paces())
        await posting.finish(plain(LONG))
        await posting.finish(plain(LONG.replace("third", "last")))
        assert posting.ids == ["0", "1", "2"]

    asyncio.run(scenario())
    assert list(chat.messages.values()) == LONG.replace("third", "last").split("\n\n")
    assert len(chat.writes) == 4


def test_what_gets_shorter_takes_messages_back() -> None:
    chat = MemoryChat()

    async def scenario() -> None:
        posting = Posting(chat, PLACE, Paces())
        await posting.finish(plain(LONG))
        await posting.finish(plain("short"))

    asyncio.run(scenario())
    assert list(chat.messages.values()) == ["short"]


def test_the_end_is_tried_until_it_stands_there() -> None:
    chat = MemoryChat()
    chat.failures += [SlowDown(0.05), PlatformUnreachable("away")]

    async def scenario() -> None:
        began = time.monotonic()
        await Posting(chat, PLACE, Paces()).finish(plain("done"))
        assert time.monotonic() - began >= 1.0

    asyncio.run(scenario())
    assert chat.writes == ["done"]


def test_a_platform_that_asks_for_too_long_or_refuses_is_an_error() -> None:
    chat = MemoryChat()
    chat.failures += [SlowDown(3_600), PlatformRefused("kicked out")]

    async def scenario() -> None:
        with pytest.raises(SlowDown):
            await Posting(chat, PLACE, Paces()).finish(plain("done"))
        with pytest.raises(PlatformRefused):
            await Posting(chat, PLACE, Paces()).finish(plain("done"))
        await Posting(chat, PLACE, Paces()).show(plain("on the way"))

    asyncio.run(scenario())


def test_a_message_that_somebody_deleted_is_sent_again() -> None:
    chat = MemoryChat()

    async def scenario() -> None:
        posting = Posting(chat, PLACE, Paces())
        await posting.show(plain("one"))
        chat.failures.append(PlatformRefused("message to edit not found"))
        await posting.finish(plain("two"))
        assert posting.ids == ["0", "1"]

    asyncio.run(scenario())
    assert chat.messages == {"0": "one", "1": "two"}


def test_answers_in_one_chat_share_its_pace() -> None:
    chat, times = MemoryChat(seconds=0.05), list[float]()

    async def scenario() -> None:
        paces = Paces()
        for _ in range(3):
            await Posting(chat, PLACE, paces).finish(plain("done"))
            times.append(time.monotonic())

    asyncio.run(scenario())
    assert all(later - earlier >= 0.04 for earlier, later in pairwise(times))
