from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, cast

import pytest

from service.access.caller import Caller
from service.http.agents import AgentDoor

if TYPE_CHECKING:
    from starlette.types import Message, Scope

    from service.services import Services
    from service.settings import Settings

REQUEST: Scope = {
    "type": "http",
    "method": "POST",
    "path": "/mcp",
    "headers": [],
    "query_string": b"",
    "state": {"caller": Caller()},
}


class BrokenServices:
    """Services that agents cannot be served from yet."""

    def __init__(self) -> None:
        self.asked = 0

    @property
    def settings(self) -> Settings:
        self.asked += 1
        raise RuntimeError("not yet")


def test_one_failed_beginning_is_not_the_next_agents() -> None:
    broken = BrokenServices()

    async def receive() -> Message:
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        raise AssertionError(message)

    async def come_twice() -> None:
        door = AgentDoor(cast("Services", broken))
        for _ in range(2):
            with pytest.raises(RuntimeError, match="not yet"):
                await door(REQUEST, receive, send)
        await door.close()

    asyncio.run(come_twice())
    assert broken.asked == 2
