"""A Telegram Bot API over HTTP: as strict as the real one where a bot could be wrong.

async with FakeTelegram() as telegram:
    telegram.say("Who signs?")
    answer = await telegram.shown(lambda message: "[1]" in message.text)
"""

from __future__ import annotations

import asyncio
import json
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self

from aiohttp import web

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from types import TracebackType

TOKEN = "123456:AAtoken-of-the-bot"
BOT = {"id": 123456, "is_bot": True, "first_name": "Lectern", "username": "LecternBot"}
ANN = 11
LONGEST = 4_096
_WRITES = frozenset({"sendMessage", "editMessageText"})


class Refused(Exception):
    """What the API answers in place of a result."""

    def __init__(self, status: int, description: str, **parameters: object) -> None:
        super().__init__(description)
        self.status = status
        self.parameters = parameters


@dataclass
class Shown:
    """A message of the bot's, as a person sees it."""

    id: int
    chat: int
    text: str
    entities: list[dict[str, Any]]
    topic: int | None
    reply_to: int | None
    versions: list[str] = field(default_factory=list[str])
    """Every text that it had, the present one last."""

    def marked(self, kind: str) -> list[str]:
        """The words under entities of a kind."""
        return [words for words, entity in self._entities() if entity["type"] == kind]

    @property
    def links(self) -> dict[str, str]:
        """Words → where they lead; the last one of equal words."""
        return {w: entity["url"] for w, entity in self._entities() if entity["type"] == "text_link"}

    def _entities(self) -> list[tuple[str, dict[str, Any]]]:
        units = self.text.encode("utf-16-le")
        return [
            (units[2 * e["offset"] : 2 * (e["offset"] + e["length"])].decode("utf-16-le"), e)
            for e in self.entities
        ]


class FakeTelegram:
    """Serves on a free port of the loopback in the running loop."""

    def __init__(self) -> None:
        self.messages: dict[int, Shown] = {}
        self.calls: list[tuple[str, dict[str, Any], float]] = []
        """Method, parameters and time of every call."""
        self.refusals: list[Refused] = []
        """For the next calls that write."""
        self.files: dict[str, bytes] = {}
        self._updates: list[dict[str, Any]] = []
        self._news = asyncio.Condition()
        self._last = 100
        self._url = ""

    @property
    def url(self) -> str:
        return self._url

    def methods(self) -> list[str]:
        return [method for method, _, _ in self.calls]

    async def __aenter__(self) -> Self:
        app = web.Application()
        app.router.add_post("/bot{token}/{method}", self._serve)
        app.router.add_get("/file/bot{token}/{path:.*}", self._file)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self._url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._runner.cleanup()

    def say(
        self,
        text: str = "",
        *,
        person: int = ANN,
        chat: int | None = None,
        reply_to: int | None = None,
        topic: int | None = None,
        document: tuple[str, bytes] | None = None,
        size: int | None = None,
        edited: bool = False,
    ) -> int:
        """A person writes; without a chat, to the bot alone. Gives the message's id."""
        self._last += 1
        number = self._last
        where = person if chat is None else chat
        message: dict[str, Any] = {
            "message_id": number,
            "date": int(time.time()),
            "from": {"id": person, "is_bot": False, "first_name": "Ann"},
            "chat": {"id": where, "type": "private" if chat is None else "supergroup"},
        }
        message |= _content(text, document is not None)
        if reply_to is not None:
            sender = BOT if reply_to in self.messages else {"id": 12, "is_bot": False, "first_name": "Bob"}
            replied = {"message_id": reply_to, "date": 0, "chat": message["chat"], "from": sender}
            message["reply_to_message"] = replied
        if topic is not None:
            message |= {"message_thread_id": topic, "is_topic_message": True}
        if document is not None:
            name, content = document
            identity = f"file-{number}"
            self.files[identity] = content
            length = len(content) if size is None else size
            message["document"] = {
                "file_id": identity, "file_unique_id": identity, "file_name": name, "file_size": length,
            }  # fmt: skip
        self._updates.append({"update_id": number, "edited_message" if edited else "message": message})
        asyncio.get_running_loop().create_task(self._tell())
        return number

    async def shown(self, wanted: Callable[[Shown], bool], within: float = 60.0) -> Shown:
        """The first message that is as wanted, as soon as there is one."""
        async with self._news:
            try:
                async with asyncio.timeout(within):
                    await self._news.wait_for(lambda: any(map(wanted, self.messages.values())))
            except TimeoutError:
                texts = [message.text for message in self.messages.values()]
                raise AssertionError(f"no such message; there are {texts}") from None
        return next(filter(wanted, self.messages.values()))

    async def received(self) -> None:
        """Wait until the bot has acknowledged all that was written."""
        async with self._news, asyncio.timeout(60):
            await self._news.wait_for(lambda: not self._updates)

    async def _tell(self) -> None:
        async with self._news:
            self._news.notify_all()

    async def _serve(self, request: web.Request) -> web.Response:
        method = request.match_info["method"]
        form = await request.post()
        given = {name: _value(str(value)) for name, value in form.items()}
        self.calls.append((method, given, time.monotonic()))
        try:
            self._admit(request.match_info["token"], method)
            result = await self._answer(method, given)
        except Refused as refused:
            body = {"ok": False, "error_code": refused.status, "description": str(refused)}
            parameters = {"parameters": refused.parameters} if refused.parameters else {}
            return web.json_response(body | parameters, status=refused.status)
        await self._tell()
        return web.json_response({"ok": True, "result": result})

    async def _answer(self, method: str, given: Mapping[str, Any]) -> object:
        if method == "getUpdates":
            return await self._next(int(given.get("offset", 0)), float(given.get("timeout", 0)))
        answers: dict[str, Callable[[Mapping[str, Any]], object]] = {
            "getMe": lambda _: BOT | {"can_join_groups": True, "can_read_all_group_messages": False},
            "sendMessage": self._send,
            "editMessageText": self._edit,
            "deleteMessage": lambda given: self.messages.pop(given["message_id"], None) is not None,
            "getFile": lambda given: self._describe(given["file_id"]),
            **dict.fromkeys(("sendChatAction", "setMyCommands", "deleteWebhook"), lambda _: True),
        }
        if method not in answers:
            raise Refused(404, "Not Found")
        return answers[method](given)

    def _admit(self, token: str, method: str) -> None:
        if token != TOKEN:
            raise Refused(401, "Unauthorized")
        if method in _WRITES and self.refusals:
            raise self.refusals.pop(0)

    async def _next(self, offset: int, seconds: float) -> list[dict[str, Any]]:
        """What is acknowledged by its number is never told again."""
        self._updates = [update for update in self._updates if update["update_id"] >= offset]
        async with self._news:
            self._news.notify_all()
            try:
                async with asyncio.timeout(seconds or 0.01):
                    await self._news.wait_for(lambda: self._updates)
            except TimeoutError:
                return []
        return list(self._updates)

    def _send(self, given: Mapping[str, Any]) -> dict[str, Any]:
        _check(given)
        self._last += 1
        reply: dict[str, Any] = given.get("reply_parameters", {})
        message = Shown(
            self._last,
            given["chat_id"],
            str(given["text"]),
            given.get("entities", []),
            given.get("message_thread_id"),
            reply.get("message_id"),
            [str(given["text"])],
        )
        self.messages[message.id] = message
        return _described(message)

    def _edit(self, given: Mapping[str, Any]) -> dict[str, Any]:
        _check(given)
        message = self.messages.get(given["message_id"])
        if message is None or message.chat != given["chat_id"]:
            raise Refused(400, "Bad Request: message to edit not found")
        new: tuple[str, list[dict[str, Any]]] = str(given["text"]), given.get("entities", [])
        if new == (message.text, message.entities):
            raise Refused(
                400, "Bad Request: message is not modified: specified new message content is the same"
            )
        message.text, message.entities = new
        message.versions.append(message.text)
        return _described(message)

    def _describe(self, identity: str) -> dict[str, Any]:
        content = self.files[identity]
        return {
            "file_id": identity, "file_unique_id": identity, "file_size": len(content), "file_path": identity,
        }  # fmt: skip

    async def _file(self, request: web.Request) -> web.Response:
        content = self.files.get(request.match_info["path"])
        if request.match_info["token"] != TOKEN or content is None:
            return web.json_response({"ok": False, "error_code": 404, "description": "Not Found"}, status=404)
        return web.Response(body=content)


