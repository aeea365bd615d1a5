"""The end of a server in two steps: first nothing new begins, then what still runs is told that it ends.

An answer that is being written when a server is told to stop may come to its end; one that takes longer than
anybody waits is interrupted, and says so, instead of breaking off in the middle of a word.
"""

from __future__ import annotations

import asyncio
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from ingest.errors import TransientError

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

_LOOK_SECONDS = 0.05
_SAID_WITHIN = 2.0
"""Seconds for the last words of answers that are interrupted."""


class ServerEnds(TransientError):
    """The server was told to stop; another one, or this one started anew, may answer."""

    retry_after = 5.0


class Ending:
    """Knows the answers that are being written. Use it in the event loop that writes them."""

    def __init__(self) -> None:
        self._answering: set[asyncio.Task[Any]] = set()
        self._begun = False
        self._over = False

    @property
    def begun(self) -> bool:
        """Whether nothing new begins any more."""
        return self._begun

    def begin(self) -> None:
        """Turn new questions away."""
        self._begun = True

    def require_going_on(self) -> None:
        """Ask before anything is done for a question.

        Raises:
            ServerEnds: it would not be answered any more.
        """
        if self._begun:
            raise ServerEnds("the server is about to stop: ask again in some seconds")

    @contextmanager
    def answering(self) -> Generator[None]:
        """The current task writes an answer in this block.

        Raises:
            ServerEnds: the server stops and can wait no longer.
        """
        task = asyncio.current_task()
        assert task is not None
        if self._over:
            raise _interrupted()
        self._answering.add(task)
        try:
            yield
        except asyncio.CancelledError:
            if not self._over or not task.cancelling():
                raise  # somebody else has cancelled it: its reader has left
            task.uncancel()
            raise _interrupted() from None
        finally:
            self._answering.discard(task)

    async def finish(self, seconds: float, *, hurried: Callable[[], bool] = lambda: False) -> None:
        """Wait for the answers that are being written, then interrupt what is left of them.

        Args:
            seconds: that they may take.
            hurried: whether nobody wants to wait any longer.
        """
        self.begin()
        await self._until_quiet(seconds, hurried)
        self._over = True
        for task in tuple(self._answering):
            task.cancel()
        await self._until_quiet(_SAID_WITHIN, hurried)

    async def _until_quiet(self, seconds: float, hurried: Callable[[], bool]) -> None:
        deadline = time.monotonic() + seconds
        while self._answering and time.monotonic() < deadline and not hurried():  # noqa: ASYNC110 — signals set flags
            await asyncio.sleep(_LOOK_SECONDS)


def _interrupted() -> ServerEnds:
    return ServerEnds("the server stops and has broken off this answer: ask again in some seconds")
