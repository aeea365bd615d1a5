"""The connection that a request came by, for whoever has to cut it off."""

from __future__ import annotations

import socket
import struct
from typing import TYPE_CHECKING, cast

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from service.http.failing import CUT_OFF

if TYPE_CHECKING:
    import asyncio

    from uvicorn._types import ASGIReceiveCallable, ASGISendCallable, Scope

HEAD_SECONDS = 20.0
"""For the head of a request: from the beginning of a connection, or from its first byte after an answer."""
IDLE_SECONDS = 75
"""For the next request of a connection. Most clients let go of theirs after 5 (httpx, openai) to 60 (nginx,
Amazon's load balancers): a server that is as quick closes one just as its next request comes."""
_AT_ONCE = struct.pack("ii", 1, 0)


class CuttableProtocol(H11Protocol):
    """uvicorn's HTTP/1.1, whose requests know how to cut off their connection, and come within a time.

    uvicorn closes what an application leaves unfinished, and that waits until the client has read all that
    lies in the buffers: of one that reads nothing, for as long as it likes. And it waits for ever for the
    rest of a request's head: a few lines hold as many connections as the system lets a process have.
    """

    head_seconds = HEAD_SECONDS
    _awaiting_head: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """As the parent's."""
        super().connection_made(transport)
        self._await_head()
        served = self.app

        async def cuttable(scope: Scope, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
            if scope["type"] == "http":
                scope.setdefault("state", {})[CUT_OFF] = lambda: cut_off(transport)
            await served(scope, receive, send)

        self.app = cuttable

    def data_received(self, data: bytes) -> None:
        """As the parent's."""
        super().data_received(data)
        if self.conn.their_state is not h11.IDLE:
            self._stop_awaiting()
        elif self._awaiting_head is None:
            self._await_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """As the parent's."""
        self._stop_awaiting()
        super().connection_lost(exc)

    def _await_head(self) -> None:
        self._awaiting_head = self.loop.call_later(self.head_seconds, self.transport.close)

    def _stop_awaiting(self) -> None:
        if self._awaiting_head is not None:
            self._awaiting_head.cancel()
            self._awaiting_head = None


def cut_off(transport: asyncio.Transport) -> None:
    """End a connection and drop what waits to be sent, here and in the system's buffer."""
    plain = cast("socket.socket | None", transport.get_extra_info("socket"))
    if plain is not None and not transport.is_closing():
        plain.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _AT_ONCE)
    transport.abort()
