"""Requests that are broken off while the database is asked leave nothing behind that counts."""

from __future__ import annotations

import asyncio
import threading
from contextlib import closing, suppress
from typing import TYPE_CHECKING, cast

import pytest

from service.access.shared_limits import SharedSlots

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import timedelta

    from ingest.catalog.catalog import Catalog

PATIENCE = 60.0
"""Seconds, where all is well none of them."""


class SlowRequests:
    """The requests under way, as a database keeps them that answers when it is let."""

    def __init__(self) -> None:
        self.under_way: set[str] = set()
        self.asked = threading.Event()
        self.answers = threading.Event()

    def begin_request(self, identity: str, key: str, most: int, patience: timedelta) -> bool:
        del key, most, patience
        self._wait()
        self.under_way.add(identity)
        return True

    def end_request(self, identity: str) -> None:
        self._wait()
        self.under_way.discard(identity)

    def keep_requests(self, identities: Collection[str], patience: timedelta) -> None: ...

    def _wait(self) -> None:
        self.asked.set()
        assert self.answers.wait(PATIENCE)


async def break_off(task: asyncio.Task[object], requests: SlowRequests) -> None:
    """Cancel it while the database is asked, which answers only then."""
    assert await asyncio.to_thread(requests.asked.wait, PATIENCE)
    task.cancel()
    await asyncio.sleep(0)
    requests.answers.set()
    with suppress(asyncio.CancelledError):
        await task
    assert task.cancelled()


def test_who_leaves_while_a_slot_is_taken_holds_none() -> None:
    requests = SlowRequests()

    async def run() -> None:
        with closing(SharedSlots(cast("Catalog", requests))) as slots:
            await break_off(asyncio.create_task(slots.take("k", 1)), requests)

    asyncio.run(run())
    assert requests.under_way == set()


@pytest.mark.parametrize("busy", [False, True], ids=["at once", "while others are first"])
def test_who_leaves_while_a_slot_is_given_back_has_given_it_back(*, busy: bool) -> None:
    requests = SlowRequests()
    requests.answers.set()

    async def run() -> None:
        with closing(SharedSlots(cast("Catalog", requests))) as slots:
            slot = await slots.take("k", 1)
            assert slot is not None
            others = [await slots.take("k", 9) for _ in range(8 if busy else 0)]
            requests.answers.clear()
            requests.asked.clear()
            for other in filter(None, others):
                slots.drop(other)
            task = asyncio.create_task(slots.leave(slot))
            await asyncio.sleep(0)
            await break_off(task, requests)
            slots.drop(slot)  # as whoever took it does at the end

    asyncio.run(run())
    assert requests.under_way == set()
