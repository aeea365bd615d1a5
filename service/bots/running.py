"""A bot from its settings, and its life: start, wait to be stopped, end in good order."""

from __future__ import annotations

import asyncio
import signal
import time
from contextlib import suppress
from ipaddress import ip_address
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from service.bots.admission import Rules
from service.bots.bot import Bot
from service.bots.threads import Threads
from service.client import AsyncClient

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType

    from service.bots.platform import Platform
    from service.settings import Settings

_MEGABYTE = 2**20
GRACE_SECONDS = 20.0
"""That answers under way may take once the bot is to end."""


def rules_of(settings: Settings, platform: str) -> Rules:
    """What the settings say of a platform, ``telegram`` or ``slack``."""
    allowed, uploaders = {
        "telegram": (settings.telegram_allowed, settings.telegram_uploaders),
        "slack": (settings.slack_allowed, settings.slack_uploaders),
    }[platform]
    return Rules(
        allowed=frozenset(allowed),
        uploaders=frozenset(uploaders),
        collections=settings.bot_collections or (settings.collection,),
        per_person=settings.bot_person_requests,
        in_all=settings.bot_requests,
    )


def link_base(settings: Settings, server: str) -> str:
    """The address that links to sources begin with; empty where only the bot's machine reaches it."""
    if settings.public_url is not None:
        return settings.public_url
    host = urlsplit(server).hostname or ""
    with suppress(ValueError):
        return "" if ip_address(host).is_loopback else server
    return "" if host == "localhost" or host.endswith(".localhost") else server


async def run(
    platform: Platform,
    settings: Settings,
    server: str,
    *,
    stop: asyncio.Event,
    started: Callable[[], None],
    grace: float = GRACE_SECONDS,
) -> None:
    """Answer until ``stop`` is set; then finish what is under way, or say that it broke off.

    Args:
        platform: not started yet.
        settings: rules, rates, data folder, access key.
        server: address of the Lectern server.
        stop: set to end it.
        started: called once messages are taken in.
        grace: seconds that answers under way may still take.

    Raises:
        PlatformError: the platform does not answer, or refuses the token.
    """
    given = settings.bot_access_key or settings.access_key
    key = given.get_secret_value() if given else None
    async with AsyncClient(server, key) as client:
        bot = Bot(
            platform,
            client,
            rules_of(settings, platform.name),
            Threads(settings.data, platform.name),
            server=link_base(settings, server),
            largest_file=settings.largest_file_mb * _MEGABYTE,
            clock=time.monotonic,
        )
        try:
            await platform.start(bot.receive)
            started()
            await stop.wait()
            await platform.stop_receiving()
            await bot.finish(grace)
        finally:
            await platform.close()


def stop_on_signals(stop: asyncio.Event) -> None:
    """Ctrl-C and SIGTERM set ``stop``; a second one ends the process at once."""
    loop = asyncio.get_running_loop()

    def end(number: int, frame: FrameType | None) -> None:
        del frame
        signal.signal(number, signal.SIG_DFL)
        loop.call_soon_threadsafe(stop.set)

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, end)
