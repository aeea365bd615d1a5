from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from service.http.failing import UNREAD
from service.http.send_limit import SendLimit

if TYPE_CHECKING:
    from starlette.types import Message, Receive, Scope, Send

pytestmark = pytest.mark.anyio


async def receive() -> Message:
    await asyncio.Event().wait()
    raise AssertionError("nobody leaves")


async def never(_: Message) -> None:
    await asyncio.Event().wait()


async def test_what_makes_an_answer_that_nobody_takes_is_cancelled_wherever_it_runs() -> None:
    ended: list[str] = []

    async def sending(name: str, send: Send) -> None:
        try:
            for _ in range(3):
                await send({"type": "http.response.body", "body": b"x", "more_body": True})
            await asyncio.Event().wait()
        finally:
            ended.append(name)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        del scope, receive
        async with asyncio.TaskGroup() as group:
            group.create_task(sending("child", send))
            await sending("request", send)

    scope: Scope = {"type": "http"}
    async with asyncio.timeout(20):
        await SendLimit(app, seconds=0.05)(scope, receive, never)

    assert sorted(ended) == ["child", "request"]
    assert scope["state"][UNREAD]


async def test_an_application_may_take_its_time_between_pieces() -> None:
    sent: list[Message] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        del scope, receive
        for _ in range(2):
            await asyncio.sleep(0.2)
            await send({"type": "http.response.body", "body": b"x", "more_body": True})

    async def taken(message: Message) -> None:
        sent.append(message)

    await SendLimit(app, seconds=0.1)({"type": "http"}, receive, taken)

    assert len(sent) == 2


async def test_time_that_ran_out_elsewhere_is_not_its_own() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        del scope, receive, send
        raise TimeoutError

    with pytest.raises(TimeoutError):
        await SendLimit(app)({"type": "http"}, receive, never)
