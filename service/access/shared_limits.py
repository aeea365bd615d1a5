"""Limits of keys that hold over all servers together: counted in the database that they share.

Each request of a key with a limit takes a short transaction or two. Keys without limits cost nothing.
"""

from __future__ import annotations

import asyncio
import logging
import math
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

from ingest.errors import LecternError
from service.access.rates import MINUTE, Standing
from service.access.slots import new_slot
from service.cancelling import in_thread

if TYPE_CHECKING:
    from collections.abc import Collection

    from ingest.catalog.catalog import Catalog
    from ingest.catalog.limit import Counted

WINDOW = timedelta(seconds=MINUTE)
PATIENCE = timedelta(seconds=30)
"""For which a request of a server that was killed still counts."""
_KEPT_SECONDS = 5.0
_AT_ONCE = 4
_log = logging.getLogger(__name__)


class SharedRates:
    """A `RateCounter` of all servers."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._threads = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="lectern-rates")

    async def hit(self, name: str, limit: int) -> Standing:
        """As `RateCounter.hit`."""
        counted = await in_thread(self._threads, lambda: self._catalog.count_request(name, limit, WINDOW))
        return _standing(counted, limit)

    async def look(self, name: str, limit: int) -> Standing:
        """As `RateCounter.look`."""
        return _standing(
            await in_thread(self._threads, lambda: self._catalog.requests(name, limit, WINDOW)), limit
        )

    def close(self) -> None:
        """Let go of the threads."""
        self._threads.shutdown()


class SharedSlots:
    """`Slots` of all servers. A thread says that what is held here goes on, until `close`."""

    def __init__(self, catalog: Catalog, *, patience: timedelta = PATIENCE) -> None:
        """``patience`` is how long a slot of a server that was killed is held."""
        self._catalog = catalog
        self._patience = patience
        self._threads = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="lectern-slots")
        self._held: set[str] = set()
        self._over = threading.Event()
        self._keeping = threading.Thread(target=self._keep, daemon=True, name="lectern-slots-kept")
        self._keeping.start()

    async def take(self, key: str, most: int) -> str | None:
        """As `Slots.take`."""
        slot = new_slot()
        begin = partial(self._catalog.begin_request, slot, key, most, self._patience)
        try:
            taken = await in_thread(self._threads, begin, outlast=True)
        except asyncio.CancelledError:  # it may have been taken all the same, for nobody
            self._end_later(slot)
            raise
        if not taken:
            return None
        self._held.add(slot)
        return slot

    async def leave(self, slot: str) -> None:
        """As `Slots.leave`; while the database does not answer, the slot is held for a while more."""
        if slot in self._held:
            with suppress(LecternError):
                await in_thread(self._threads, partial(self._catalog.end_request, slot))
            self._held.discard(slot)  # not before: where this task is cancelled, `drop` has it still to do

    def drop(self, slot: str) -> None:
        """As `Slots.drop`."""
        if slot in self._held:
            self._held.discard(slot)
            self._end_later(slot)

    def close(self) -> None:
        """End what is still to be ended."""
        self._over.set()
        self._keeping.join()
        self._threads.shutdown()

    def _end_later(self, slot: str) -> None:
        with suppress(RuntimeError):  # the server ends
            self._threads.submit(self._end, slot)

    def _end(self, slot: str) -> None:
        with suppress(LecternError):
            self._catalog.end_request(slot)

    def _keep(self) -> None:
        while not self._over.wait(_KEPT_SECONDS):
            held: Collection[str] = self._held.copy()
            if not held:
                continue
            try:
                self._catalog.keep_requests(held, self._patience)
            except LecternError as error:
                _log.warning("requests under way may count no more: %s", error)


def _standing(counted: Counted, limit: int) -> Standing:
    return Standing(counted.allowed, limit, max(limit - counted.used, 0), max(math.ceil(counted.left), 1))
