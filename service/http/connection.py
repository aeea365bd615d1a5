"""The connection that a request came by, for whoever has to cut it off."""

from __future__ import annotations

import socket
import struct
from typing import TYPE_CHECKING, cast

from uvicorn.protocols.http.h11_impl import H11Protocol

from service.http.failing import CUT_OFF

if TYPE_CHECKING:
    import asyncio

    from uvicorn._types import ASGIReceiveCallable, ASGISendCallable, Scope

_AT_ONCE = struct.pack("ii", 1, 0)


class CuttableProtocol(H11Protocol):
    """uvicorn's HTTP/1.1, whose requests know how to cut off their connection.

    uvicorn closes what an application leaves unfinished, and that waits until the client has read all that
    lies in the buffers: of one that reads nothing, for as long as it likes.
    """

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """As the parent's."""
        super().connection_made(transport)
        served = self.app

        async def cuttable(scope: Scope, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
            if scope["type"] == "http":
                scope.setdefault("state", {})[CUT_OFF] = lambda: cut_off(transport)
            await served(scope, receive, send)

        self.app = cuttable


def cut_off(transport: asyncio.Transport) -> None:
    """End a connection and drop what waits to be sent, here and in the system's buffer."""
    plain = cast("socket.socket | None", transport.get_extra_info("socket"))
    if plain is not None and not transport.is_closing():
        plain.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _AT_ONCE)
    transport.abort()
