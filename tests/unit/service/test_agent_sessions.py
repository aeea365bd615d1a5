"""How many sessions of agents one key may hold open."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from service.access.caller import Caller
from service.access.rates import LimitReached
from service.http.agent_sessions import IDLE_SECONDS, OpenSessions

if TYPE_CHECKING:
    from starlette.types import Message, Receive, Scope, Send


VERSIONS = frozenset({"2025-06-18"})


class Manager:
    """Begins a session for whoever names none; answers with ``status``, once ``answering`` is set."""

    def __init__(self, status: int = 200) -> None:
        self.begun = 0
        self.asked = 0
        self.status = status
        self.answering = asyncio.Event()
        self.answering.set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        del receive
        self.asked += 1
        headers = []
        if not scope["headers"]:
            self.begun += 1
            headers = [(b"mcp-session-id", f"s{self.begun}".encode())]
        await self.answering.wait()
        await send({"type": "http.response.start", "status": self.status, "headers": headers})


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def door_to(manager: Manager, most: int, clock: Clock | None = None) -> OpenSessions:
    return OpenSessions(
        manager, lambda scope: scope["caller"], versions=VERSIONS, most=most, clock=clock or Clock()
    )


async def asking(
    door: OpenSessions, key: str, session: str | None = None, method: str = "POST", version: str | None = None
) -> None:
    async def receive() -> Message:
        raise AssertionError

    async def send(message: Message) -> None:
        assert message["type"] == "http.response.start"

    told = {"mcp-session-id": session, "mcp-protocol-version": version}
    headers = [(name.encode(), value.encode()) for name, value in told.items() if value is not None]
    scope: dict[str, Any] = {"type": "http", "method": method, "headers": headers, "caller": Caller(key=key)}
    await door(scope, receive, send)


def ask(
    door: OpenSessions, key: str, session: str | None = None, method: str = "POST", version: str | None = None
) -> None:
    asyncio.run(asking(door, key, session, method, version))


def test_one_key_does_not_take_the_room_of_others() -> None:
    clock = Clock()
    door = door_to(Manager(), 2, clock)
    ask(door, "a")
    ask(door, "a")

    with pytest.raises(LimitReached, match="2 sessions of agents are open") as refused:
        ask(door, "a")
    assert refused.value.retry_after == IDLE_SECONDS

    ask(door, "b")
    ask(door, "a", "s1")  # who is there goes on


def test_ended_and_silent_sessions_make_room() -> None:
    clock = Clock()
    door = door_to(Manager(), 2, clock)
    ask(door, "a")
    ask(door, "a")
    ask(door, "a", "s1", "DELETE")
    ask(door, "a")

    clock.now = IDLE_SECONDS - 1
    ask(door, "a", "s3")
    clock.now = IDLE_SECONDS + 1
    ask(door, "a")
    with pytest.raises(LimitReached):
        ask(door, "a")


def test_another_ones_session_is_not_counted_to_who_names_it() -> None:
    door = door_to(Manager(), 1)
    ask(door, "a")
    ask(door, "b", "s1")
    ask(door, "b", "s1", "DELETE")

    with pytest.raises(LimitReached):
        ask(door, "a")
    ask(door, "b")


@pytest.mark.parametrize(("status", "ends"), [(200, True), (404, True), (405, False), (400, False)])
def test_only_a_session_that_is_gone_makes_room(status: int, ends: bool) -> None:
    manager = Manager()
    door = door_to(manager, 1)
    ask(door, "a")
    manager.status = status
    ask(door, "a", "s1", "DELETE")
    manager.status = 200

    if ends:
        ask(door, "a")
    else:
        with pytest.raises(LimitReached):
            ask(door, "a")


def test_an_end_in_a_version_without_sessions_is_none() -> None:
    door = door_to(Manager(), 1)
    ask(door, "a")
    ask(door, "a", "s1", "DELETE", version="2026-07-28")

    with pytest.raises(LimitReached):
        ask(door, "a")


def test_those_who_begin_at_once_are_counted() -> None:
    async def begin() -> tuple[int, int]:
        manager = Manager()
        manager.answering.clear()
        door = door_to(manager, 2)
        agents = [asyncio.create_task(asking(door, "a")) for _ in range(9)]
        while not all(agent.done() for agent in agents[2:]):
            await asyncio.sleep(0)
            assert manager.asked <= 2, "more are let in than may be"
        manager.answering.set()
        ended = await asyncio.gather(*agents, return_exceptions=True)
        return manager.begun, sum(isinstance(one, LimitReached) for one in ended)

    assert asyncio.run(begin()) == (2, 7)


def test_what_begins_none_gives_its_place_back() -> None:
    manager = Manager(status=400)  # whose session is not kept, though the answer names it
    door = door_to(manager, 1)
    for _ in range(3):
        ask(door, "a")

    async def leave() -> None:
        manager.answering = asyncio.Event()
        agent = asyncio.create_task(asking(door, "a"))
        await asyncio.sleep(0)
        agent.cancel()
        await asyncio.gather(agent, return_exceptions=True)

    asyncio.run(leave())
    manager.answering = asyncio.Event()
    manager.answering.set()
    manager.status = 200
    ask(door, "a")
    assert manager.begun == 5
    with pytest.raises(LimitReached):
        ask(door, "a")


def test_a_version_without_sessions_is_never_refused() -> None:
    manager = Manager()
    door = door_to(manager, 1)
    ask(door, "a")
    ask(door, "a", version="2026-07-28")
    assert manager.asked == 2
    with pytest.raises(LimitReached):
        ask(door, "a", version="2025-06-18")
