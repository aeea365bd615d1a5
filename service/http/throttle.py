"""Behind the gate: how many requests a key may make in a minute, and at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from starlette.datastructures import MutableHeaders

from ingest.errors import CatalogUnavailable
from service.access.rates import MINUTE, LimitReached, Rates
from service.access.slots import LocalSlots
from service.http.problems import answer_to
from service.wording import counted

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from service.access.caller import Caller
    from service.access.rates import RateCounter, Standing
    from service.access.slots import Slots

_SOON = 1
"""Seconds after which one of the requests under way may have ended."""


class Throttle:
    """ASGI middleware; a request counts until its answer has ended, a stream to its last byte.

    What a key has left stands in every answer to it, as draft-ietf-httpapi-ratelimit-headers says it.
    """

    def __init__(self, app: ASGIApp, rates: RateCounter | None = None, slots: Slots | None = None) -> None:
        """``rates`` and ``slots`` count; by default in this process."""
        self._app = app
        self._rates = rates or Rates()
        self._slots = slots or LocalSlots()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the request through, or answer 429 in its place; 503 where nobody can tell."""
        caller = cast("Caller | None", scope.get("state", {}).get("caller"))
        if scope["type"] != "http" or caller is None:
            await self._app(scope, receive, send)
            return
        told, slot = send, None
        try:
            standing = await self._counted(caller)
            told = send if standing is None else _telling(send, standing)
            _require(standing)
            slot = await self._slot(caller)
        except (LimitReached, CatalogUnavailable) as refusal:
            await answer_to(refusal, scope["path"])(scope, receive, told)
            return
        if slot is None:
            await self._app(scope, receive, told)
            return
        try:
            await self._app(scope, receive, self._leaving(slot, told))
        finally:
            self._slots.drop(slot)

    async def _counted(self, caller: Caller) -> Standing | None:
        most = caller.limits.requests_per_minute
        return None if most is None else await self._rates.hit(caller.key, most)

    async def _slot(self, caller: Caller) -> str | None:
        """None where the key has no limit; raises `LimitReached`."""
        most = caller.limits.concurrent_requests
        if most is None:
            return None
        slot = await self._slots.take(caller.key, most)
        if slot is None:
            said = f"this access key may make {counted(most, 'request')} at a time"
            raise LimitReached(said, code="rate_limit_exceeded", retry_after=_SOON)
        return slot

    def _leaving(self, slot: str, send: Send) -> Send:
        """Who has read the last byte may ask again at once: the slot is free before that is sent."""

        async def leaving(message: Message) -> None:
            if message["type"] == "http.response.body" and not message.get("more_body", False):
                await self._slots.leave(slot)
            await send(message)

        return leaving


def _require(standing: Standing | None) -> None:
    if standing is not None and not standing.allowed:
        said = f"this access key may make {counted(standing.limit, 'request')} a minute"
        raise LimitReached(said, code="rate_limit_exceeded", retry_after=standing.resets)


def _telling(send: Send, standing: Standing) -> Send:
    async def telling(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            headers["RateLimit-Policy"] = f'"minute";q={standing.limit};w={MINUTE}'
            headers["RateLimit"] = f'"minute";r={standing.remaining};t={standing.resets}'
        await send(message)

    return telling
