"""Who waits for pictures of pages: never so many that nothing else of the server is answered."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from ingest.rendering import RendererBusy

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

AT_ONCE = 4
"""Requests that hold a thread: one page is drawn at a time, and those that are kept are given meanwhile."""
MOST_WAITING = 100


class Drawing:
    """Turns of the requests for pictures, first come, first served; in the event loop of one server."""

    def __init__(self, at_once: int = AT_ONCE, most_waiting: int = MOST_WAITING) -> None:
        self._turns = asyncio.Semaphore(at_once)
        self._most_waiting = most_waiting
        self._waiting = 0

    @asynccontextmanager
    async def turn(self) -> AsyncGenerator[None]:
        """Wait without a thread, then hold a turn.

        Raises:
            RendererBusy: too many wait already.
        """
        if self._waiting >= self._most_waiting:
            raise RendererBusy("too many pages wait to be drawn: try again later")
        self._waiting += 1
        try:
            await self._turns.acquire()
        finally:
            self._waiting -= 1
        try:
            yield
        finally:
            self._turns.release()
