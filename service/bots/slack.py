"""Slack, in socket mode; the one place that imports ``slack_bolt``, ``slack_sdk`` and ``aiohttp``."""

from __future__ import annotations

import logging
import re
from contextlib import contextmanager
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlsplit

import aiohttp
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.web.async_client import AsyncWebClient

from ingest.proxies import may_be_proxied
from service.bots.commands import COMMANDS
from service.bots.platform import Attachment, Incoming, Place, PlatformRefused, PlatformUnreachable, SlowDown

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Generator, Mapping
    from pathlib import Path

    from service.bots.styled import Kind, Styled

API = "https://slack.com/api/"
_FILES = ".slack.com"
"""Where Slack keeps files; the token goes nowhere else."""
_LARGEST_FILE = 2**30
_PIECE = 2**16
_DOWNLOAD_SECONDS = 300.0
_MESSAGES = frozenset({None, "file_share", "thread_broadcast"})
"""Kinds of message that people write; edits and the like are others."""
_CONTROL = re.compile(r"<([@#!]?)([^<>|]*)(?:\|([^<>]*))?>")
_BAD_TOKEN = frozenset("invalid_auth not_authed not_allowed_token_type token_expired token_revoked".split())
_MENTION = re.compile(r"<@\w+")
_STYLES: tuple[Kind, ...] = ("bold", "italic", "strike", "code")
_ELEMENTS: dict[Kind, str] = {"block": "rich_text_preformatted", "quote": "rich_text_quote"}

_library_log = logging.getLogger("slack_bolt")


class Slack:
    """One app in one workspace. Make it where an event loop runs.

    Args:
        bot_token: ``xoxb-…``.
        app_token: ``xapp-…``, which opens the socket.
        api: address of the Web API.
        pace: of its writing; 1 is as fast as Slack lets an app, 0 knows no limit.
    """

    name = "slack"
    sign = "!"
    longest = 3_000
    largest_file = _LARGEST_FILE
    placeholder = "Looking it up …"

    def __init__(self, bot_token: str, app_token: str, api: str = API, *, pace: float = 1.0) -> None:
        self._bot_token = bot_token
        self._app_token = app_token
        self._api_host = urlsplit(api).hostname
        # Any: the library's methods are typed in part only.
        self._web: Any = AsyncWebClient(bot_token, base_url=api, logger=_library_log)
        if not may_be_proxied(api):
            self._web.proxy = None
        self._pace = pace
        self._user = ""
        self._account = ""
        self._handler: AsyncSocketModeHandler | None = None

    @property
    def account(self) -> str:
        """The bot's name, once it has started."""
        return f"@{self._account}"

    def measure(self, text: str) -> int:
        """Characters."""
        return len(text)

    def pause(self, place: Place) -> float:
        """Slack takes about fifty edits a minute of an app."""
        del place
        return self._pace * 1.2

    async def send(self, place: Place, content: Styled) -> str:
        """The new message's id: the time that Slack gives it."""
        with _translated():
            sent = await self._web.chat_postMessage(
                channel=place.chat,
                thread_ts=place.topic or None,
                unfurl_links=False,
                unfurl_media=False,
                parse="none",
                **formatted(content),
            )
        return str(sent["ts"])

    async def edit(self, place: Place, message: str, content: Styled) -> None:
        """Replace a message."""
        with _translated():
            await self._web.chat_update(channel=place.chat, ts=message, parse="none", **formatted(content))

    async def delete(self, place: Place, message: str) -> None:
        """Take a message of the bot's back."""
        with _translated():
            await self._web.chat_delete(channel=place.chat, ts=message)

    async def show_typing(self, place: Place) -> None:
        """Slack shows this for people only: `placeholder` stands in its place."""

    async def download(self, attachment: Attachment, to: Path, largest: int) -> None:
        """Write a file's bytes."""
        with _translated():
            found = await self._web.files_info(file=attachment.id)
            file = cast("Mapping[str, Any]", found["file"])
            address = str(file.get("url_private_download") or "")
            if file.get("is_external") or not self._is_slack(address):
                raise PlatformRefused("the file does not lie at Slack")
            await self._fetch(address, to, largest)

    async def start(self, receive: Callable[[Incoming], None]) -> None:
        """Open the socket."""
        with _translated():
            own = await self._web.auth_test()
            self._user, self._account = str(own["user_id"]), str(own["user"])
            opened = await self._web.apps_connections_open(app_token=self._app_token)
            self._handler = AsyncSocketModeHandler(
                self._listening(receive), self._app_token, logger=_library_log, web_client=self._web
            )
            self._handler.client.wss_uri = str(opened["url"])
            if not may_be_proxied(self._handler.client.wss_uri):
                self._handler.client.proxy = None
            await self._handler.connect_async()

    async def stop_receiving(self) -> None:
        """Close the socket."""
        if self._handler is not None:
            await self._handler.close_async()
            self._handler = None

    async def close(self) -> None:
        """Every other call has closed its own connection."""
        await self.stop_receiving()

    def _listening(self, receive: Callable[[Incoming], None]) -> AsyncApp:
        app: Any = AsyncApp(client=self._web, logger=_library_log, request_verification_enabled=False)

        async def on_event(event: dict[str, Any]) -> None:
            message = incoming(event, self._user)
            if message is not None:
                receive(message)

        async def on_command(ack: Callable[[], Awaitable[Any]], command: dict[str, Any]) -> None:
            await ack()
            receive(slash(command))

        app.event("message")(on_event)
        app.event("app_mention")(on_event)
        app.command("/lectern")(on_command)
        return cast("AsyncApp", app)

    def _is_slack(self, address: str) -> bool:
        host = urlsplit(address).hostname or ""
        return host.endswith(_FILES) or host == self._api_host

    async def _fetch(self, address: str, to: Path, largest: int) -> None:
        headers = {"Authorization": f"Bearer {self._bot_token}"}
        timeout = aiohttp.ClientTimeout(total=_DOWNLOAD_SECONDS)
        proxy = self._web.proxy if may_be_proxied(address) else None
        async with (
            aiohttp.ClientSession(timeout=timeout) as session,
            session.get(address, headers=headers, proxy=proxy, allow_redirects=False) as response,
        ):
            if response.status != HTTPStatus.OK:
                raise PlatformRefused(
                    f"Slack does not hand out the file ({response.status}): files:read is needed"
                )
            size = 0
            with to.open("wb") as file:
                async for piece in response.content.iter_chunked(_PIECE):
                    size += len(piece)
                    if size > largest:
                        raise PlatformRefused(f"the file has more than {largest:,} bytes")
                    file.write(piece)


