"""Telegram, by long polling; the one place that imports ``telegram`` (the extra of that name)."""

from __future__ import annotations

import asyncio
import logging
import os
import re
from contextlib import contextmanager
from itertools import accumulate
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from telegram import BotCommand, LinkPreviewOptions, MessageEntity, ReplyParameters, Update
from telegram.error import (
    BadRequest,
    Conflict,
    Forbidden,
    InvalidToken,
    NetworkError,
    RetryAfter,
    TelegramError,
)
from telegram.ext import Application, TypeHandler
from telegram.request import HTTPXRequest

from ingest.proxies import may_be_proxied
from service.bots.commands import COMMANDS
from service.bots.platform import Attachment, Incoming, Place, PlatformRefused, PlatformUnreachable, SlowDown

if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from pathlib import Path

    from telegram import Message
    from telegram.ext import CallbackContext

    from service.bots.styled import Kind, Styled

API = "https://api.telegram.org"
_LARGEST_FILE = 20 * 2**20
"""Bytes: what the public API hands out."""
_LARGEST_FILE_OF_OWN = 200 * 2**20
"""Of an API server of one's own; a file is held in memory once."""
_MOST_ENTITIES = 100
_READ_SECONDS = 30.0
_CONNECTIONS = 64
_PREVIEW = LinkPreviewOptions(is_disabled=True)
"""Nothing is fetched because an answer names it."""
_MENTION = re.compile(r"(?<!\w)@(?=\w)")
_WORD_JOINER = "\u2060"
_ENTITIES: dict[Kind, str] = {
    "bold": MessageEntity.BOLD,
    "italic": MessageEntity.ITALIC,
    "strike": MessageEntity.STRIKETHROUGH,
    "code": MessageEntity.CODE,
    "block": MessageEntity.PRE,
    "quote": MessageEntity.BLOCKQUOTE,
    "link": MessageEntity.TEXT_LINK,
}
_log = logging.getLogger(__name__)


