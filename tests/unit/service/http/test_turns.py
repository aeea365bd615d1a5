from __future__ import annotations

import asyncio
from collections import Counter

import pytest

from service.http.turns import TooMuchAtOnce, Turns

pytestmark = pytest.mark.anyio
A, B, C = ("acme", "a"), ("acme", "b"), ("acme", "c")


class Crowd:
    """Requests that hold their turn until they are let go."""

    def __init__(self, turns: Turns) -> None:
        self.turns = turns
        self.inside: Counter[tuple[str, str]] = Counter()
        self.go = asyncio.Event()
        self.tasks: list[asyncio.Task[None]] = []

    async def come(self, who: tuple[str, str], times: int) -> None:
        self.tasks += [asyncio.create_task(self.look(who)) for _ in range(times)]
        await settle()

    async def look(self, who: tuple[str, str]) -> None:
        async with self.turns.turn(who):
            self.inside[who] += 1
            await self.go.wait()
            self.inside[who] -= 1


async def settle() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


async def test_one_key_leaves_room_for_others() -> None:
    crowd = Crowd(Turns(at_once=4, of_one=2, most_waiting=50))
    await crowd.come(A, 40)
    await crowd.come(B, 1)
    assert (crowd.inside[A], crowd.inside[B]) == (2, 1)

    crowd.go.set()
    await asyncio.gather(*crowd.tasks)


async def test_all_keys_together_leave_room_for_what_is_short() -> None:
    crowd = Crowd(Turns(at_once=3, of_one=2, most_waiting=50))
    for who in (A, B, C):
        await crowd.come(who, 5)
    assert crowd.inside.total() == 3

    crowd.go.set()
    await asyncio.gather(*crowd.tasks)


async def test_one_too_many_is_turned_away_and_then_welcome_again() -> None:
    crowd = Crowd(Turns(at_once=1, of_one=1, most_waiting=2))
    await crowd.come(A, 3)
    with pytest.raises(TooMuchAtOnce):
        await crowd.look(A)

    crowd.go.set()
    await asyncio.gather(*crowd.tasks, crowd.look(B))
    await crowd.look(A)


async def test_who_leaves_while_waiting_leaves_room() -> None:
    crowd = Crowd(Turns(at_once=1, of_one=1, most_waiting=1))
    await crowd.come(A, 2)
    crowd.tasks[1].cancel()
    await settle()
    await crowd.come(A, 1)
    assert not crowd.tasks[2].done()

    crowd.go.set()
    await asyncio.gather(*crowd.tasks, return_exceptions=True)
    assert not crowd.inside.total()
