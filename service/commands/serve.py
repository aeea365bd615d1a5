"""``lectern serve``: the HTTP service."""

from __future__ import annotations

import asyncio
import gc
import signal
import socket
import sys
import time
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Literal, NoReturn

import click
import uvicorn

from service import logs
from service.arenas import share_arenas
from service.commands import options
from service.commands.terminal import say
from service.http.app import create_app, end, leave
from service.http.connection import IDLE_SECONDS, CuttableProtocol
from service.replicas import others_unlike
from service.running import announced, new_token
from service.settings import SettingsError
from service.wiring import open_services

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType

    from service.services import Services
    from service.settings import Settings


_LAST_SECONDS = 5
"""For the last bytes of answers, once all of them have ended."""
_LOOK_SECONDS = 0.05
_LOOP: Literal["asyncio", "uvloop"] = "asyncio" if sys.platform == "win32" else "uvloop"
"""A tenth less CPU for each word of an answer; not made for Windows."""
_ECHO_SECONDS = 0.5
"""Within which a second SIGTERM echoes the first: some send it to a process, and to its group besides."""
_SWITCH_SECONDS = 0.001
"""After which a thread that computes lets another one on, a fifth of what Python does by itself. One thread
writes all answers, and waits so long at each of its steps for every thread that plans one: beside two of them
six steps took 250 ms, and take 20. What computes is 5 to 10 percent slower for it."""


@click.command(short_help="Run the HTTP service.")
@click.option("--host", help="Address to bind; by default the settings'.")
@click.option("--port", type=click.IntRange(0, 65_535), help="0 takes a free one.")
def command(host: str | None, port: int | None) -> None:
    """Run the HTTP service until it is interrupted.

    Beyond loopback it needs an access key: one that `lectern keys create` has made, or LECTERN_ACCESS_KEY.
    """
    given = {key: value for key, value in {"host": host, "port": port}.items() if value is not None}
    settings = options.settings().model_copy(update=given)
    share_arenas()
    sys.setswitchinterval(_SWITCH_SECONDS)
    logs.configure_for(settings)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _end)
    with _bound(settings) as listening, open_services(settings) as services:
        _require_key(services)
        _require_one_index(services)
        url, token = _url(settings, listening), new_token()
        app = create_app(services, own_token=token)
        config = uvicorn.Config(
            app,
            log_config=None,
            access_log=False,
            timeout_keep_alive=IDLE_SECONDS,
            timeout_graceful_shutdown=_LAST_SECONDS,
            loop=_LOOP,
            # The others that uvicorn takes where they happen to be installed set no bound to a request's
            # headers, or answer what no route of ours speaks.
            http=CuttableProtocol,
            ws="none",
        )
        server = _Server(
            config,
            services,
            on_leave=partial(leave, app),
            on_end=partial(end, app),
            on_over=app.state.agents.hurry,
        )
        gc.freeze()  # what is loaded stays: each full collection would look through it for 130 ms
        with announced(settings.data, url, token):
            say(f"Lectern answers at {url}  (API: {url}/docs)")
            server.run(sockets=[listening])


def _require_key(services: Services) -> None:
    """Whoever can reach the server must need a key, and somebody must have one."""
    settings, now = services.settings, datetime.now(UTC)
    if settings.is_loopback or settings.access_key is not None:
        return
    if not any(key.is_live(now) for key in services.catalog.access_keys()):
        raise SettingsError(
            f"binding {settings.host} needs an access key: make one with `lectern keys create`, or set "
            "LECTERN_ACCESS_KEY"
        )


def _require_one_index(services: Services) -> None:
    """Servers over one database must search one index, or each would lack what the others have ingested."""
    unlike = others_unlike(services) if services.catalog.is_shared else []
    if unlike:
        raise SettingsError(
            f"setting qdrant_url: {unlike[0].name} serves the same database and searches another index: all "
            "of them need the same Qdrant server"
        )


class _Server(uvicorn.Server):
    """Lets answers come to their end before it closes its door.

    Args:
        config: uvicorn's.
        services: know what is being answered, and for how long that may go on.
        on_leave: is called first, and has time to be noticed.
        on_end: turns away what is new.
        on_over: is called when the last answers have ended, or were broken off.
    """

    def __init__(
        self,
        config: uvicorn.Config,
        services: Services,
        *,
        on_leave: Callable[[], None],
        on_end: Callable[[], None],
        on_over: Callable[[], None],
    ) -> None:
        super().__init__(config)
        self._ending = services.ending
        self._settings = services.settings
        self._on_leave, self._on_end, self._on_over = on_leave, on_end, on_over
        self._told_at: float | None = None

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Stop; a second signal, of either kind, waits for nobody any more, as uvicorn has it of SIGINT."""
        now = time.monotonic()
        if self._told_at is None:
            self._told_at = now
        elif now - self._told_at >= _ECHO_SECONDS:
            self.force_exit = True
        super().handle_exit(sig, frame)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """As uvicorn does it, once those that send requests had time to notice and the answers have ended.

        Who tells it once more (SIGINT or SIGTERM) waits for neither.
        """
        self._on_leave()
        await self._drain()
        self._on_end()
        await self._ending.finish(self._settings.grace_seconds, hurried=lambda: self.force_exit)
        self._on_over()
        await super().shutdown(sockets)

    async def _drain(self) -> None:
        deadline = time.monotonic() + self._settings.drain_seconds
        while time.monotonic() < deadline and not self.force_exit:  # noqa: ASYNC110 — a signal sets a flag
            await asyncio.sleep(_LOOK_SECONDS)


def _end(number: int, frame: FrameType | None) -> NoReturn:
    """Leave through every ``with``; uvicorn sends itself the signal again once it has shut down."""
    del number, frame
    raise SystemExit(0)


def _bound(settings: Settings) -> socket.socket:
    """Bound before anything is loaded: a port that is taken is said at once."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    try:
        return socket.create_server((settings.host, settings.port), family=family)
    except OSError as error:
        raise SettingsError(f"cannot bind {settings.host}:{settings.port}: {error.strerror}") from error


def _url(settings: Settings, listening: socket.socket) -> str:
    """Where this machine reaches it: an address that means "everywhere" is no address to connect to."""
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(settings.host, settings.host)  # noqa: S104 — compared
    port: int = listening.getsockname()[1]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