class Telegram:
    """One bot account.

    Args:
        token: of the bot.
        api: address of the Bot API.
        pace: of its writing; 1 is as fast as Telegram lets a bot, 0 knows no limit.
    """

    name = "telegram"
    sign = "/"
    longest = 4_096
    placeholder = ""

    def __init__(self, token: str, api: str = API, *, pace: float = 1.0) -> None:
        # The library warns of seconds that will become timedeltas unless it is told that they may.
        os.environ.setdefault("PTB_TIMEDELTA", "true")
        address = api.rstrip("/")
        self.largest_file = (
            _LARGEST_FILE if urlsplit(api).hostname == urlsplit(API).hostname else _LARGEST_FILE_OF_OWN
        )
        # Our own, because the library forgets to close its connections where it cannot start.
        proxied = {"trust_env": may_be_proxied(api)}
        self._requests = (
            HTTPXRequest(_CONNECTIONS, read_timeout=_READ_SECONDS, httpx_kwargs=proxied),
            HTTPXRequest(1, httpx_kwargs=proxied),
        )
        self._application: Application[Any, Any, Any, Any, Any, Any] = (
            Application.builder()
            .token(token)
            .base_url(f"{address}/bot")
            .base_file_url(f"{address}/file/bot")
            .request(self._requests[0])
            .get_updates_request(self._requests[1])
            .job_queue(None)
            .build()
        )
        self._bot = self._application.bot
        self._pace = pace

    @property
    def account(self) -> str:
        """The bot's name, once it has started."""
        return f"@{self._bot.username}"

    def measure(self, text: str) -> int:
        """UTF-16 code units."""
        return len(text) + sum(character > "\uffff" for character in text)

    def pause(self, place: Place) -> float:
        """A message a second in a chat, twenty a minute in a group; a group's id is negative."""
        return self._pace * (3.0 if place.chat.startswith("-") else 1.0)

    async def send(self, place: Place, content: Styled) -> str:
        """The new message's id."""
        text, entities = formatted(content)
        reply = (
            ReplyParameters(int(place.reply_to), allow_sending_without_reply=True) if place.reply_to else None
        )
        with _translated():
            message = await self._bot.send_message(
                int(place.chat),
                text,
                entities=entities,
                message_thread_id=_topic(place),
                reply_parameters=reply,
                link_preview_options=_PREVIEW,
            )
        return str(message.message_id)

    async def edit(self, place: Place, message: str, content: Styled) -> None:
        """Replace a message."""
        text, entities = formatted(content)
        with _translated():
            try:
                await self._bot.edit_message_text(
                    text, int(place.chat), int(message), entities=entities, link_preview_options=_PREVIEW
                )
            except BadRequest as error:
                if "not modified" not in error.message.lower():
                    raise

    async def delete(self, place: Place, message: str) -> None:
        """Take a message of the bot's back."""
        with _translated():
            await self._bot.delete_message(int(place.chat), int(message))

    async def show_typing(self, place: Place) -> None:
        """For five seconds."""
        with _translated():
            await self._bot.send_chat_action(int(place.chat), "typing", message_thread_id=_topic(place))

    async def download(self, attachment: Attachment, to: Path, largest: int) -> None:
        """Write a file's bytes."""
        with _translated():
            file = await self._bot.get_file(attachment.id)
            if file.file_size is not None and file.file_size > largest:
                raise PlatformRefused(f"the file has more than {largest:,} bytes")
            content = await file.download_as_bytearray()
        if len(content) > largest:
            raise PlatformRefused(f"the file has more than {largest:,} bytes")
        await asyncio.to_thread(to.write_bytes, content)

    async def start(self, receive: Callable[[Incoming], None]) -> None:
        """Begin to poll."""

        async def take(update: Update, _: CallbackContext[Any, Any, Any, Any]) -> None:
            message = (
                None if update.message is None else incoming(update.message, self._bot.id, self._bot.username)
            )
            if message is not None:
                receive(message)

        self._application.add_handler(TypeHandler(Update, take))
        with _translated():
            await self._application.initialize()
            told = {name: words.format(sign=self.sign) for name, words in COMMANDS.items()}
            await self._bot.set_my_commands([BotCommand(*command) for command in told.items()])
            await self._application.start()
            assert self._application.updater is not None
            await self._application.updater.start_polling(
                allowed_updates=[Update.MESSAGE], error_callback=_tell_of_polling
            )

    async def stop_receiving(self) -> None:
        """End polling; what was handed over counts as received."""
        updater = self._application.updater
        if updater is not None and updater.running:
            await updater.stop()
        if self._application.running:
            await self._application.stop()  # once it has handed over what it has taken in

    async def close(self) -> None:
        """Close the connections."""
        await self.stop_receiving()
        await self._application.shutdown()
        for request in self._requests:
            await request.shutdown()


def formatted(content: Styled) -> tuple[str, list[MessageEntity]]:
    """Text and entities; offsets are UTF-16 code units. Mentions in the text reach nobody."""
    inert = _without_mentions(content)
    at = list(accumulate((2 if c > "\uffff" else 1 for c in inert.text), initial=0))
    marks = sorted(inert.marks, key=lambda mark: mark.kind != "link")[:_MOST_ENTITIES]
    entities = (
        MessageEntity(_ENTITIES[m.kind], at[m.start], at[m.end] - at[m.start], url=m.url or None)
        for m in sorted(marks, key=lambda mark: (mark.start, -mark.end))
    )
    return inert.text, list(entities)


def incoming(message: Message, own_id: int, own_name: str) -> Incoming | None:
    """A message as the bot takes it; None where it is not for the bot, or nothing that it can answer."""
    sender = message.from_user
    if sender is None or sender.is_bot:
        return None
    private = message.chat.type == "private"
    command, text, named = _words(message, own_name)
    to_bot = _replies_to(message, own_id)
    attachments = _attachments(message)
    if not (private or named or to_bot) or not (command or text.strip() or attachments):
        return None
    chat, topic = str(message.chat.id), _topic_of(message)
    replied = message.reply_to_message
    chain = not (private or topic)  # in a plain group the replies make the thread
    return Incoming(
        place=Place(chat, topic, "" if private else str(message.message_id)),
        message=str(message.message_id),
        person=str(sender.id),
        text=text,
        thread=_thread(chat, topic, chain=chain, commands=bool(command) and replied is None),
        replies_to=str(replied.message_id) if chain and replied is not None else "",
        private=private,
        command=command,
        attachments=attachments,
    )


