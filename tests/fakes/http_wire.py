"""Just enough HTTP/1.1 to serve JSON and event streams, and to break off where a script says so."""

from __future__ import annotations

import asyncio
import json
import socket
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


@dataclass(frozen=True, slots=True)
class Recorded:
    """A request as it arrived."""

    path: str
    headers: Mapping[str, str]
    """Names in lower case."""
    body: Mapping[str, object]

    @property
    def messages(self) -> list[Mapping[str, object]]:
        return cast("list[Mapping[str, object]]", self.body.get("messages") or [])

    @property
    def prompt(self) -> str:
        """Tools, then messages: the order in which GLM-5 renders them."""
        tools = json.dumps(self.body.get("tools") or "")
        turns = (f"<|{turn.get('role')}|>{json.dumps(turn, ensure_ascii=False)}" for turn in self.messages)
        return tools + "".join(turns) + "<|assistant|>"

    @property
    def question(self) -> str:
        """The last turn's text."""
        return str(self.messages[-1].get("content"))


class ClientLeft(Exception):
    """The other side closed the connection before it had its answer."""


@dataclass(frozen=True, slots=True)
class Wire:
    """The answering side of a connection: HTTP/1.1 with chunks."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def wait(self, seconds: float | None) -> None:
        """Pause; None is for ever. A client that leaves meanwhile ends it."""
        if seconds == 0:
            return
        try:
            async with asyncio.timeout(seconds):
                if not await self.reader.read(1):
                    raise ClientLeft
        except TimeoutError:
            return

    async def start(self) -> None:
        self.writer.write(
            b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\n"
            b"Transfer-Encoding: chunked\r\n\r\n"
        )
        await self.writer.drain()

    async def frame(self, data: str, *, comment: bool = False) -> None:
        prefix = ": PROCESSING\n\n" if comment else ""
        await self._chunk(f"{prefix}data: {data}\n\n".encode())

    async def half(self, data: str) -> None:
        """A chunk whose bytes end in the middle of a frame."""
        whole = f"data: {data}\n\n".encode()
        self.writer.write(b"%x\r\n%b" % (len(whole), whole[: len(whole) // 2]))
        await self.writer.drain()

    def reset(self) -> None:
        """Break the connection off as a machine does that has lost it: what was not read is gone."""
        connection: socket.socket = self.writer.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()

    async def finish(self) -> None:
        await self._chunk(b"")

    async def _chunk(self, data: bytes) -> None:
        self.writer.write(b"%x\r\n%b\r\n" % (len(data), data))
        await self.writer.drain()

    async def plain(self, status: int, body: str, headers: Sequence[tuple[str, str]]) -> None:
        content = body.encode()
        lines = [f"HTTP/1.1 {status} Scripted", f"Content-Length: {len(content)}"]
        lines += [f"{name}: {value}" for name, value in headers]
        self.writer.write("\r\n".join((*lines, "", "")).encode() + content)
        await self.writer.drain()


async def read_request(reader: asyncio.StreamReader) -> Recorded | None:
    """The next request of a connection; None when the client has no more."""
    try:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    except asyncio.IncompleteReadError:
        return None
    first, *lines = head.strip().split("\r\n")
    pairs = (line.partition(":") for line in lines)
    headers = {name.strip().lower(): value.strip() for name, _, value in pairs}
    content = await reader.readexactly(int(headers.get("content-length", "0")))
    body = cast("Mapping[str, object]", json.loads(content or b"{}"))
    return Recorded(first.split(" ")[1], headers, body)
