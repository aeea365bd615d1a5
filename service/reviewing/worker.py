"""The task of a server that runs the reviews that wait, one at a time."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from typing import TYPE_CHECKING

from ingest.errors import LecternError
from service.jobs.owner import this_process
from service.reviewing.running import run_review, settle

if TYPE_CHECKING:
    from service.services import Services

_LOOK_SECONDS = 1.0
_log = logging.getLogger(__name__)


class ReviewWorker:
    """Runs reviews in the event loop that it was started in: that of the model's connections."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._awake = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        self._task = asyncio.create_task(self._work(), name="lectern-reviews")

    def wake(self) -> None:
        """Look for reviews now; from any thread."""
        self._loop.call_soon_threadsafe(self._awake.set)

    def hurry(self) -> None:
        """End the cells that are under way, and leave the review queued; from any thread."""
        self._loop.call_soon_threadsafe(self._task.cancel)

    async def stop(self) -> None:
        """Hurry, and wait for the end."""
        self._task.cancel()
        with suppress(asyncio.CancelledError):
            await self._task

    async def _work(self) -> None:
        while True:
            try:
                while await self._run_one():
                    pass
            except LecternError as error:
                _log.warning("reviews wait: %s", error)
            except Exception:  # noqa: BLE001 — an edge: a task that ends would leave reviews waiting for ever
                _log.exception("the task that runs reviews met an error")
            with suppress(TimeoutError):
                await asyncio.wait_for(self._awake.wait(), _LOOK_SECONDS)
            self._awake.clear()

    async def _run_one(self) -> bool:
        """Run the review whose turn it is; False where none waits."""
        catalog = self._services.catalog
        await asyncio.to_thread(settle, catalog)
        if self._services.generation is None:
            return False
        review = await asyncio.to_thread(catalog.claim_review, this_process())
        if review is None:
            return False
        await run_review(self._services, review)
        return True
