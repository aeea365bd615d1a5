"""Slack over HTTP and its socket: as strict as the real one where an app could be wrong.

async with FakeSlack() as slack:
    await slack.say("Who signs?", channel="D1")
    answer = await slack.shown(lambda message: "[1]" in message.text)
"""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self

from aiohttp import WSMsgType, web

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from types import TracebackType

BOT_TOKEN, APP_TOKEN = "xoxb-token-of-the-bot", "xapp-token-of-the-app"
BOT = "U0BOT"
ANN = "U0ANN"
LONGEST = 3_000
_WRITES = frozenset({"chat.postMessage", "chat.update"})
_TEXTS = frozenset({"text", "link"})


@dataclass
class Shown:
    """A message of the bot's, as a person sees it."""

    ts: str
    channel: str
    thread: str | None
    blocks: list[dict[str, Any]]
    fallback: str
    versions: list[str] = field(default_factory=list[str])

    @property
    def text(self) -> str:
        """The words of its rich text."""
        return "".join(element["text"] for element in self._elements())

    @property
    def links(self) -> dict[str, str]:
        """Words → where they lead; the last one of equal words."""
        return {e["text"]: e["url"] for e in self._elements() if e["type"] == "link"}

    def marked(self, style: str) -> list[str]:
        return [e["text"] for e in self._elements() if e.get("style", {}).get(style)]

    def _elements(self) -> list[dict[str, Any]]:
        return [
            element for block in self.blocks for part in block["elements"] for element in part["elements"]
        ]


@dataclass(frozen=True)
class Refused:
    """What the next call that writes is answered with."""

    status: int
    error: str
    retry_after: int | None = None


