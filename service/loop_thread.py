"""An event loop for code that runs in threads of its own: it asks and waits.

The connections of a client belong to one event loop. Searches are made in worker threads of a server and in
the main thread of a command, where none runs; so the loop has a thread of its own here.
"""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import CancelledError
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from service.cancelling import current_cancellation

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine
    from concurrent.futures import Future

_T = TypeVar("_T")
_LOOK_SECONDS = 1.0
"""Between two looks at whether the thread still lives."""


class LoopClosed(Exception):
    """The loop was closed while it worked."""


class LoopThread:
    """Does coroutines' work for any thread that runs no event loop; several may ask at a time."""

    def __init__(self, name: str, *, close: Callable[[], Awaitable[None]] | None = None) -> None:
        """``name`` is the thread's; ``close`` lets go of what was made in the loop, there."""
        self._name = name
        self._close = close
        self._starting = threading.Lock()
        self._running: _Running | None = None

    def run(self, work: Callable[[], Coroutine[Any, Any, _T]]) -> _T:
        """What the work gives; it ends when nobody waits for this thread any more, see `in_thread`.

        Raises:
            LoopClosed: this was closed meanwhile, or its thread has died.
            asyncio.CancelledError: nobody waits for it.
        """
        cancellation = current_cancellation()
        cancellation.require()
        running = self._started()
        future = asyncio.run_coroutine_threadsafe(work(), running.loop)
        try:
            with cancellation.awaiting(future):
                return _awaited(future, running.thread)
        except CancelledError as error:
            cancellation.require()
            raise LoopClosed from error
        except BaseException:
            future.cancel()  # an interrupted caller wants no answer any more
            raise

    def close(self) -> None:
        """End what is being done, and the thread."""
        with self._starting:
            running, self._running = self._running, None
        if running is not None:
            with suppress(RuntimeError):  # the thread has died, and closed its loop
                running.loop.call_soon_threadsafe(running.stopped.set)
            running.thread.join()

    def _started(self) -> _Running:
        """The loop is made by who asks first: where that fails, it is told so and waits for nothing."""
        with self._starting:
            if self._running is None or not self._running.thread.is_alive():
                loop, stopped = asyncio.new_event_loop(), asyncio.Event()
                thread = threading.Thread(
                    target=self._run, args=(loop, stopped), name=self._name, daemon=True
                )
                self._running = _Running(loop, stopped, thread)
                thread.start()
            return self._running

    def _run(self, loop: asyncio.AbstractEventLoop, stopped: asyncio.Event) -> None:
        with asyncio.Runner(loop_factory=lambda: loop) as runner:
            runner.run(self._serve(stopped))

    async def _serve(self, stopped: asyncio.Event) -> None:
        await stopped.wait()
        asked = asyncio.all_tasks() - {asyncio.current_task()}
        for task in asked:
            task.cancel()
        await asyncio.gather(*asked, return_exceptions=True)
        if self._close is not None:
            await self._close()


@dataclass(frozen=True, slots=True)
class _Running:
    """A loop, and the thread that it runs in."""

    loop: asyncio.AbstractEventLoop
    stopped: asyncio.Event
    thread: threading.Thread


def _awaited(future: Future[_T], thread: threading.Thread) -> _T:
    """Its result; of a thread that has died nobody would ever hear."""
    while True:
        try:
            return future.result(timeout=_LOOK_SECONDS)
        except TimeoutError:
            if future.done():  # it is the work's own, or came just now
                return future.result()
            if not thread.is_alive():
                future.cancel()
                raise LoopClosed from None
