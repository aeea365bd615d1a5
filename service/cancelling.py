"""Threads that work for a task: what they wait for ends once nobody waits for them any more."""

from __future__ import annotations

import asyncio
from contextlib import contextmanager
from contextvars import ContextVar, copy_context
from threading import Lock
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from concurrent.futures import Executor, Future

_T = TypeVar("_T")


class Cancellation:
    """Whether anybody still waits for what a thread does."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._cancelled = False
        self._awaited: set[Future[Any]] = set()

    def cancel(self) -> None:
        """Nobody does: end what the thread waits for, and what it is about to wait for."""
        with self._lock:
            self._cancelled = True
            awaited = tuple(self._awaited)
        for future in awaited:
            future.cancel()

    def require(self) -> None:
        """Ask before anything is begun.

        Raises:
            asyncio.CancelledError: nobody waits for it any more.
        """
        if self._cancelled:
            raise asyncio.CancelledError

    @contextmanager
    def awaiting(self, future: Future[Any]) -> Generator[None]:
        """The thread waits for this in the block."""
        with self._lock:
            self._awaited.add(future)
        if self._cancelled:  # in between
            future.cancel()
        try:
            yield
        finally:
            with self._lock:
                self._awaited.discard(future)


_current: ContextVar[Cancellation | None] = ContextVar("lectern_cancellation", default=None)


def current_cancellation() -> Cancellation:
    """That of the work which this thread does; of a thread that works for no task, one that never comes."""
    return _current.get() or Cancellation()


async def in_thread(threads: Executor | None, work: Callable[[], _T], *, outlast: bool = False) -> _T:
    """What the work gives, in one of these threads, by default the event loop's, and in this task's context.

    A thread cannot be stopped: where this task is cancelled, what the work waits for ends in its place. With
    ``outlast`` the task ends only after the thread has: who counts such tasks counts threads.
    """
    cancellation, context = Cancellation(), copy_context()
    context.run(_current.set, cancellation)
    working = asyncio.get_running_loop().run_in_executor(threads, lambda: context.run(work))
    try:
        return await (asyncio.shield(working) if outlast else working)
    except asyncio.CancelledError:
        cancellation.cancel()
        if outlast:
            await asyncio.gather(working, return_exceptions=True)
        raise
