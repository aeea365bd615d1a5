"""Calls that are left before anything was set aside for them are forgotten."""

from __future__ import annotations

import asyncio
import gc
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from typing import TYPE_CHECKING, cast

from service.access.shared_budgets import SharedBudgets
from service.recording import Origin, Recording, begun_call

if TYPE_CHECKING:
    from ingest.catalog.catalog import Catalog
    from service.access.budgets import SpendingRecord

PATIENCE = 60.0


class Unasked:
    """A catalog and a ledger that nobody may ask."""


def test_a_call_that_is_left_while_it_waits_for_a_thread_leaves_nothing_behind() -> None:
    free = threading.Event()
    unasked = Unasked()
    made = SharedBudgets(cast("Catalog", unasked), cast("SpendingRecord", unasked), lambda _: None)

    async def leave(threads: ThreadPoolExecutor) -> None:
        call = begun_call(Origin("acme", "docs", key="k"), "answer", provider="zai", model="glm-5", planned=9)

        async def ask() -> None:
            async with Recording(made, call, 9, threads=threads):
                raise AssertionError("it was left")

        asking = asyncio.create_task(ask())
        await asyncio.sleep(0)
        asking.cancel()
        with suppress(asyncio.CancelledError):
            await asking

    with closing(made) as budgets:
        with ThreadPoolExecutor(1) as threads:
            threads.submit(free.wait, PATIENCE)  # by others, who are first
            asyncio.run(leave(threads))
            free.set()
        gc.collect()
        assert not list(budgets._due)  # pyright: ignore[reportPrivateUsage] — nothing else tells
