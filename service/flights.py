"""Single flight: of several prompts that begin alike and that the cache does not hold, one goes first.

The others wait until its first token comes: by then the provider has read its prompt, and serves them what
they share. Where a provider caches on second sight, two go first.
"""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from prompts.mirror import Match
from prompts.pieces import pieces

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Sequence

    from prompts.plan import PromptMessage

WORTH_WAITING = 4_000
"""Code points that must be shared beyond what the cache holds: some thousand tokens."""


NOTHING = Match(0)


@dataclass(slots=True, eq=False)
class Flight:
    """A prompt on its way, until the provider has read it."""

    pieces: Sequence[str]
    waited: bool = False
    """Whether it let another one go first: what the cache holds has changed since it was planned."""
    known: Match = field(default=NOTHING)
    """What of it had been sent before it went."""
    read: asyncio.Event = field(default_factory=asyncio.Event)

    def landed(self) -> None:
        """The provider has read it: its first token is here."""
        self.read.set()


class Flights:
    """The prompts that are on their way to one model for one tenant, in one event loop."""

    def __init__(self) -> None:
        self._cold: list[Flight] = []

    @asynccontextmanager
    async def admit(
        self, messages: Sequence[PromptMessage], cached: Callable[[], int]
    ) -> AsyncGenerator[Flight]:
        """Wait while another prompt reads what this one shares with it; then go.

        Args:
            messages: of the prompt.
            cached: code points of it that the cache holds now.
        """
        flight = Flight(pieces(messages))
        while (other := self._ahead(flight, cached())) is not None:
            flight.waited = True
            await other.read.wait()
        length = sum(map(len, flight.pieces))
        if length - cached() > WORTH_WAITING:
            self._cold.append(flight)
        try:
            yield flight
        finally:
            flight.landed()  # or it failed: the next one goes
            if flight in self._cold:
                self._cold.remove(flight)

    def _ahead(self, flight: Flight, cached: int) -> Flight | None:
        """A prompt that is being read and shares enough with this one that is not held yet."""
        reading = (other for other in self._cold if not other.read.is_set())
        return next((one for one in reading if _shared(one, flight) - cached > WORTH_WAITING), None)


def _shared(one: Flight, other: Flight) -> int:
    """Code points that both begin with, in whole pieces."""
    length = 0
    for mine, its in zip(one.pieces, other.pieces, strict=False):
        if mine != its:
            break
        length += len(mine)
    return length
