"""A proxy that the environment names reads nothing: it is passed by, or carries what is encrypted."""

from __future__ import annotations

import asyncio
import socketserver
import threading
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest
from pydantic import SecretStr

from ingest.errors import LecternError
from ingest.remote_embedding import EmbeddingService
from ingest.store.server import connect
from service.bots.platform import PlatformUnreachable
from service.bots.slack import Slack
from service.bots.telegram import Telegram
from service.models.contract import Message, ModelRequest, complete
from service.models.openai_client import OpenAIModel
from service.models.providers import PROVIDERS
from service.models.tokenizers import EndpointTokenizer
from service.reachability import check_model
from service.recording import Origin
from service.reranking.endpoint import RerankEndpoint
from service.settings import Settings
from tests.fakes.recipient import DIMENSIONS, Recipient
from tests.fakes.slack_api import APP_TOKEN, BOT_TOKEN
from tests.fakes.telegram_api import TOKEN

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

ORIGIN = Origin("default", "docs")
NAMES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")
AWAY = "http://127.0.0.1:9"
"""Nobody listens there."""


@dataclass
class Proxy:
    """Refuses everything, and remembers the first line of each request."""

    address: str = ""
    asked: list[str] = field(default_factory=list[str])


@pytest.fixture
def proxy(monkeypatch: pytest.MonkeyPatch) -> Generator[Proxy]:
    with refusing() as made:
        for name in NAMES:
            monkeypatch.setenv(name, made.address)
            monkeypatch.setenv(name.lower(), made.address)
        monkeypatch.delenv("NO_PROXY", raising=False)
        monkeypatch.delenv("no_proxy", raising=False)
        yield made


@contextmanager
def refusing() -> Generator[Proxy]:
    made = Proxy()

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            made.asked.append(self.rfile.readline().decode().strip())
            while self.rfile.readline().strip():
                pass
            self.wfile.write(b"HTTP/1.1 502 Refused\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        made.address = f"http://127.0.0.1:{server.server_address[1]}"
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield made
        server.shutdown()


def ask_model(address: str) -> None:
    async def ask() -> None:
        async with OpenAIModel(PROVIDERS["vllm"], base_url=address, api_key="") as model:
            await complete(model, ModelRequest((Message("user", "Who signs?"),), max_tokens=9))

    asyncio.run(ask())


def embed(address: str) -> None:
    service = EmbeddingService(address, None, model="e", dimensions=DIMENSIONS, sleep=lambda _: None)
    with closing(service):
        service.embed(["a chunk"])


def rerank(address: str) -> None:
    with closing(RerankEndpoint(address, None, model="r", seconds=5)) as endpoint:
        endpoint.rerank("which?", ["a", "b"], origin=ORIGIN)


def count_tokens(address: str) -> None:
    EndpointTokenizer(PROVIDERS["vllm"], address).count("a sample", "glm-5", origin=ORIGIN)


def examine(address: str) -> None:
    list(check_model(Settings(llm_base_url=address, llm_api_key=SecretStr("key"))))


def open_store(address: str) -> None:
    connect(address, None, dimensions=DIMENSIONS, timeout_seconds=2).close()


def start_telegram(address: str) -> None:
    async def start() -> None:
        bot = Telegram(TOKEN, address)
        try:
            await bot.start(lambda _: None)
        finally:
            await bot.close()

    asyncio.run(start())


def start_slack(address: str) -> None:
    asyncio.run(Slack(BOT_TOKEN, APP_TOKEN, f"{address}/api/").start(lambda _: None))


SHOWN: list[Callable[[str], None]] = [ask_model, embed, rerank, count_tokens]
OTHERS: list[Callable[[str], None]] = [examine, open_store, start_telegram, start_slack]


@pytest.mark.parametrize("send", SHOWN)
def test_text_goes_past_it_to_a_server_that_is_spoken_to_in_clear(
    send: Callable[[str], None], proxy: Proxy
) -> None:
    with Recipient() as recipient:
        send(recipient.settings["llm_base_url"])

        assert recipient.shown
    assert proxy.asked == []


@pytest.mark.parametrize("send", OTHERS)
def test_it_learns_of_nobody_who_is_spoken_to_in_clear(send: Callable[[str], None], proxy: Proxy) -> None:
    with suppress(LecternError, PlatformUnreachable):
        send(AWAY)

    assert proxy.asked == []


@pytest.mark.parametrize("send", [*SHOWN, *OTHERS])
def test_it_carries_what_is_encrypted(send: Callable[[str], None], proxy: Proxy) -> None:
    with suppress(LecternError, PlatformUnreachable):
        send(AWAY.replace("http", "https"))

    assert {line.split(" HTTP")[0] for line in proxy.asked} == {"CONNECT 127.0.0.1:9"}
