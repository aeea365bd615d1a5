"""Behind the gate: how many requests a key may make in a minute, and at a time."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, cast

from starlette.datastructures import MutableHeaders

from service.access.rates import MINUTE, LimitReached, Rates
from service.http.problems import answer_to
from service.wording import counted

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from service.access.caller import Caller
    from service.access.rates import Standing

_SOON = 1
"""Seconds after which one of the requests under way may have ended."""


class Throttle:
    """ASGI middleware; a request counts until its answer has ended, a stream to its last byte.

    What a key has left stands in every answer to it, as draft-ietf-httpapi-ratelimit-headers says it.
    """

    def __init__(self, app: ASGIApp, rates: Rates | None = None) -> None:
        self._app = app
        self._rates = rates or Rates()
        self._under_way: Counter[str] = Counter()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the request through, or answer 429 in its place."""
        caller = cast("Caller | None", scope.get("state", {}).get("caller"))
        if scope["type"] != "http" or caller is None:
            await self._app(scope, receive, send)
            return
        standing = await self._counted(caller)
        told = send if standing is None else _telling(send, standing)
        refusal = self._refusal(caller, standing)
        if refusal is not None:
            await answer_to(refusal, scope["path"])(scope, receive, told)
            return
        self._under_way[caller.key] += 1
        try:
            await self._app(scope, receive, told)
        finally:
            self._under_way[caller.key] -= 1
            if not self._under_way[caller.key]:
                del self._under_way[caller.key]

    async def _counted(self, caller: Caller) -> Standing | None:
        most = caller.limits.requests_per_minute
        return None if most is None else await self._rates.hit(caller.key, most)

    def _refusal(self, caller: Caller, standing: Standing | None) -> LimitReached | None:
        if standing is not None and not standing.allowed:
            said = f"this access key may make {counted(standing.limit, 'request')} a minute"
            return LimitReached(said, code="rate_limit_exceeded", retry_after=standing.resets)
        most = caller.limits.concurrent_requests
        if most is not None and self._under_way[caller.key] >= most:
            said = f"this access key may make {counted(most, 'request')} at a time"
            return LimitReached(said, code="rate_limit_exceeded", retry_after=_SOON)
        return None


def _telling(send: Send, standing: Standing) -> Send:
    async def telling(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            headers["RateLimit-Policy"] = f'"minute";q={standing.limit};w={MINUTE}'
            headers["RateLimit"] = f'"minute";r={standing.remaining};t={standing.resets}'
        await send(message)

    return telling
