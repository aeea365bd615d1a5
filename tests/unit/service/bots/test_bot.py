"""The bot between a platform in memory and a server that is not there."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING

from service.bots.admission import EVERYONE, Rules
from service.bots.apologies import BUG
from service.bots.bot import Bot
from service.bots.lanes import LONGEST_QUEUE
from service.bots.platform import Attachment, PlatformRefused
from service.bots.threads import FILE, Thread, Threads
from service.client import AsyncClient
from service.http.requests import LONGEST_QUESTION
from tests.fakes.chat import MemoryChat, message

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    from service.bots.platform import Incoming

ALL = Rules(frozenset({EVERYONE}), frozenset({EVERYONE}), ("default", "leases"), 100, 100)
AWAY = "The Lectern server does not answer just now. Try again in a minute."


def told(folder: Path, *messages: Incoming, chat: MemoryChat | None = None, rules: Rules = ALL) -> list[str]:
    """What the bot says to these messages, in order."""
    room = chat or MemoryChat()
    room.longest = 10_000

    async def scenario() -> None:
        async with AsyncClient("http://127.0.0.1:9") as client:
            bot = Bot(
                room,
                client,
                rules,
                Threads(folder, "memory"),
                server="",
                largest_file=100,
                clock=asyncio.get_running_loop().time,
            )
            for each in messages:
                bot.receive(each)
            await bot.finish(10)

    asyncio.run(scenario())
    return room.writes


def test_of_strangers_nothing_is_remembered(tmp_path: Path) -> None:
    asked = [message("Who signs?", person=f"p{n % 3}", number=str(n)) for n in range(30)]
    aside = replace(message("Who?", person="p9", number="99"), addressed=False)
    said = told(tmp_path, *asked, aside, rules=replace(ALL, allowed=frozenset({"ann"})))

    assert [f"({person})" in words for person, words in zip(("p0", "p1", "p2"), said, strict=True)] == [
        True
    ] * 3
    with closing(sqlite3.connect(tmp_path / FILE)) as database:
        assert (
            database.execute("SELECT thread FROM messages UNION SELECT thread FROM threads").fetchall() == []
        )


def test_a_server_that_is_away_is_named(tmp_path: Path) -> None:
    assert told(tmp_path, message("Who signs?")) == [AWAY]


def test_a_message_that_comes_twice_is_answered_once(tmp_path: Path) -> None:
    assert told(tmp_path, message("Who signs?"), message("Who signs?")) == [AWAY]
    assert told(tmp_path, message("Who signs?")) == []


def test_a_thread_takes_so_many_questions_and_says_when_it_is_full(tmp_path: Path) -> None:
    asked = [message("Who signs?", number=str(n)) for n in range(LONGEST_QUEUE + 3)]
    said = told(tmp_path, *asked)
    assert said.count(AWAY) == LONGEST_QUEUE
    assert [words for words in said if words != AWAY] == [
        "There are enough questions waiting in this thread. Ask again once they are answered."
    ]


def test_what_nobody_foresaw_is_said_and_ends_nothing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file = replace(message(number="1"), attachments=(Attachment("f", "a.pdf", 5),))
    said = told(tmp_path, file, message("Who signs?", number="2"))
    assert said == ["Receiving a.pdf …", BUG, AWAY]
    assert "a message was not answered" in caplog.text


def test_a_chat_that_throws_the_bot_out_ends_nothing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    chat = MemoryChat()
    chat.failures.append(PlatformRefused("thrown out"))
    said = told(tmp_path, message("One?", number="1"), message("Two?", number="2"), chat=chat)
    assert said == [AWAY]
    assert "cannot write to room: thrown out" in caplog.text


def test_what_is_too_long_is_refused_with_the_limit(tmp_path: Path) -> None:
    assert told(tmp_path, message("x" * (LONGEST_QUESTION + 1))) == ["A question may have 20,000 characters."]


def test_in_a_thread_it_takes_part_once_it_was_spoken_to(tmp_path: Path) -> None:
    aside = replace(message("And when?", number="2"), addressed=False)
    assert told(tmp_path, aside) == []
    assert told(tmp_path, message("Who signs?", number="1"), aside) == [AWAY, AWAY]


def test_a_collection_that_is_no_longer_allowed_is_left(tmp_path: Path) -> None:
    Threads(tmp_path, "memory").keep(Thread("room", "secret", "ses_1"))
    [said] = told(tmp_path, replace(message(), command="collection"))
    assert said.startswith("Collections:\n→ default\n• leases\n")


def test_a_new_thread_asks_what_was_chosen_for_its_chat(tmp_path: Path) -> None:
    choose = replace(message("leases", number="1"), command="collection")
    told(tmp_path, choose)
    [said] = told(tmp_path, replace(message(number="2"), thread="room/2", command="collection"))
    assert said.startswith("Collections:\n• default\n→ leases\n")
