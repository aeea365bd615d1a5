"""Single flight: of several prompts that begin alike and that the cache does not hold, one goes first.

The others wait until its first token comes: by then the provider has read its prompt, and serves them what
they share. Where a provider caches on second sight, two go first. A question does not wait for a part of much
work that itself waits for its turn (`service.models.queueing`), nor for anything without end.
"""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from prompts.mirror import Match
from prompts.pieces import pieces

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Sequence

    from prompts.plan import PromptMessage
    from service.models.contract import ModelRequest, Urgency

WORTH_WAITING = 4_000
"""Code points that must be shared beyond what the cache holds: some thousand tokens."""
PATIENCE = 30.0
"""Seconds that a question lets others go first: a provider that says nothing is not waited for in turn."""

NOTHING = Match(0)


@dataclass(slots=True, eq=False)
class Flight:
    """A prompt on its way, until the provider has read it."""

    pieces: Sequence[str]
    urgency: Urgency = "question"
    in_turn: bool = False
    """Whether its turn in the queue of calls has come."""
    waited: bool = False
    """Whether it let another one go first: what the cache holds has changed since it was planned."""
    known: Match = field(default=NOTHING)
    """What of it had been sent before it went."""
    read: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def is_put_off(self) -> bool:
        """Whether it may be long until it goes: questions are let go before it."""
        return self.urgency == "batch" and not self.in_turn

    def asking(self, request: ModelRequest) -> ModelRequest:
        """The request as its model is to be asked it; the flight hears when its turn has come."""
        return replace(request, urgency=self.urgency, in_turn=self.goes)

    def goes(self) -> None:
        """Its turn has come."""
        self.in_turn = True

    def landed(self) -> None:
        """The provider has read it: its first token is here."""
        self.read.set()


class Flights:
    """The prompts that are on their way to one model for one tenant, in one event loop."""

    def __init__(self, *, patience: float = PATIENCE) -> None:
        """``patience`` in seconds is a question's."""
        self._patience = patience
        self._cold: list[Flight] = []

    @asynccontextmanager
    async def admit(
        self, messages: Sequence[PromptMessage], cached: Callable[[], int], urgency: Urgency = "question"
    ) -> AsyncGenerator[Flight]:
        """Wait while another prompt reads what this one shares with it; then go.

        Args:
            messages: of the prompt.
            cached: code points of it that the cache holds now.
            urgency: of the call; a batch is asked by `Flight.asking`.
        """
        flight = Flight(pieces(messages), urgency)
        with suppress(TimeoutError):
            async with asyncio.timeout(None if urgency == "batch" else self._patience):
                await self._wait(flight, cached)
        length = sum(map(len, flight.pieces))
        if length - cached() > WORTH_WAITING:
            self._cold.append(flight)
        try:
            yield flight
        finally:
            flight.landed()  # or it failed: the next one goes
            if flight in self._cold:
                self._cold.remove(flight)

    async def _wait(self, flight: Flight, cached: Callable[[], int]) -> None:
        while (other := self._ahead(flight, cached())) is not None:
            flight.waited = True
            await other.read.wait()

    def _ahead(self, flight: Flight, cached: int) -> Flight | None:
        """A prompt that is being read and shares enough with this one that is not held yet."""
        reading = (other for other in self._cold if not other.read.is_set())
        if flight.urgency != "batch":
            reading = (other for other in reading if not other.is_put_off)
        return next((one for one in reading if _shared(one, flight) - cached > WORTH_WAITING), None)


def _shared(one: Flight, other: Flight) -> int:
    """Code points that both begin with, in whole pieces."""
    length = 0
    for mine, its in zip(one.pieces, other.pieces, strict=False):
        if mine != its:
            break
        length += len(mine)
    return length
