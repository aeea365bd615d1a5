"""The task of a server that runs the reviews that wait, one at a time."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from typing import TYPE_CHECKING

from ingest.errors import LecternError
from service.jobs.owner import this_process
from service.reviewing.running import put_back, run_review, settle

if TYPE_CHECKING:
    from ingest.catalog.review_records import ReviewRecord
    from service.services import Services

_LOOK_SECONDS = 1.0
_log = logging.getLogger(__name__)


class ReviewWorker:
    """Runs reviews in the event loop that it was started in: that of the model's connections."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._awake = asyncio.Event()
        self._claimed: ReviewRecord | None = None
        """Begun here, until its end is recorded."""
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
        if self._claimed is not None:  # its end could not be recorded, such as while the database was away
            await asyncio.to_thread(put_back, catalog, self._claimed)
            self._claimed = None
        if self._services.generation is None:
            return False
        review = self._claimed = await asyncio.to_thread(catalog.claim_review, this_process())
        if review is None:
            return False
        await run_review(self._services, review)
        self._claimed = None
        return True
