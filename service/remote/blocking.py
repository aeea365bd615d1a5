"""Calls over the standard library: importing an HTTP package costs as much as the rest of a command."""

from __future__ import annotations

from contextlib import contextmanager, suppress
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import TYPE_CHECKING, TypeVar

from service.remote.errors import absent, unreachable
from service.remote.forms import Form
from service.remote.replies import EventReader, check, is_fine, read_reply

if TYPE_CHECKING:
    from collections.abc import Generator
    from http.client import HTTPResponse

    from service.remote.calls import Call, Following, Outgoing
    from service.remote.server import Server

T = TypeVar("T")
_PIECE = 2**16


class BlockingTransport:
    """A connection for every call: it may be used by several threads.

    Args:
        server: who is asked.
        connect: seconds until somebody must answer there.
        idle: seconds that may pass without a byte.
    """

    def __init__(self, server: Server, *, connect: float, idle: float) -> None:
        self._server = server
        self._connect = connect
        self._idle = idle

    def carry_out(self, call: Call[T]) -> T:
        """Its answer; errors as the client's."""
        with self._answered(call.request) as response:
            status, content = response.status, response.read()
        return read_reply(call, status, content)

    def follow(self, following: Following[T]) -> Generator[T]:
        """Its events as they come; closing the generator ends the connection, and so the server's work."""
        reader = EventReader(following)
        with self._answered(following.request) as response:
            if not is_fine(response.status):
                check(response.status, response.read())
            while not reader.ended and (piece := response.read1(_PIECE)):
                yield from reader.feed(piece)
        reader.finish()

    @contextmanager
    def _answered(self, request: Outgoing) -> Generator[HTTPResponse]:
        connection = self._connected()
        try:
            response = self._sent(connection, request)
            with response:
                yield response
        except (OSError, HTTPException) as error:
            raise unreachable(error) from error
        finally:
            connection.close()

    def _connected(self) -> HTTPConnection:
        kind = HTTPSConnection if self._server.scheme == "https" else HTTPConnection
        connection = kind(self._server.host, self._server.port, timeout=self._connect)
        try:
            connection.connect()
        except OSError as error:
            raise absent(error) from error
        connection.sock.settimeout(self._idle)
        return connection

    def _sent(self, connection: HTTPConnection, request: Outgoing) -> HTTPResponse:
        body = request.body.pieces() if isinstance(request.body, Form) else request.body or None
        headers = {**self._server.headers, **request.headers}
        # Who refuses a large body says why and hangs up before he has read it.
        with suppress(BrokenPipeError, ConnectionResetError):
            connection.request(request.method, self._server.prefix + request.path, body, headers)
        return connection.getresponse()
