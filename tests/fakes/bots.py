"""A bot as `lectern bot` runs it, on a fake platform, before a real service."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from pydantic import SecretStr

from service.bots.running import run
from service.bots.slack import Slack
from service.bots.telegram import Telegram
from service.settings import Settings
from tests.fakes import slack_api, telegram_api
from tests.fakes.slack_api import FakeSlack
from tests.fakes.telegram_api import FakeTelegram

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator
    from pathlib import Path

    from service.bots.platform import Platform

PUBLIC = "https://lectern.example"


def bot_settings(data: Path, **fields: object) -> Settings:
    """Settings of a bot that Ann may talk to, and may send files."""
    ann = (str(telegram_api.ANN),)
    given: dict[str, object] = {
        "data": data,
        "public_url": PUBLIC,
        "telegram_token": SecretStr(telegram_api.TOKEN),
        "telegram_allowed": ann,
        "telegram_uploaders": ann,
        "slack_allowed": (slack_api.ANN,),
        "slack_uploaders": (slack_api.ANN,),
        "bot_person_requests": 60,
        **fields,
    }
    return Settings.model_validate(given)


@asynccontextmanager
async def telegram_bot(
    settings: Settings,
    server: str,
    telegram: FakeTelegram | None = None,
    *,
    pace: float = 0.0,
    grace: float = 5.0,
) -> AsyncGenerator[FakeTelegram]:
    """A Telegram bot that runs while the block does; on a platform of its own unless one is given."""
    if telegram is None:
        async with FakeTelegram() as own, telegram_bot(settings, server, own, pace=pace, grace=grace):
            yield own
        return
    platform = Telegram(telegram_api.TOKEN, telegram.url, pace=pace)
    async with _running(platform, settings, server, grace):
        yield telegram


@asynccontextmanager
async def slack_bot(
    settings: Settings, server: str, slack: FakeSlack | None = None, *, pace: float = 0.0, grace: float = 5.0
) -> AsyncGenerator[FakeSlack]:
    """Likewise, a Slack app."""
    if slack is None:
        async with FakeSlack() as own, slack_bot(settings, server, own, pace=pace, grace=grace):
            yield own
        return
    platform = Slack(slack_api.BOT_TOKEN, slack_api.APP_TOKEN, slack.url, pace=pace)
    async with _running(platform, settings, server, grace):
        yield slack


@asynccontextmanager
async def _running(platform: Platform, settings: Settings, server: str, grace: float) -> AsyncGenerator[None]:
    stop, started = asyncio.Event(), asyncio.Event()
    running = asyncio.create_task(
        run(platform, settings, server, stop=stop, started=started.set, grace=grace)
    )
    waiting = asyncio.create_task(started.wait())
    await asyncio.wait([running, waiting], return_when=asyncio.FIRST_COMPLETED)
    try:
        if started.is_set():
            yield
    finally:
        waiting.cancel()
        stop.set()
        await running
