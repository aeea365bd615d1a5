"""How many sessions of agents a key may hold open: the room for them is everybody's."""

from __future__ import annotations

import time
from collections import defaultdict
from typing import TYPE_CHECKING

from starlette.datastructures import Headers

from service.access.rates import LimitReached

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from service.access.caller import Caller

IDLE_SECONDS = 1_800.0
"""After which a session that says nothing is forgotten."""
MOST = 50
"""Of one key."""
_HEADER = "mcp-session-id"
_VERSION = "mcp-protocol-version"
_REFUSED, _GONE = 400, 404


class OpenSessions:
    """ASGI application in front of that of the sessions. It belongs to one event loop."""

    def __init__(
        self,
        app: ASGIApp,
        caller_of: Callable[[Scope], Caller],
        *,
        versions: Collection[str],
        most: int = MOST,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """``versions`` are those of the protocol that have sessions; a request that names none has one."""
        self._app = app
        self._versions = versions
        self._caller_of = caller_of
        self._most = most
        self._clock = clock
        self._seen: defaultdict[tuple[str, str], dict[object, float]] = defaultdict(dict)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on.

        Raises:
            LimitReached: it would begin a session too many.
        """
        caller, told = self._caller_of(scope), Headers(scope=scope)
        version, known = told.get(_VERSION), told.get(_HEADER)
        who = caller.tenant, caller.key
        if version is not None and version not in self._versions:
            await self._app(scope, receive, send)
        elif known is None:
            await self._begin(who, scope, receive, send)
        else:
            await self._go_on(who, known, scope, receive, send)

    async def _begin(self, who: tuple[str, str], scope: Scope, receive: Receive, send: Send) -> None:
        """With a place from before it is asked for: what begins at the same time counts as well."""
        place = self._reserve(who)

        async def watching(message: Message) -> None:
            if message["type"] == "http.response.start" and message["status"] < _REFUSED:
                begun = Headers(raw=message["headers"]).get(_HEADER)
                if begun is not None:
                    self._forget(who, place)
                    self._seen[who][begun] = self._clock()
            await send(message)

        try:
            await self._app(scope, receive, watching)
        finally:
            self._forget(who, place)

    async def _go_on(
        self, who: tuple[str, str], known: str, scope: Scope, receive: Receive, send: Send
    ) -> None:
        mine = self._live(who)
        if known in mine:
            mine[known] = self._clock()

        async def watching(message: Message) -> None:
            if message["type"] == "http.response.start" and scope["method"] == "DELETE":
                status = message["status"]
                if status < _REFUSED or status == _GONE:
                    self._forget(who, known)
            await send(message)

        await self._app(scope, receive, watching)

    def _reserve(self, who: tuple[str, str]) -> object:
        mine = self._live(who)
        if len(mine) >= self._most:
            raise LimitReached(
                f"{self._most} sessions of agents are open with this access key",
                code="too_many_sessions",
                retry_after=IDLE_SECONDS - (self._clock() - min(mine.values())),
            )
        place = object()  # which no client can name
        mine[place] = self._clock()
        return place

    def _forget(self, who: tuple[str, str], session: object) -> None:
        self._seen[who].pop(session, None)

    def _live(self, who: tuple[str, str]) -> dict[object, float]:
        now = self._clock()
        for key, sessions in list(self._seen.items()):
            live = {name: at for name, at in sessions.items() if now - at < IDLE_SECONDS}
            if live or key == who:
                self._seen[key] = live
            else:
                del self._seen[key]
        return self._seen[who]