class FakeSlack:
    """Serves on a free port of the loopback in the running loop."""

    def __init__(self) -> None:
        self.messages: dict[str, Shown] = {}
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self.refusals: list[Refused] = []
        self.acknowledged: list[str] = []
        self.files: dict[str, dict[str, Any]] = {}
        self.contents: dict[str, bytes] = {}
        self._news = asyncio.Condition()
        self._socket: web.WebSocketResponse | None = None
        self._last = 1_700_000_000
        self._port = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}/api/"

    async def __aenter__(self) -> Self:
        app = web.Application()
        app.router.add_route("*", "/api/{method}", self._serve)
        app.router.add_get("/link", self._link)
        app.router.add_get("/files/{name}", self._file)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self._port = self._runner.addresses[0][1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._socket is not None:
            await self._socket.close()
        await self._runner.cleanup()

    async def say(
        self,
        text: str,
        *,
        channel: str = "D0ANN",
        person: str = ANN,
        thread: str | None = None,
        file: tuple[str, bytes] | None = None,
        kind: str = "message",
        external: bool = False,
        subtype: str | None = None,
        again: str | None = None,
    ) -> str:
        """A person writes. Gives the message's time, which is its id; ``again`` tells of one once more."""
        at = again or self._stamp()
        event: dict[str, Any] = {"type": kind, "user": person, "text": text, "ts": at, "channel": channel}
        if kind == "message":
            event["channel_type"] = "im" if channel.startswith("D") else "channel"
        if thread is not None:
            event["thread_ts"] = thread
        if subtype is not None:
            event["subtype"] = subtype
        if file is not None:
            event |= {"subtype": "file_share", "files": [self._attached(*file, external=external)]}
        payload = {
            "type": "event_callback",
            "team_id": "T1",
            "api_app_id": "A1",
            "event_id": at,
            "event": event,
        }
        await self._envelope("events_api", payload)
        return at

    async def command(self, text: str, *, channel: str = "D0ANN", person: str = ANN) -> None:
        """A person gives ``/lectern …``."""
        payload = {
            "command": "/lectern", "text": text, "user_id": person, "channel_id": channel, "team_id": "T1",
            "trigger_id": self._stamp(), "response_url": f"{self.url}respond",
        }  # fmt: skip
        await self._envelope("slash_commands", payload)

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

    async def acknowledges(self, count: int) -> None:
        """Wait until so many envelopes were acknowledged."""
        async with self._news, asyncio.timeout(10):
            await self._news.wait_for(lambda: len(self.acknowledged) >= count)

    def _stamp(self) -> str:
        self._last += 1
        return f"{self._last}.000100"

    def _attached(self, name: str, content: bytes, *, external: bool) -> dict[str, Any]:
        identity = f"F{len(self.files) + 1}"
        self.contents[identity] = content
        self.files[identity] = {
            "id": identity,
            "name": name,
            "size": len(content),
            "mode": "external" if external else "hosted",
            "is_external": external,
            "url_private_download": f"http://127.0.0.1:{self._port}/files/{identity}",
        }
        return {key: self.files[identity][key] for key in ("id", "name", "size", "mode")}

    async def _envelope(self, kind: str, payload: Mapping[str, Any]) -> None:
        async with self._news, asyncio.timeout(10):
            await self._news.wait_for(lambda: self._socket is not None)
        assert self._socket is not None
        envelope = {
            "type": kind, "envelope_id": self._stamp(), "payload": payload, "accepts_response_payload": False,
        }  # fmt: skip
        await self._socket.send_json(envelope)

    async def _link(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        await socket.send_json({"type": "hello", "num_connections": 1})
        async with self._news:
            self._socket = socket
            self._news.notify_all()
        async for message in socket:
            if message.type == WSMsgType.TEXT:
                self.acknowledged.append(json.loads(message.data)["envelope_id"])
                async with self._news:
                    self._news.notify_all()
        self._socket = None
        return socket

    async def _serve(self, request: web.Request) -> web.Response:
        method = request.match_info["method"]
        given = await _given(request)
        self.calls.append((method, given))
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if token != (APP_TOKEN if method == "apps.connections.open" else BOT_TOKEN):
            return web.json_response({"ok": False, "error": "invalid_auth"})
        if method in _WRITES and self.refusals:
            refused = self.refusals.pop(0)
            headers = {} if refused.retry_after is None else {"Retry-After": str(refused.retry_after)}
            return web.json_response(
                {"ok": False, "error": refused.error}, status=refused.status, headers=headers
            )
        result = self._answer(method, given)
        async with self._news:
            self._news.notify_all()
        return web.json_response({"ok": "error" not in result} | result)

    def _answer(self, method: str, given: Mapping[str, Any]) -> dict[str, Any]:
        answers: dict[str, Callable[[Mapping[str, Any]], dict[str, Any]]] = {
            "auth.test": lambda _: {"user_id": BOT, "user": "lectern", "team_id": "T1", "bot_id": "B1"},
            "apps.connections.open": lambda _: {"url": f"ws://127.0.0.1:{self._port}/link"},
            "chat.postMessage": self._post,
            "chat.update": self._update,
            "chat.delete": lambda given: (
                {} if self.messages.pop(given["ts"], None) else {"error": "message_not_found"}
            ),
            "files.info": lambda given: {"file": self.files[given["file"]]},
        }
        return answers[method](given) if method in answers else {"error": "unknown_method"}

    def _post(self, given: Mapping[str, Any]) -> dict[str, Any]:
        assert given["unfurl_links"] is False
        assert given["unfurl_media"] is False
        at = self._stamp()
        blocks, fallback = _checked(given)
        self.messages[at] = Shown(at, given["channel"], given.get("thread_ts"), blocks, fallback)
        self.messages[at].versions.append(self.messages[at].text)
        return {"ts": at, "channel": given["channel"]}

    def _update(self, given: Mapping[str, Any]) -> dict[str, Any]:
        message = self.messages.get(given["ts"])
        if message is None or message.channel != given["channel"]:
            return {"error": "message_not_found"}
        message.blocks, message.fallback = _checked(given)
        message.versions.append(message.text)
        return {"ts": message.ts, "channel": message.channel}

    async def _file(self, request: web.Request) -> web.Response:
        if request.headers.get("Authorization") != f"Bearer {BOT_TOKEN}":
            return web.Response(status=302, headers={"Location": "/sign-in"})
        return web.Response(body=self.contents[request.match_info["name"]])


async def _given(request: web.Request) -> dict[str, Any]:
    given: dict[str, Any] = dict(request.query)
    if request.content_type == "application/json":
        return given | await request.json()
    return given | dict(await request.post())


def _checked(given: Mapping[str, Any]) -> tuple[list[dict[str, Any]], str]:
    """Blocks and plain words; refuses what Slack would, and what could call people."""
    blocks, fallback = given["blocks"], given["text"]
    blocks = json.loads(blocks) if isinstance(blocks, str) else blocks
    assert given["parse"] == "none"
    assert "<" not in fallback
    words = 0
    for block in blocks:
        assert block["type"] == "rich_text"
        for part in block["elements"]:
            assert part["type"] in {"rich_text_section", "rich_text_preformatted", "rich_text_quote"}
            for element in part["elements"]:
                assert element["type"] in _TEXTS
                assert element["text"]
                words += len(element["text"])
    assert 0 < words <= LONGEST
    return blocks, fallback