def formatted(content: Styled) -> dict[str, Any]:
    """A message's fields: rich text, in which no text is ever parsed, and plain words for notifications."""
    elements: list[dict[str, Any]] = []
    for text, kinds, url in content.runs():
        kind = next((_ELEMENTS[kind] for kind in ("block", "quote") if kind in kinds), "rich_text_section")
        if not elements or elements[-1]["type"] != kind:
            elements.append({"type": kind, "elements": []})
        elements[-1]["elements"].append(_element(text, kinds, url))
    return {"blocks": [{"type": "rich_text", "elements": elements}], "text": escaped(content.text)}


def escaped(text: str) -> str:
    """Without anything that Slack would take for a mention or a link."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def unescaped(text: str) -> str:
    """What somebody wrote: mentions and links as their words."""

    def words(found: re.Match[str]) -> str:
        sign, target, label = found[1], found[2], found[3]
        return f"{'@' if sign == '!' else sign}{label or target}" if sign else label or target

    plain = _CONTROL.sub(words, text)
    return plain.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def incoming(event: Mapping[str, Any], own: str) -> Incoming | None:
    """An event as the bot takes it; None where it is no message of a person's."""
    if event.get("subtype") not in _MESSAGES or event.get("bot_id") or not event.get("user"):
        return None
    chat, at, parent = str(event["channel"]), str(event["ts"]), str(event.get("thread_ts") or "")
    private = event.get("channel_type") == "im" or chat.startswith("D")
    mention, said = f"<@{own}>", str(event.get("text") or "")
    addressed = private or mention in said
    if not addressed and _MENTION.search(said):
        return None  # in a thread, somebody else is spoken to
    command, text = _command(unescaped(said.replace(mention, "")).strip())
    topic = parent if private else parent or at
    return Incoming(
        place=Place(chat, topic),
        message=at,
        person=str(event["user"]),
        text=text,
        thread=f"{chat}/{topic}" if topic else chat,
        private=private,
        addressed=addressed,
        command=command,
        attachments=tuple(map(_attachment, event.get("files") or ())),
    )


def slash(command: Mapping[str, Any]) -> Incoming:
    """``/lectern …``: about the whole channel, because Slack does not say in which thread it was given."""
    chat = str(command["channel_id"])
    name, _, rest = unescaped(str(command.get("text") or "")).strip().partition(" ")
    return Incoming(
        place=Place(chat),
        message=str(command["trigger_id"]),
        person=str(command["user_id"]),
        text=rest.strip(),
        thread=chat,
        private=chat.startswith("D"),
        command=name.lower().removeprefix("!") or "help",
    )


def _command(text: str) -> tuple[str, str]:
    """Command and the other words."""
    name, _, rest = text.partition(" ")
    known = name.startswith(Slack.sign) and name[1:].lower() in {*COMMANDS, "start"}
    return (name[1:].lower(), rest.strip()) if known else ("", text)


def _attachment(file: Mapping[str, Any]) -> Attachment:
    size = file.get("size")
    return Attachment(
        str(file["id"]), str(file.get("name") or "file"), size if isinstance(size, int) else None
    )


def _element(text: str, kinds: frozenset[Kind], url: str) -> dict[str, Any]:
    style = {kind: True for kind in _STYLES if kind in kinds and "block" not in kinds}
    words: dict[str, Any] = {"type": "text", "text": text}
    if url:
        words = {"type": "link", "url": url, "text": text}
    return {**words, "style": style} if style else words


@contextmanager
def _translated() -> Generator[None]:
    """The library's errors as ours."""
    try:
        yield
    except SlackApiError as error:
        raise _ours(error) from None
    except (SlackClientError, aiohttp.ClientError, TimeoutError) as error:
        raise PlatformUnreachable(f"Slack does not answer ({type(error).__name__})") from None


def _ours(error: SlackApiError) -> SlowDown | PlatformRefused | PlatformUnreachable:
    response = cast("Any", error.response)
    status = int(response.status_code)
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return SlowDown(float(response.headers.get("Retry-After", "1")))
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return PlatformUnreachable(f"Slack does not answer ({status})")
    code = str(response.get("error") or "no reason given")
    if code in _BAD_TOKEN:
        names = "LECTERN_SLACK_BOT_TOKEN, LECTERN_SLACK_APP_TOKEN"
        return PlatformRefused(f"Slack does not accept a token ({names}): {code}")
    return PlatformRefused(f"Slack refuses: {code}")
