"""Of prompts that begin alike one goes first, and nobody waits longer than that takes."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from prompts.mirror import PrefixMirror, render
from prompts.plan import PromptMessage
from service.flights import WORTH_WAITING, Flights
from service.models.queueing import CallQueue

if TYPE_CHECKING:
    from service.models.contract import Urgency

LONG = "word " * WORTH_WAITING
"""More than is worth waiting for."""


class Provider:
    """Reads prompts at its leisure and remembers them."""

    def __init__(self, sightings: int = 1) -> None:
        self.flights = Flights()
        self.mirror = PrefixMirror(600.0, sightings=sightings)
        self.reading = 0
        self.cold: list[str] = []
        self.most_cold_at_once = 0

    async def ask(self, question: str, text: str = LONG, *, fails: bool = False) -> bool:
        """Whether it let another one go first."""
        messages = [PromptMessage("system", text), PromptMessage("user", question)]

        def cached() -> int:
            return self.mirror.cached(messages, 1.0)

        async with self.flights.admit(messages, cached) as flight:
            is_cold = len(render(messages)) - cached() > WORTH_WAITING
            self.reading += is_cold
            self.most_cold_at_once = max(self.most_cold_at_once, self.reading)
            try:
                await asyncio.sleep(0.01)
                if fails:
                    raise ConnectionError
                if is_cold:
                    self.cold.append(question)
                self.mirror.sent(messages, 1.0)
                flight.landed()
            finally:
                self.reading -= is_cold
            await asyncio.sleep(0.02)  # the answer is written: nobody waits for that
            return flight.waited


def together(provider: Provider, number: int = 20) -> list[bool]:
    async def ask() -> list[bool]:
        return await asyncio.gather(*(provider.ask(f"Question {n}?") for n in range(number)))

    return asyncio.run(ask())


def test_one_reads_what_all_share() -> None:
    provider = Provider()
    assert together(provider) == [False, *[True] * 19]
    assert provider.cold == ["Question 0?"]


def test_two_where_a_provider_caches_on_second_sight() -> None:
    provider = Provider(sightings=2)
    together(provider)
    assert provider.cold == ["Question 0?", "Question 1?"]
    assert provider.most_cold_at_once == 1


def test_another_one_goes_where_the_first_fails() -> None:
    provider = Provider()

    async def ask() -> list[bool | BaseException]:
        first = provider.ask("First?", fails=True)
        return await asyncio.gather(first, *(provider.ask(f"{n}?") for n in range(5)), return_exceptions=True)

    failed, *others = asyncio.run(ask())
    assert isinstance(failed, ConnectionError)
    assert others == [True] * 5
    assert provider.cold == ["0?"]


def test_nobody_waits_for_another_text_or_for_little() -> None:
    provider = Provider()

    async def ask() -> list[bool]:
        texts = [f"{n} {LONG}" for n in range(4)]
        different = [provider.ask("Why?", text) for text in texts]
        short = [provider.ask(f"{n}?", "A short text.") for n in range(4)]
        return await asyncio.gather(*different, *short)

    assert not any(asyncio.run(ask()))
    assert provider.most_cold_at_once == 4


def test_one_that_is_cancelled_while_it_waits_holds_up_nobody() -> None:
    provider = Provider()

    async def ask() -> list[bool]:
        first = asyncio.create_task(provider.ask("First?"))
        second = asyncio.create_task(provider.ask("Second?"))
        third = asyncio.create_task(provider.ask("Third?"))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        second.cancel()
        with pytest.raises(asyncio.CancelledError):
            await second
        return [await first, await third]

    assert asyncio.run(ask()) == [False, True]


class Line:
    """Two places for calls, one of which a batch may have; prompts that begin alike."""

    def __init__(self, patience: float = 60.0) -> None:
        self.queue, self.flights = CallQueue(2, 16, 60.0), Flights(patience=patience)
        self.asked: list[str] = []
        self.read = asyncio.Event()
        self.gone = asyncio.Semaphore(0)

    async def ask(self, name: str, urgency: Urgency) -> None:
        """Once it is asked, the provider reads until ``read`` is set."""
        messages = [PromptMessage("system", LONG), PromptMessage("user", name)]
        async with self.flights.admit(messages, lambda: 0, urgency) as flight, self.queue.turn(urgency):
            flight.goes()
            self.asked.append(name)
            self.gone.release()
            await self.read.wait()

    async def begin(self, name: str, urgency: Urgency) -> asyncio.Task[None]:
        task = asyncio.create_task(self.ask(name, urgency))
        await settle()
        return task


async def settle() -> None:
    for _ in range(9):
        await asyncio.sleep(0)


def test_a_question_does_not_wait_for_a_batch_that_waits_itself() -> None:
    async def ask() -> None:
        line = Line()
        async with line.queue.turn("batch"):  # of something else
            warming = await line.begin("warm", "batch")
            assert line.asked == []
            question = await line.begin("question", "question")
            assert line.asked == ["question"]
            other = await line.begin("another", "question")
            assert line.asked == ["question"], "which it does wait for"
            line.read.set()
            await asyncio.gather(question, other)
        await warming
        assert line.asked == ["question", "another", "warm"]

    asyncio.run(ask())


def test_a_question_waits_for_a_batch_whose_turn_has_come() -> None:
    async def ask() -> None:
        line = Line()
        warming = await line.begin("warm", "batch")
        question = await line.begin("question", "question")
        assert line.asked == ["warm"]
        line.read.set()
        await asyncio.gather(warming, question)
        assert line.asked == ["warm", "question"]

    asyncio.run(ask())


def test_a_batch_waits_for_whoever_reads_what_it_shares() -> None:
    async def ask() -> None:
        line = Line(patience=0.0)  # a question's
        first = await line.begin("first", "batch")
        second = await line.begin("second", "batch")
        assert line.asked == ["first"]
        line.read.set()
        await asyncio.gather(first, second)

    asyncio.run(ask())


def test_questions_do_not_wait_for_a_silent_provider_without_end() -> None:
    async def ask() -> None:
        line = Line(patience=0.01)
        silent = await line.begin("silent", "question")
        question = await line.begin("question", "question")
        for _ in range(2):
            await asyncio.wait_for(line.gone.acquire(), 10)
        assert line.asked == ["silent", "question"]
        line.read.set()
        await asyncio.gather(silent, question)

    asyncio.run(ask())
