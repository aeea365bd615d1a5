"""Clients that stop reading, over real sockets: the model's place is free again, and others are answered."""

from __future__ import annotations

import asyncio
import logging
import socket
import threading
import time
from contextlib import aclosing, contextmanager
from typing import TYPE_CHECKING

import httpx2
import pytest
import uvicorn
from fastapi import FastAPI, Request, Response  # noqa: TC002 — FastAPI reads the types of a route
from fastapi.responses import StreamingResponse

from service.http.app import create_app
from service.http.connection import CuttableProtocol
from service.http.send_limit import SendLimit
from service.models.contract import Message, ModelRequest
from service.models.queueing import CallQueue, QueuedModel
from service.settings import Settings
from service.wiring import open_services
from tests.fakes.scripted_model import ScriptedModel

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Generator
    from pathlib import Path

    from starlette.types import ASGIApp

PIECE = "The rent is 4,200 euros. " * 40
PIECES = 20_000
"""More than the buffers of both systems hold."""


class Talker:
    """A server whose every answer is long, by a model that has one place."""

    def __init__(self, pieces: int) -> None:
        self.queue = CallQueue(1, 1, 60)
        self._model = QueuedModel(ScriptedModel([""] * 9), self.queue)
        self._pieces = pieces
        self.app = FastAPI()
        self.app.get("/")(self.answer)

    async def answer(self) -> StreamingResponse:
        return StreamingResponse(self._frames())

    async def _frames(self) -> AsyncGenerator[str, None]:
        request = ModelRequest((Message("user", "What is the rent?"),), max_tokens=10)
        async with aclosing(self._model.stream(request)) as events:
            async for _ in events:
                for _ in range(self._pieces):
                    yield PIECE


@contextmanager
def serving(app: ASGIApp, protocol: type[CuttableProtocol] = CuttableProtocol) -> Generator[int]:
    config = uvicorn.Config(app, host="127.0.0.1", port=0, log_config=None, http=protocol)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        assert thread.is_alive()
        time.sleep(0.01)
    try:
        yield server.servers[0].sockets[0].getsockname()[1]
    finally:
        server.should_exit = server.force_exit = True
        thread.join(20)


def becomes(queue: CallQueue, running: int) -> bool:
    deadline = time.monotonic() + 20
    while queue.running != running:
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def read_all(client: socket.socket) -> None:
    while client.recv(2**20):
        pass


def test_who_stops_reading_loses_the_place_of_the_model() -> None:
    talker = Talker(PIECES)
    with (
        serving(SendLimit(talker.app, seconds=0.5)) as port,
        socket.create_connection(("127.0.0.1", port)) as client,
    ):
        client.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert becomes(talker.queue, 1)

        assert becomes(talker.queue, 0)


def test_and_the_connection_with_all_that_waits_in_it(caplog: pytest.LogCaptureFixture) -> None:
    talker = Talker(PIECES)
    with (
        serving(SendLimit(talker.app, seconds=0.5)) as port,
        socket.create_connection(("127.0.0.1", port), timeout=20) as client,
    ):
        client.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert becomes(talker.queue, 1)
        assert becomes(talker.queue, 0)

        time.sleep(0.1)
        with pytest.raises(ConnectionResetError):
            read_all(client)
        assert [line.message for line in caplog.records if line.levelno >= logging.WARNING] == []


def test_a_slow_reader_is_waited_for_and_hears_all() -> None:
    talker = Talker(1_000)
    with serving(SendLimit(talker.app, seconds=5)) as port:
        heard = 0
        with httpx2.stream("GET", f"http://127.0.0.1:{port}/", trust_env=False) as response:
            for piece in response.iter_bytes(100_000):
                heard += len(piece)
                time.sleep(0.02)
    pieces, rest = divmod(heard, len(PIECE))
    assert (pieces % 1_000, rest) == (0, 0)
    assert pieces


def test_the_service_stands_behind_it(tmp_path: Path) -> None:
    with open_services(Settings(data=tmp_path)) as services:
        assert isinstance(create_app(services).middleware_stack, SendLimit)


class Hasty(CuttableProtocol):
    head_seconds = 0.5


GET = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"


@pytest.mark.parametrize("begun", [b"", b"GET / HT", b"GET / HTTP/1.1\r\nHost: localhost\r\n"])
def test_a_head_that_does_not_come_holds_no_connection(begun: bytes) -> None:
    with (
        serving(FastAPI(), Hasty) as port,
        socket.create_connection(("127.0.0.1", port), timeout=20) as client,
    ):
        client.sendall(begun)
        assert client.recv(100) == b""


def test_nor_does_half_of_a_second_one() -> None:
    with (
        serving(FastAPI(), Hasty) as port,
        socket.create_connection(("127.0.0.1", port), timeout=20) as client,
    ):
        client.sendall(GET)
        assert client.recv(10_000).startswith(b"HTTP/1.1 404")
        client.sendall(GET[:-4])
        read_all(client)


def test_an_answer_and_a_body_may_take_longer_than_a_head() -> None:
    async def echo(request: Request) -> Response:
        said = await request.body()
        await asyncio.sleep(2 * Hasty.head_seconds)
        return Response(said)

    app = FastAPI()
    app.post("/")(echo)
    with serving(app, Hasty) as port, socket.create_connection(("127.0.0.1", port), timeout=20) as client:
        client.sendall(b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\n12345")
        time.sleep(2 * Hasty.head_seconds)
        client.sendall(b"67890")
        assert client.recv(10_000).startswith(b"HTTP/1.1 200")


def test_a_request_with_two_ends_is_the_connections_last(tmp_path: Path) -> None:
    smuggling = (
        b"POST /v1/search HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n"
        b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + GET.replace(b" / ", b" /healthz ")
    )
    with (
        open_services(Settings(data=tmp_path)) as services,
        serving(create_app(services)) as port,
        socket.create_connection(("127.0.0.1", port), timeout=20) as client,
    ):
        client.sendall(smuggling)
        heard = b""
        while piece := client.recv(10_000):
            heard += piece
    assert heard.startswith(b"HTTP/1.1 400")
    assert heard.count(b"HTTP/1.1 ") == 1
