"""Calls of tools under way: each key's are counted, and one that nobody waits for ends."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import TYPE_CHECKING, TypeVar

from service.knowledge.tools import CallFailed
from service.wording import counted

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from typing import Any

    from service.access.caller import Caller

_T = TypeVar("_T")


class ClientLeft(CallFailed):
    """The request that brought the call is over: its result could not be told to anybody."""


class TooManyCalls(CallFailed):
    """The key has as many calls under way as it may make requests at a time."""


class RunningCalls:
    """Those of one server, in one event loop.

    A call is the work of its session, not of its request: it would go on after that, and a key whose
    requests are counted could have any number of them at work.
    """

    def __init__(self) -> None:
        self._under_way: Counter[tuple[str, str]] = Counter()

    async def run(
        self, work: Callable[[], Coroutine[Any, Any, _T]], caller: Caller, over: asyncio.Event | None
    ) -> _T:
        """What the work gives, unless ``over`` comes first, the end of the request that brought the call.

        Raises:
            ClientLeft: it came; the work has ended, too.
            TooManyCalls: nothing was begun.
        """
        who, most = (caller.tenant, caller.key), caller.limits.concurrent_requests
        if most is not None and self._under_way[who] >= most:
            raise TooManyCalls(
                f"this access key may make {counted(most, 'request')} at a time: try again later"
            )
        self._under_way[who] += 1
        try:
            return await (work() if over is None else _unless(over, work()))
        finally:
            self._under_way[who] -= 1
            if not self._under_way[who]:
                del self._under_way[who]


async def _unless(over: asyncio.Event, work: Coroutine[Any, Any, _T]) -> _T:
    working, leaving = asyncio.ensure_future(work), asyncio.ensure_future(over.wait())
    try:
        await asyncio.wait({working, leaving}, return_when=asyncio.FIRST_COMPLETED)
        if working.done():
            return await working
        raise ClientLeft("the client has left")
    finally:
        for task in (working, leaving):
            task.cancel()
        await asyncio.gather(working, leaving, return_exceptions=True)
