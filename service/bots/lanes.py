"""One thing at a time in each thread, in the order of arrival; threads beside each other."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

LONGEST_QUEUE = 5
"""Messages of one thread that wait or are being answered."""


class Lanes:
    """Runs coroutines; those of one key after one another."""

    def __init__(self) -> None:
        self._last: dict[str, asyncio.Task[None]] = {}
        self._waiting: dict[str, int] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def is_full(self, key: str) -> bool:
        """Whether this thread has enough to wait for."""
        return self._waiting.get(key, 0) >= LONGEST_QUEUE

    def add(
        self,
        key: str,
        work: Coroutine[None, None, None],
        dropped: Callable[[], Coroutine[None, None, None]] | None = None,
    ) -> None:
        """Run it once what came before it in this lane has ended; ``dropped`` if it never comes to that."""
        task = asyncio.create_task(self._after(self._last.get(key), work, dropped))
        self._waiting[key] = self._waiting.get(key, 0) + 1
        self._last[key] = task
        self._tasks.add(task)
        task.add_done_callback(lambda done: self._leave(key, done))

    async def finish(self, seconds: float) -> None:
        """Wait for all that was added; what takes longer is cancelled, and may still say so."""
        if not self._tasks:
            return
        _, late = await asyncio.wait(self._tasks, timeout=seconds)
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)

    @staticmethod
    async def _after(
        before: asyncio.Task[None] | None,
        work: Coroutine[None, None, None],
        dropped: Callable[[], Coroutine[None, None, None]] | None,
    ) -> None:
        try:
            if before is not None:
                await asyncio.wait([before])
        except asyncio.CancelledError:
            work.close()
            if dropped is not None:
                await dropped()
            raise
        await work

    def _leave(self, key: str, task: asyncio.Task[None]) -> None:
        """Tasks that are cancelled end in no order."""
        self._tasks.discard(task)
        if self._last.get(key) is task:
            del self._last[key]
        self._waiting[key] -= 1
        if self._waiting[key] == 0:
            del self._waiting[key]
