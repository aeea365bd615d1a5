"""The whole service over real sockets: wired services, an HTTP server in a thread, a scripted GLM-5."""

from __future__ import annotations

import asyncio
import json
import re
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import httpx2
import uvicorn

from ingest.pipeline import Ingester
from ingest.reading import read
from ingest.sandbox import InlineParser
from service.http.app import create_app
from service.http.connection import IDLE_SECONDS
from service.searching import Searcher
from service.wiring import open_services
from tests.fakes.embedder import WordEmbedder
from tests.fakes.memory_index import MemoryIndex

if TYPE_CHECKING:
    import socket
    from collections.abc import Generator, Iterable
    from pathlib import Path

    from ingest.report import Report
    from service.services import Services
    from service.settings import Settings
    from tests.fakes.http_wire import Recorded

_STARTED_WITHIN = 20.0
_LOOK_SECONDS = 0.01
_LARGEST = 2**24


@dataclass(frozen=True)
class LiveService:
    """A server and a client of it. ``services`` are the same ones that it answers from."""

    services: Services
    http: httpx2.Client
    url: str

    def ingest(self, *paths: Path, collection: str = "default", tenant: str = "default") -> Report:
        """Through the real pipeline, read in this process: nothing to start."""
        wired = self.services
        ingester = Ingester(wired.catalog, wired.index, wired.embedder, InlineParser(read))
        return ingester.ingest(tenant, collection, paths, largest=_LARGEST, on_progress=lambda _: None)

    def get(self, path: str, status: int = 200) -> Any:  # noqa: ANN401 — JSON
        return _json(self.http.get(path), status)

    def post(self, path: str, body: object, status: int = 200) -> Any:  # noqa: ANN401 — JSON
        return _json(self.http.post(path, json=body), status)

    def ask(self, question: str, **fields: object) -> Any:  # noqa: ANN401 — JSON
        """The body of a successful answer."""
        return self.post("/v1/query", {"question": question, **fields})

    def events(self, question: str, **fields: object) -> list[tuple[str, Any]]:
        """Names and bodies of a streamed answer."""
        response = self.http.post("/v1/query", json={"question": question, "stream": True, **fields})
        assert response.status_code == 200, response.text
        assert response.headers["content-type"].startswith("text/event-stream")
        return parse_events(response.text)

    def documents(self, collection: str = "default") -> dict[str, Any]:
        """Listed documents by path."""
        listed = self.get(f"/v1/documents?collection={collection}&limit=1000")
        return {document["path"]: document for document in listed["documents"]}


@contextmanager
def live(settings: Settings) -> Generator[LiveService]:
    """Serve while the block runs."""
    with open_services(settings) as services, _served_live(services) as service:
        yield service


@contextmanager
def live_in_memory(settings: Settings) -> Generator[LiveService]:
    """The same with an index in a dictionary: nothing to start, where the search is not what is tested."""
    with open_services(settings, needs_index=False) as wired:
        index, embedder = MemoryIndex(), WordEmbedder()
        searcher = Searcher(wired.library, index, embedder.identity)
        services = replace(wired, index=index, embedder=embedder, searcher=searcher)
        with _served_live(services) as service:
            yield service


@contextmanager
def _served_live(services: Services) -> Generator[LiveService]:
    settings = services.settings
    with served(services) as url:
        headers = (
            {"Authorization": f"Bearer {settings.access_key.get_secret_value()}"}
            if settings.access_key
            else {}
        )
        with httpx2.Client(base_url=url, headers=headers, timeout=60, trust_env=False) as http:
            yield LiveService(services, http, url)


@contextmanager
def served(services: Services, *, own_token: str | None = None) -> Generator[str]:
    """An HTTP server over these services; its address."""
    app = create_app(services, own_token=own_token)
    config = uvicorn.Config(
        app, host="127.0.0.1", port=0, log_level="critical", timeout_keep_alive=IDLE_SECONDS
    )
    server = _PromptServer(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    deadline = time.monotonic() + _STARTED_WITHIN
    while not server.started:
        assert thread.is_alive(), "the server did not start"
        assert time.monotonic() < deadline, "the server did not start in time"
        time.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(_STARTED_WITHIN)
        assert not thread.is_alive(), "the server did not stop"


class _PromptServer(uvicorn.Server):
    """Stops at once where nobody is connected any more: uvicorn looks now and then, and waits once more."""

    async def main_loop(self) -> None:
        """Return when it is told to stop."""
        ticks = 0
        while not await self.on_tick(ticks):
            ticks += 1
            await asyncio.sleep(_LOOK_SECONDS)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """As uvicorn does it."""
        if self.server_state.connections or self.server_state.tasks:
            await super().shutdown(sockets)
            return
        for server in self.servers:
            server.close()
        await self.lifespan.shutdown()


def parse_events(text: str) -> list[tuple[str, Any]]:
    """Server-sent events as the server frames them: a name line, a data line, an empty one."""
    frames = [frame.split("\n") for frame in text.removesuffix("\n\n").split("\n\n")]
    assert all(len(lines) == 2 for lines in frames)
    return [(name.removeprefix("event: "), json.loads(data.removeprefix("data: "))) for name, data in frames]


_PASSAGE = re.compile(
    r"^\[(D\d+:\d+)\] (.*?)"
    r"(?=^\[D\d+:\d+\] |^# D\d+ |^Probably most relevant|^The documents were read part|^Question: |\Z)",
    re.MULTILINE | re.DOTALL,
)


def passages_of(request: Recorded) -> dict[str, str]:
    """Marker → text of every passage that a prompt shows, earlier turns included."""
    return passages_in([str(turn["content"]) for turn in request.messages if turn["role"] == "user"])


def passages_in(turns: Iterable[str]) -> dict[str, str]:
    """As `passages_of`, of the texts of turns."""
    return {m[1]: m[2].strip() for turn in turns for m in _PASSAGE.finditer(turn)}


def relevant_of(request: Recorded) -> list[str]:
    """The markers that the last turn calls most relevant."""
    named = re.search(r"^Probably most relevant: (.*)\.$", request.question, re.MULTILINE)
    return named[1].split(", ") if named else []


def _json(response: httpx2.Response, status: int) -> Any:  # noqa: ANN401 — JSON
    assert response.status_code == status, response.text
    if status >= 400:
        assert response.headers["content-type"] == "application/problem+json"
    return response.json() if response.content else None