def _content(text: str, caption: bool) -> dict[str, Any]:
    if not text:
        return {}
    entities: list[dict[str, Any]] = []
    if text.startswith("/"):
        entities.append({"type": "bot_command", "offset": 0, "length": len(text.split(maxsplit=1)[0])})
    at = text.find("@")
    if at >= 0 and not text.startswith("/"):
        entities.append({"type": "mention", "offset": at, "length": len(text[at:].split(maxsplit=1)[0])})
    names = ("caption", "caption_entities") if caption else ("text", "entities")
    return dict(zip(names, (text, entities), strict=True))


def _value(text: str) -> Any:  # noqa: ANN401 — JSON
    try:
        return json.loads(text)
    except ValueError:
        return text


def _check(given: Mapping[str, Any]) -> None:
    """Refuse what Telegram would."""
    text = str(given.get("text", ""))
    units = len(text.encode("utf-16-le")) // 2
    if not text.strip():
        raise Refused(400, "Bad Request: message text is empty")
    if units > LONGEST:
        raise Refused(400, "Bad Request: message is too long")
    assert given["link_preview_options"] == {"is_disabled": True}
    assert "parse_mode" not in given
    entities: Sequence[Mapping[str, Any]] = given.get("entities", [])
    alone = [e for e in entities if e["type"] in {"code", "pre"}]
    for entity in entities:
        start, end = entity["offset"], entity["offset"] + entity["length"]
        assert 0 <= start < end <= units, entity
        inside = [
            o for o in alone if o is not entity and o["offset"] < end and start < o["offset"] + o["length"]
        ]
        assert not inside, (entity, inside)


def _described(message: Shown) -> dict[str, Any]:
    chat = {"id": message.chat, "type": "private" if message.chat > 0 else "supergroup"}
    return {
        "message_id": message.id,
        "date": int(time.time()),
        "chat": chat,
        "from": BOT,
        "text": message.text,
    }
