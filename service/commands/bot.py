"""``lectern bot``: answers in Telegram and Slack, from a running server."""

from __future__ import annotations

import asyncio
import logging
from importlib import import_module
from typing import TYPE_CHECKING

import click

from ingest.errors import PermanentError
from service.bots.redacting import Redacting
from service.bots.running import rules_of, run, stop_on_signals
from service.commands import options
from service.commands.terminal import say
from service.remote.server import server_at
from service.running import find_server
from service.settings import SettingsError

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType

    from pydantic import SecretStr

    from service.bots.platform import Platform
    from service.settings import Settings


class NoServer(PermanentError):
    """There is nobody to answer."""


class MissingExtra(PermanentError):
    """The platform's library is not installed."""


_server = click.option(
    "--server", metavar="URL", help="The Lectern server; by default the one that runs over the same data."
)


@click.group()
def command() -> None:
    """Answer in Telegram or Slack, from a running server."""


@command.command()
@_server
def telegram(server: str | None) -> None:
    """Answer as a Telegram bot until it is interrupted.

    Needs LECTERN_TELEGRAM_TOKEN, and LECTERN_TELEGRAM_ALLOWED for those who may talk to it.
    """
    settings = options.settings()
    token = _secret(settings.telegram_token, "LECTERN_TELEGRAM_TOKEN")
    made_by = adapter("telegram", "python-telegram-bot")
    _serve(settings, server, "telegram", lambda: made_by.Telegram(token, settings.telegram_api_url))


@command.command()
@_server
def slack(server: str | None) -> None:
    """Answer as a Slack app, in socket mode, until it is interrupted.

    Needs LECTERN_SLACK_BOT_TOKEN, LECTERN_SLACK_APP_TOKEN, and LECTERN_SLACK_ALLOWED for those who may talk
    to it.
    """
    settings = options.settings()
    bot_token = _secret(settings.slack_bot_token, "LECTERN_SLACK_BOT_TOKEN")
    app_token = _secret(settings.slack_app_token, "LECTERN_SLACK_APP_TOKEN")
    made_by = adapter("slack", "slack-bolt")
    _serve(settings, server, "slack", lambda: made_by.Slack(bot_token, app_token, settings.slack_api_url))


def _secret(value: SecretStr | None, name: str) -> str:
    if value is None:
        raise SettingsError(f"the bot needs its token: set {name}")
    return value.get_secret_value()


def adapter(name: str, library: str) -> ModuleType:
    """Imported by name: its library is an extra."""
    try:
        return import_module(f"service.bots.{name}")
    except ModuleNotFoundError as error:
        raise MissingExtra(f"this bot needs {library}: pip install 'lectern[{name}]'") from error


def _serve(settings: Settings, given: str | None, name: str, make: Callable[[], Platform]) -> None:
    server = given or _running(settings)
    try:
        server_at(server, None)
    except ValueError as error:
        raise click.UsageError(f"--server: {error}") from None
    _log_without_secrets(settings)
    if not rules_of(settings, name).allowed:
        say(
            f"Nobody may talk to this bot yet: set LECTERN_{name.upper()}_ALLOWED to ids of people or chats, "
            "or to everyone. Whoever writes to it is told their id.",
            fg="yellow",
            err=True,
        )
    asyncio.run(_answer(make, settings, server))


async def _answer(make: Callable[[], Platform], settings: Settings, server: str) -> None:
    stop = asyncio.Event()
    stop_on_signals(stop)
    platform = make()

    def started() -> None:
        say(f"{platform.account} answers from {server}; Ctrl-C ends it")

    await run(platform, settings, server, stop=stop, started=started)
    say("The bot has ended.")


def _running(settings: Settings) -> str:
    server = find_server(settings.data)
    if server is None:
        raise NoServer(
            "no server runs over this data folder: start one with `lectern serve`, or name one with "
            "--server URL"
        )
    return server.url


def _log_without_secrets(settings: Settings) -> None:
    secrets = (
        settings.telegram_token, settings.slack_bot_token, settings.slack_app_token, settings.access_key,
        settings.bot_access_key,
    )  # fmt: skip
    handler = logging.StreamHandler()
    handler.setFormatter(Redacting(secret.get_secret_value() for secret in secrets if secret is not None))
    logging.basicConfig(level=logging.WARNING, handlers=[handler])
