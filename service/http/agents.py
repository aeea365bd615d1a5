"""``/mcp``: the tools for agents, loaded by the first one who comes."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, cast

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.status import HTTP_503_SERVICE_UNAVAILABLE

from service.access.caller import Forbidden
from service.access.rates import LimitReached
from service.access.view import View
from service.http.access import caller_of
from service.http.agent_sessions import IDLE_SECONDS, OpenSessions
from service.http.problems import answer_to
from service.knowledge.desk import Desk

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

    from service.access.caller import Caller
    from service.mcp_server import AgentSessions
    from service.services import Services

_OVER = "over"
"""In the state of a request."""
_log = logging.getLogger(__name__)


class AgentDoor:
    """ASGI application: the Model Context Protocol over HTTP.

    Its package takes half a second to load, which a server without agents does not pay. Its sessions live in
    a task of their own, since what begins them must end them.
    """

    def __init__(self, services: Services) -> None:
        self._services = services
        self._closing = asyncio.Event()
        self._opened: asyncio.Future[ASGIApp] | None = None
        self._serving: asyncio.Task[None] | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request of an agent's, or 503 where the server ends, 403 where it may not read."""
        if self._closing.is_set():
            refusal = HTTPException(HTTP_503_SERVICE_UNAVAILABLE, "the server ends")
            await answer_to(refusal, scope["path"])(scope, receive, send)
            return
        try:
            caller_of(Request(scope)).require("read")
        except Forbidden as refusal:
            await answer_to(refusal, scope["path"])(scope, receive, send)
            return
        if self._opened is None:
            self._opened = asyncio.get_running_loop().create_future()
            self._serving = asyncio.create_task(self._serve(self._opened))
        app = await asyncio.shield(self._opened)
        try:
            await app(scope, receive, send)
        except LimitReached as refusal:
            await answer_to(refusal, scope["path"])(scope, receive, send)

    def hurry(self) -> None:
        """End all sessions, and the streams that their agents hold open."""
        self._closing.set()

    async def close(self) -> None:
        """The same, and wait for it."""
        self.hurry()
        if self._serving is not None:
            await self._serving

    async def _serve(self, opened: asyncio.Future[ASGIApp]) -> None:
        try:
            sessions = await asyncio.to_thread(_load, self._services)
            async with sessions.run():
                opened.set_result(_told_apart(sessions.asgi_app))
                await self._closing.wait()
        except Exception as error:  # noqa: BLE001 — an edge: one agent is told, the server goes on
            if opened.done():
                _log.exception("the sessions of agents ended")
            else:
                opened.set_exception(error)
            self._opened = None  # the next agent may find it works


def _load(services: Services) -> AgentSessions:
    from service.mcp_server import create_server, http_sessions  # noqa: PLC0415 — see `AgentDoor`

    public = services.settings.public_url

    def desk_of(request: object) -> Desk:
        return Desk(View(services, caller_of(cast("Request", request))))  # over HTTP it is always one

    server = create_server(desk_of, lambda base: public or base, services.audit, _over_of)
    return http_sessions(server, idle=IDLE_SECONDS)


def _told_apart(sessions: ASGIApp) -> ASGIApp:
    from service.mcp_server import VERSIONS_WITH_SESSIONS, as_principal  # noqa: PLC0415 — see `AgentDoor`

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        scope["user"] = as_principal(_caller(scope))
        over = scope["state"][_OVER] = asyncio.Event()
        try:
            await sessions(scope, receive, send)
        finally:  # its answer is whole, or its client has left: no stream is taken up again
            over.set()

    return OpenSessions(app, _caller, versions=VERSIONS_WITH_SESSIONS)


def _over_of(request: object) -> asyncio.Event:
    return cast("asyncio.Event", cast("Request", request).scope["state"][_OVER])


def _caller(scope: Scope) -> Caller:
    return caller_of(Request(scope))
