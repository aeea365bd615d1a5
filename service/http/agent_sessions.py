"""How many sessions of agents a key may hold open: the room for them is everybody's."""

from __future__ import annotations

import time
from collections import defaultdict
from typing import TYPE_CHECKING

from starlette.datastructures import Headers

from service.access.rates import LimitReached

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from service.access.caller import Caller

IDLE_SECONDS = 1_800.0
"""After which a session that says nothing is forgotten."""
MOST = 50
"""Of one key."""
_HEADER = "mcp-session-id"


class OpenSessions:
    """ASGI application in front of that of the sessions. It belongs to one event loop."""

    def __init__(
        self,
        app: ASGIApp,
        caller_of: Callable[[Scope], Caller],
        *,
        most: int = MOST,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._app = app
        self._caller_of = caller_of
        self._most = most
        self._clock = clock
        self._seen: defaultdict[tuple[str, str], dict[str, float]] = defaultdict(dict)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on.

        Raises:
            LimitReached: it would begin a session too many.
        """
        caller, known = self._caller_of(scope), Headers(scope=scope).get(_HEADER)
        who = caller.tenant, caller.key
        mine = self._live(who)
        if known is None and len(mine) >= self._most:
            raise LimitReached(
                f"{self._most} sessions of agents are open with this access key",
                code="too_many_sessions",
                retry_after=IDLE_SECONDS - (self._clock() - min(mine.values())),
            )
        if known in mine:
            mine[known] = self._clock()

        async def watching(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._note(who, scope["method"], known, Headers(raw=message["headers"]))
            await send(message)

        await self._app(scope, receive, watching)

    def _note(self, who: tuple[str, str], method: str, known: str | None, told: Headers) -> None:
        begun = told.get(_HEADER)
        if method == "DELETE" and known is not None:
            self._seen[who].pop(known, None)
        elif known is None and begun is not None:
            self._seen[who][begun] = self._clock()

    def _live(self, who: tuple[str, str]) -> dict[str, float]:
        now = self._clock()
        for key, sessions in list(self._seen.items()):
            live = {name: at for name, at in sessions.items() if now - at < IDLE_SECONDS}
            if live or key == who:
                self._seen[key] = live
            else:
                del self._seen[key]
        return self._seen[who]
