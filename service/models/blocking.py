"""A language model for code that runs in a thread of its own: it asks and waits."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from service.loop_thread import LoopClosed, LoopThread
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
        self._loop = LoopThread("lectern-model", close=close)

    def complete(
        self, request: ModelRequest, *, seconds: float, heard: Callable[[ModelEvent], None] = lambda _: None
    ) -> Completion:
        """The whole reply; ``heard`` is told, in another thread, what arrives of it.

        Raises:
            ModelError: it could not be had, not in ``seconds``, or this was closed meanwhile.
            asyncio.CancelledError: whoever this thread works for has left.
        """
        try:
            return self._loop.run(lambda: self._within(request, seconds, heard))
        except LoopClosed as error:
            raise ModelUnreachable("the model's connections were closed") from error

    def close(self) -> None:
        """End what is being asked, and the thread."""
        self._loop.close()

    async def _within(
        self, request: ModelRequest, seconds: float, heard: Callable[[ModelEvent], None]
    ) -> Completion:
        try:
            async with asyncio.timeout(seconds):
                return await complete(self._model, request, heard)
        except TimeoutError as error:
            raise ModelTimeout(f"no whole reply in {seconds:g} seconds", retry=False) from error
