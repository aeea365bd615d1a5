"""Of prompts that begin alike one goes first, and nobody waits longer than that takes."""

from __future__ import annotations

import asyncio

import pytest

from prompts.mirror import PrefixMirror, render
from prompts.plan import PromptMessage
from service.flights import WORTH_WAITING, Flights

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
