"""Outermost of all: a client that stops reading what it has asked for is one that has left."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from service.http.failing import CUT_OFF, UNREAD

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

SECONDS = 30.0
"""That a client may leave the server's buffer full. A slow one is waited for, piece by piece."""


class SendLimit:
    """ASGI middleware: ends a request whose answer nobody takes, what makes that answer, and its connection.

    Until then the answer waits, its model's place taken: this is how a slow reader slows what it reads.
    """

    def __init__(self, app: ASGIApp, seconds: float = SECONDS) -> None:
        self._app = app
        self._seconds = seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on; it is cancelled where one piece of its answer cannot be sent in time."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        loop, state = asyncio.get_running_loop(), scope.setdefault("state", {})

        async def limited(message: Message) -> None:
            if UNREAD in state:  # sent while it ends: as if the client had left
                return
            sending = asyncio.timeout(self._seconds)
            try:
                async with sending:
                    await send(message)
            except TimeoutError:
                if not sending.expired():
                    raise
                state[UNREAD] = True
                request.reschedule(loop.time())  # the sender may be a task of the request's: all of it ends

        request = asyncio.timeout(None)
        try:
            async with request:
                await self._app(scope, receive, limited)
        except TimeoutError:
            if not request.expired():
                raise
            if CUT_OFF in state:
                state[CUT_OFF]()
                await asyncio.sleep(0)  # the server hears of it before it complains of an unfinished answer
