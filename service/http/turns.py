"""Who waits for what takes long: never so many, of one key or of all, that nothing else is answered."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, cast

from fastapi import Depends, Request

from ingest.errors import TransientError
from service.http.access import caller_of

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

AT_ONCE = 16
"""Requests that hold one of the framework's 40 threads for long; the short ones have the others."""
OF_ONE_KEY = 8
MOST_WAITING = 100
"""Requests of one key: each keeps a connection open."""


class TooMuchAtOnce(TransientError):
    """One key waits for too many things that take long already."""


class Turns:
    """Turns of the requests that take long, within a key first come, first served; in one event loop.

    Args:
        at_once: turns in all.
        of_one: turns that one caller may hold.
        most_waiting: requests of one caller that may wait for a turn.
    """

    def __init__(
        self, at_once: int = AT_ONCE, of_one: int = OF_ONE_KEY, most_waiting: int = MOST_WAITING
    ) -> None:
        self.threads = ThreadPoolExecutor(at_once, thread_name_prefix="lectern-turn")
        """For routes that begin their thread themselves: one for each turn."""
        self._turns = asyncio.Semaphore(at_once)
        self._of_one = of_one
        self._most_waiting = most_waiting
        self._own: defaultdict[tuple[str, str], asyncio.Semaphore] = defaultdict(self._few)
        self._there: defaultdict[tuple[str, str], int] = defaultdict(int)

    @asynccontextmanager
    async def turn(self, who: tuple[str, str]) -> AsyncGenerator[None]:
        """Wait without a thread, then hold a turn.

        Raises:
            TooMuchAtOnce: this caller has too many waiting already.
        """
        if self._there[who] >= self._of_one + self._most_waiting:
            raise TooMuchAtOnce("too many requests of this access key wait already: try again later")
        self._there[who] += 1
        try:
            # One's own first: who waits here for the others would hold what these wait for.
            async with self._own[who], self._turns:
                yield
        finally:
            self._there[who] -= 1
            if not self._there[who]:
                del self._there[who], self._own[who]

    def _few(self) -> asyncio.Semaphore:
        return asyncio.Semaphore(self._of_one)


async def _turn(request: Request) -> AsyncGenerator[None]:
    turns, caller = cast("Turns", request.app.state.turns), caller_of(request)
    async with turns.turn((caller.tenant, caller.key)):
        yield


TAKES_LONG = Depends(_turn)
"""Of a route in whose thread much is computed, or long waited."""
