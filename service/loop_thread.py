"""An event loop for code that runs in threads of its own: it asks and waits.

The connections of a client belong to one event loop. Searches are made in worker threads of a server and in
the main thread of a command, where none runs; so the loop has a thread of its own here.
"""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import CancelledError
from typing import TYPE_CHECKING, Any, TypeVar

from service.cancelling import current_cancellation

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine

_T = TypeVar("_T")


class LoopClosed(Exception):
    """The loop was closed while it worked."""


class LoopThread:
    """Does coroutines' work for any thread that runs no event loop; several may ask at a time."""

    def __init__(self, name: str, *, close: Callable[[], Awaitable[None]] | None = None) -> None:
        """``name`` is the thread's; ``close`` lets go of what was made in the loop, there."""
        self._name = name
        self._close = close
        self._starting = threading.Lock()
        self._ready = threading.Event()
        self._thread: threading.Thread | None = None

    def run(self, work: Callable[[], Coroutine[Any, Any, _T]]) -> _T:
        """What the work gives; it ends when nobody waits for this thread any more, see `in_thread`.

        Raises:
            LoopClosed: this was closed meanwhile.
            asyncio.CancelledError: nobody waits for it.
        """
        cancellation = current_cancellation()
        cancellation.require()
        future = asyncio.run_coroutine_threadsafe(work(), self._running())
        try:
            with cancellation.awaiting(future):
                return future.result()
        except CancelledError as error:
            cancellation.require()
            raise LoopClosed from error
        except BaseException:
            future.cancel()  # an interrupted caller wants no answer any more
            raise

    def close(self) -> None:
        """End what is being done, and the thread."""
        with self._starting:
            thread, self._thread = self._thread, None
        if thread is not None:
            self._loop.call_soon_threadsafe(self._stopped.set)
            thread.join()

    def _running(self) -> asyncio.AbstractEventLoop:
        with self._starting:
            if self._thread is None:
                self._ready.clear()
                self._thread = threading.Thread(
                    target=lambda: asyncio.run(self._serve()), name=self._name, daemon=True
                )
                self._thread.start()
                self._ready.wait()
            return self._loop

    async def _serve(self) -> None:
        self._loop, self._stopped = asyncio.get_running_loop(), asyncio.Event()
        self._ready.set()
        await self._stopped.wait()
        asked = asyncio.all_tasks() - {asyncio.current_task()}
        for task in asked:
            task.cancel()
        await asyncio.gather(*asked, return_exceptions=True)
        if self._close is not None:
            await self._close()
