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


class Manager:
    """Begins a session for whoever names none."""

    def __init__(self) -> None:
        self.begun = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        del receive
        headers = []
        if not scope["headers"]:
            self.begun += 1
            headers = [(b"mcp-session-id", f"s{self.begun}".encode())]
        await send({"type": "http.response.start", "status": 200, "headers": headers})


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def ask(door: OpenSessions, key: str, session: str | None = None, method: str = "POST") -> None:
    async def receive() -> Message:
        raise AssertionError

    async def send(message: Message) -> None:
        assert message["type"] == "http.response.start"

    headers = [(b"mcp-session-id", session.encode())] if session else []
    scope: dict[str, Any] = {"type": "http", "method": method, "headers": headers, "caller": Caller(key=key)}
    asyncio.run(door(scope, receive, send))


def test_one_key_does_not_take_the_room_of_others() -> None:
    clock = Clock()
    door = OpenSessions(Manager(), lambda scope: scope["caller"], most=2, clock=clock)
    ask(door, "a")
    ask(door, "a")

    with pytest.raises(LimitReached, match="2 sessions of agents are open") as refused:
        ask(door, "a")
    assert refused.value.retry_after == IDLE_SECONDS

    ask(door, "b")
    ask(door, "a", "s1")  # who is there goes on


def test_ended_and_silent_sessions_make_room() -> None:
    clock = Clock()
    door = OpenSessions(Manager(), lambda scope: scope["caller"], most=2, clock=clock)
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
    door = OpenSessions(Manager(), lambda scope: scope["caller"], most=1)
    ask(door, "a")
    ask(door, "b", "s1")
    ask(door, "b", "s1", "DELETE")

    with pytest.raises(LimitReached):
        ask(door, "a")
    ask(door, "b")