def _thread(chat: str, topic: str, *, chain: bool, commands: bool) -> str:
    """A command that replies to nothing is about the chat."""
    if topic:
        return f"{chat}/topic {topic}"
    return "" if chain and not commands else chat


def _words(message: Message, own_name: str) -> tuple[str, str, bool]:
    """Command, the other words, and whether the bot is named."""
    text = message.text or message.caption or ""
    entities = message.parse_entities() if message.text else message.parse_caption_entities()
    mention, named = f"@{own_name}".lower(), False
    for entity, words in entities.items():
        if entity.type == MessageEntity.BOT_COMMAND and entity.offset == 0:
            name, _, bot = words.removeprefix("/").partition("@")
            if bot and bot.lower() != own_name.lower():
                return "", "", False
            named = bool(bot) or name.lower() in {*COMMANDS, "start"}
            return name.lower(), text[len(words) :].strip(), named
        if entity.type == MessageEntity.MENTION and words.lower() == mention:
            named = True
    if named:
        text = re.sub(rf"(?i)(?<!\w)@{re.escape(own_name)}\b", "", text)
    return "", text.strip(), named


def _replies_to(message: Message, own_id: int) -> bool:
    """Whether it answers a message of the bot's; the first message of a topic counts as nobody's."""
    replied = message.reply_to_message
    if replied is None or replied.from_user is None or replied.forum_topic_created is not None:
        return False
    return replied.from_user.id == own_id


def _topic_of(message: Message) -> str:
    return str(message.message_thread_id) if message.is_topic_message and message.message_thread_id else ""


def _topic(place: Place) -> int | None:
    return int(place.topic) if place.topic else None


def _attachments(message: Message) -> tuple[Attachment, ...]:
    if message.document is not None:
        file = message.document
        return (Attachment(file.file_id, file.file_name or "file", file.file_size),)
    if message.photo:
        largest = max(message.photo, key=lambda size: size.width * size.height)
        return (Attachment(largest.file_id, f"photo-{message.message_id}.jpg", largest.file_size),)
    return ()


def _without_mentions(content: Styled) -> Styled:
    """With an invisible character behind each @ that begins a name; what is monospace needs none."""
    quiet = [(m.start, m.end) for m in content.marks if m.kind in {"code", "block"}]
    found = (match.end() for match in _MENTION.finditer(content.text))
    places = (at for at in found if not any(start < at < end for start, end in quiet))
    return content.edited([(at, at, _WORD_JOINER) for at in places])


def _tell_of_polling(error: TelegramError) -> None:
    """Polling goes on by itself, at growing distances."""
    if isinstance(error, Conflict):
        _log.warning("another process takes in this bot's messages: only one may run for a token")
    else:
        _log.warning("Telegram does not answer (%s); trying again", type(error).__name__)


@contextmanager
def _translated() -> Generator[None]:
    """The library's errors as ours; some of its messages hold the token, so none is passed on unread."""
    try:
        yield
    except RetryAfter as error:
        wait = error.retry_after
        raise SlowDown(float(wait) if isinstance(wait, int) else wait.total_seconds()) from None
    except InvalidToken:
        raise PlatformRefused("Telegram does not accept the bot's token (LECTERN_TELEGRAM_TOKEN)") from None
    except (BadRequest, Forbidden) as error:
        raise PlatformRefused(f"Telegram refuses: {error.message}") from None
    except NetworkError as error:
        raise PlatformUnreachable(f"Telegram does not answer ({type(error).__name__})") from None
    except TelegramError as error:
        raise PlatformRefused(f"Telegram refuses ({type(error).__name__})") from None
