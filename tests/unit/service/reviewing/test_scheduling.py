"""The order in which cells are asked."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

import pytest

from service.reviewing.scheduling import Limits, ask_all


@dataclass
class Log:
    """What began and ended, in order, of all documents."""

    events: list[str] = field(default_factory=list[str])
    under_way: int = 0
    most: int = 0


@dataclass
class Document:
    """Answers after some turns of the loop."""

    name: str
    places: tuple[int, ...]
    log: Log
    shares: bool = True
    cold: tuple[int, ...] = ()
    """Places whose asking fails."""
    broken: int | None = None

    async def open(self) -> bool:
        return self.shares

    async def ask(self, place: int) -> bool:
        self.log.events.append(f"{self.name}{place}+")
        self.log.under_way += 1
        self.log.most = max(self.log.most, self.log.under_way)
        for _ in range(3):
            await asyncio.sleep(0)
        self.log.under_way -= 1
        if place == self.broken:
            raise ConnectionError(self.name)
        self.log.events.append(f"{self.name}{place}-")
        return place not in self.cold


def test_the_first_question_goes_alone_and_the_others_beside_each_other() -> None:
    log = Log()
    asyncio.run(ask_all([Document("a", (0, 1, 2, 3), log)], Limits(questions=2)))

    assert log.events[:2] == ["a0+", "a0-"]
    assert log.events[2:4] == ["a1+", "a2+"]
    assert log.most == 2


def test_documents_follow_one_another_within_their_limit() -> None:
    log = Log()
    documents = [Document(name, (0, 1), log) for name in "abc"]
    asyncio.run(ask_all(documents, Limits(documents=1)))

    assert [event[0] for event in log.events] == list("aaaabbbbcccc")

    log = Log()
    asyncio.run(
        ask_all([Document(name, (0, 1, 2), log) for name in "abcde"], Limits(documents=2, questions=1))
    )
    assert log.most == 2
    assert len(log.events) == 30


def test_a_first_question_that_fails_leaves_the_next_one_alone() -> None:
    log = Log()
    asyncio.run(ask_all([Document("a", (0, 1, 2, 3), log, cold=(0,))], Limits()))

    assert log.events[:4] == ["a0+", "a0-", "a1+", "a1-"]
    assert log.events[4:6] == ["a2+", "a3+"]


def test_a_cache_on_second_sight_gets_two_alone() -> None:
    log = Log()
    asyncio.run(ask_all([Document("a", (0, 1, 2, 3), log)], Limits(warming=2)))

    assert log.events[:4] == ["a0+", "a0-", "a1+", "a1-"]


def test_prompts_that_share_nothing_wait_for_nothing() -> None:
    log = Log()
    asyncio.run(ask_all([Document("a", (0, 1, 2), log, shares=False)], Limits()))

    assert log.events[:3] == ["a0+", "a1+", "a2+"]


def test_nothing_to_ask_is_no_error() -> None:
    asyncio.run(ask_all([], Limits()))


def test_what_breaks_ends_all_of_it() -> None:
    log = Log()
    with pytest.raises(ExceptionGroup):
        asyncio.run(ask_all([Document("a", (0, 1, 2, 3, 4), log, broken=1)], Limits(questions=1)))

    assert "a4+" not in log.events
