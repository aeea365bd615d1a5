"""Calls in an event loop, over ``httpx2``."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, TypeVar

from service.remote.errors import absent, unreachable
from service.remote.forms import Form
from service.remote.replies import EventReader, check, is_fine, read_reply

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator, Mapping

    import httpx2

    from service.remote.calls import Call, Following, Outgoing
    from service.remote.server import Server

T = TypeVar("T")
_KEPT_SECONDS = 2.0
"""An idle connection; servers close theirs after five, and a call must not meet that."""


class ConcurrentTransport:
    """Connections that belong to one event loop. The arguments are those of `BlockingTransport`."""

    def __init__(self, server: Server, *, connect: float, idle: float) -> None:
        import ssl  # noqa: PLC0415 — like the next

        import httpx2  # noqa: PLC0415 — a tenth of a second, which a command line need not pay

        self._server = server
        self._http = httpx2.AsyncClient(
            headers=_raw(server.headers),
            timeout=httpx2.Timeout(idle, connect=connect),
            limits=httpx2.Limits(keepalive_expiry=_KEPT_SECONDS),
            verify=ssl.create_default_context() if server.scheme == "https" else False,
            trust_env=False,  # neither proxies nor keys of a .netrc: as the other transport does
        )

    async def close(self) -> None:
        """Let go of the connections."""
        await self._http.aclose()

    async def carry_out(self, call: Call[T]) -> T:
        """Its answer; errors as the client's."""
        async with self._answered(call.request) as response:
            status, content = response.status_code, await response.aread()
        return read_reply(call, status, content)

    async def follow(self, following: Following[T]) -> AsyncGenerator[T, None]:
        """Its events as they come; closing the generator ends the connection, and so the server's work."""
        reader = EventReader(following)
        async with self._answered(following.request) as response:
            if not is_fine(response.status_code):
                check(response.status_code, await response.aread())
            async for piece in response.aiter_raw():
                for event in reader.feed(piece):
                    yield event
                if reader.ended:
                    return
        reader.finish()

    @asynccontextmanager
    async def _answered(self, request: Outgoing) -> AsyncGenerator[httpx2.Response, None]:
        import httpx2  # noqa: PLC0415 — loaded by the constructor

        content = _pieces(request.body) if isinstance(request.body, Form) else request.body or None
        try:
            async with self._http.stream(
                request.method,
                self._server.url + request.path,
                content=content,
                headers=_raw(request.headers),
            ) as response:
                yield response
        except (httpx2.ConnectError, httpx2.ConnectTimeout) as error:
            raise absent(error) from error
        except httpx2.RequestError as error:
            raise unreachable(error) from error


def _raw(headers: Mapping[str, bytes]) -> dict[bytes, bytes]:
    return {name.encode(): value for name, value in headers.items()}


async def _pieces(form: Form) -> AsyncIterator[bytes]:
    """Read in threads: a slow disk must not hold up the loop."""
    import asyncio  # noqa: PLC0415 — whoever is in an event loop has it

    pieces = form.pieces()
    while (piece := await asyncio.to_thread(next, pieces, None)) is not None:
        yield piece
