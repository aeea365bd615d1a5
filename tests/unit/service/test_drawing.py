from __future__ import annotations

import asyncio

import pytest

from ingest.rendering import RendererBusy
from service.http.drawing import Drawing


def test_only_so_many_hold_a_turn_and_only_so_many_wait() -> None:
    async def crowd() -> tuple[int, int]:
        drawing, leave = Drawing(at_once=2, most_waiting=3), asyncio.Event()
        inside = most = 0

        async def look() -> None:
            nonlocal inside, most
            async with drawing.turn():
                inside += 1
                most = max(most, inside)
                await leave.wait()
                inside -= 1

        looking = [asyncio.create_task(look()) for _ in range(5)]
        await asyncio.sleep(0)
        with pytest.raises(RendererBusy):
            await look()
        leave.set()
        await asyncio.gather(*looking)
        await asyncio.wait_for(look(), 1)
        return most, inside

    assert asyncio.run(crowd()) == (2, 0)


def test_who_leaves_while_waiting_leaves_room() -> None:
    async def crowd() -> None:
        drawing = Drawing(at_once=1, most_waiting=1)
        async with drawing.turn():
            waiting = asyncio.create_task(drawing.turn().__aenter__())
            await asyncio.sleep(0)
            waiting.cancel()
            await asyncio.gather(waiting, return_exceptions=True)
        await asyncio.wait_for(drawing.turn().__aenter__(), 1)

    asyncio.run(crowd())
