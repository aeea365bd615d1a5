"""A message that grows: sent, edited as far as the platform lets it, spread over several where it is long."""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from typing import TYPE_CHECKING

from service.bots.platform import PlatformError, PlatformRefused, PlatformUnreachable, SlowDown
from service.bots.styled import split

if TYPE_CHECKING:
    from service.bots.platform import Place, Platform
    from service.bots.styled import Styled

_LONGEST_WAIT = 300.0
"""Seconds that the last words of an answer may wait for the platform."""
_AGAIN = 1.0
"""Seconds before a place is written to again after a call that failed."""
_TYPING_EVERY = 4.0


class Paces:
    """When each chat may be written to again; the platform counts a chat's messages, not an answer's."""

    def __init__(self) -> None:
        self._free: dict[str, float] = {}

    def until_free(self, place: Place) -> float:
        """Seconds."""
        return self._free.get(place.chat, 0.0) - time.monotonic()

    def hold(self, place: Place, seconds: float) -> None:
        """Write nothing there for so long."""
        now = time.monotonic()
        if len(self._free) > 1_000:  # noqa: PLR2004 — only so that it does not grow for ever
            self._free = {chat: free for chat, free in self._free.items() if free > now}
        self._free[place.chat] = max(self._free.get(place.chat, 0.0), now + seconds)


class Posting:
    """One answer's messages in a place."""

    def __init__(self, platform: Platform, place: Place, paces: Paces) -> None:
        self._platform = platform
        self._place = place
        self._paces = paces
        self._shown: list[tuple[str, Styled]] = []
        self.ids: list[str] = []
        """Of all messages that were sent."""

    async def show(self, content: Styled) -> None:
        """Show this if the platform lets it now; else nothing, because more is to come."""
        with suppress(PlatformError):
            for number, piece in self._different(content):
                if self._paces.until_free(self._place) > 0:
                    return
                await self._put(number, piece)

    async def finish(self, content: Styled) -> None:
        """Show this, however long the platform makes it wait.

        Raises:
            PlatformError: it refuses, or for five minutes did nothing else than ask to wait.
        """
        deadline = time.monotonic() + _LONGEST_WAIT
        for number, piece in self._different(content):
            await self._insist(number, piece, deadline)
        count = len(self._split(content))
        for message, _ in self._shown[count:]:
            with suppress(PlatformError):  # words too many are better than an error after the answer
                await self._platform.delete(self._place, message)
        del self._shown[count:]

    async def _insist(self, number: int, piece: Styled, deadline: float) -> None:
        while True:
            await asyncio.sleep(max(0.0, self._paces.until_free(self._place)))
            try:
                return await self._put(number, piece)
            except SlowDown:
                if time.monotonic() + self._paces.until_free(self._place) > deadline:
                    raise
            except PlatformUnreachable:
                if time.monotonic() > deadline:
                    raise

    async def _put(self, number: int, piece: Styled) -> None:
        try:
            if not await self._replaced(number, piece):
                message = await self._platform.send(self._place, piece)
                self._shown[number : number + 1] = [(message, piece)]
                self.ids.append(message)
        except PlatformError as error:
            self._paces.hold(self._place, error.seconds if isinstance(error, SlowDown) else _AGAIN)
            raise
        self._paces.hold(self._place, self._platform.pause(self._place))

    async def _replaced(self, number: int, piece: Styled) -> bool:
        """Whether there is such a message and it could be edited: people may have deleted it."""
        if number >= len(self._shown):
            return False
        message = self._shown[number][0]
        try:
            await self._platform.edit(self._place, message, piece)
        except PlatformRefused:
            return False
        self._shown[number] = message, piece
        return True

    def _different(self, content: Styled) -> list[tuple[int, Styled]]:
        pieces = enumerate(self._split(content))
        return [(n, piece) for n, piece in pieces if n >= len(self._shown) or self._shown[n][1] != piece]

    def _split(self, content: Styled) -> list[Styled]:
        return split(content.upright(), self._platform.longest, self._platform.measure)


async def keep_typing(platform: Platform, place: Place) -> None:
    """Say that an answer is under way until this is cancelled."""
    while True:
        with suppress(PlatformError):
            await platform.show_typing(place)
        await asyncio.sleep(_TYPING_EVERY)
