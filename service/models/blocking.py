"""A language model for code that runs in a thread of its own: it asks and waits.

The connections of a model belong to one event loop. Searches are made in worker threads of a server and in
the main thread of a command, where none runs; so the loop has a thread of its own here.
"""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import CancelledError
from typing import TYPE_CHECKING

from service.models.contract import complete
from service.models.errors import ModelTimeout, ModelUnreachable

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from service.models.contract import Completion, LanguageModel, ModelEvent, ModelRequest


class BlockingModel:
    """Asks a model from any thread that runs no event loop; several may ask at a time."""

    def __init__(self, model: LanguageModel, *, close: Callable[[], Awaitable[None]] | None = None) -> None:
        """``close`` lets go of the model's connections, in the loop that they were made in."""
        self._model = model
        self._close = close
        self._starting = threading.Lock()
        self._ready = threading.Event()
        self._thread: threading.Thread | None = None

    def complete(
        self, request: ModelRequest, *, seconds: float, heard: Callable[[ModelEvent], None] = lambda _: None
    ) -> Completion:
        """The whole reply; ``heard`` is told, in another thread, what arrives of it.

        Raises:
            ModelError: it could not be had, not in ``seconds``, or this was closed meanwhile.
        """
        future = asyncio.run_coroutine_threadsafe(self._within(request, seconds, heard), self._running())
        try:
            return future.result()
        except CancelledError as error:
            raise ModelUnreachable("the model's connections were closed") from error
        except BaseException:
            future.cancel()  # an interrupted caller wants no answer any more
            raise

    def close(self) -> None:
        """End what is being asked, and the thread."""
        with self._starting:
            thread, self._thread = self._thread, None
        if thread is not None:
            self._loop.call_soon_threadsafe(self._stopped.set)
            thread.join()

    async def _within(
        self, request: ModelRequest, seconds: float, heard: Callable[[ModelEvent], None]
    ) -> Completion:
        try:
            async with asyncio.timeout(seconds):
                return await complete(self._model, request, heard)
        except TimeoutError as error:
            raise ModelTimeout(f"no whole reply in {seconds:g} seconds", retry=False) from error

    def _running(self) -> asyncio.AbstractEventLoop:
        with self._starting:
            if self._thread is None:
                self._ready.clear()
                self._thread = threading.Thread(
                    target=lambda: asyncio.run(self._serve()), name="lectern-model", daemon=True
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
