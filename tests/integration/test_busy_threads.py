"""While all threads that others share are busy, what everybody needs is still done."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING

import httpx2
import pytest
from anyio.to_thread import current_default_thread_limiter
from pydantic import SecretStr
from starlette.concurrency import run_in_threadpool

from service.access.caller import LOCAL
from service.access.view import View
from service.egress_policy import Recipient
from service.generation import Generation, GenerationSettings
from service.guards import GuardedModel
from service.http.app import create_app
from service.http.turns import OF_ONE_KEY
from service.knowledge.desk import Desk
from service.knowledge.tools import Caller, knowledge_tools
from service.models.contract import Message, ModelRequest, complete
from service.models.providers import PROVIDERS
from service.recording import Origin, Recorder
from service.settings import Settings
from service.wiring import open_services
from tests.fakes.scripted_model import ScriptedModel

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable
    from pathlib import Path

    from ingest.catalog.call_records import CallRecord
    from service.recording import Owed

pytestmark = pytest.mark.anyio
LOCALHOST = "http://localhost"
SOON = 20
"""Seconds: for ever, to those who wait for a thread that nobody gives back."""


@asynccontextmanager
async def busy_routes() -> AsyncGenerator[None]:
    """No thread is left of those that routes run in."""
    over = threading.Event()
    most = int(current_default_thread_limiter().total_tokens)
    tasks = [asyncio.create_task(run_in_threadpool(over.wait)) for _ in range(most)]
    while current_default_thread_limiter().available_tokens:  # noqa: ASYNC110 — the limiter tells nobody
        await asyncio.sleep(0.01)
    try:
        yield
    finally:
        over.set()
        await asyncio.gather(*tasks)


@asynccontextmanager
async def busy_loop() -> AsyncGenerator[None]:
    """No thread is left of those that the event loop has for everything else."""
    loop, over = asyncio.get_running_loop(), threading.Event()
    loop.set_default_executor(ThreadPoolExecutor(1))
    task = asyncio.ensure_future(asyncio.to_thread(over.wait))
    try:
        yield
    finally:
        over.set()
        await task


async def test_the_gate_and_healthz_answer(tmp_path: Path) -> None:
    for key in (None, SecretStr("k")):
        with open_services(Settings(data=tmp_path, access_key=key)) as services:
            transport = httpx2.ASGITransport(create_app(services))
            async with (
                busy_routes(),
                asyncio.timeout(SOON),
                httpx2.AsyncClient(transport=transport, base_url=LOCALHOST) as http,
            ):
                assert (await http.get("/healthz")).status_code == 200
                if key:
                    assert (await http.get("/v1/collections")).status_code == 401


async def test_models_are_asked(tmp_path: Path) -> None:
    with open_services(Settings(data=tmp_path)) as services:
        services.catalog.ensure_collection("default", "docs", embedder="e", dimensions=0, check_vector=b"")
        recipient = Recipient.at("http://localhost:8000/v1", PROVIDERS["vllm"])
        guarded = GuardedModel(ScriptedModel(["Yes."]), services.egress, recipient)
        request = ModelRequest((Message("user", "?"),), 9, tenant="default", collection="docs")
        async with busy_loop(), asyncio.timeout(SOON):
            assert (await complete(guarded, request)).text == "Yes."


class Reading(Recorder):
    """A recorder that must read an account first."""

    def __init__(self) -> None:
        self.read = 0

    def due(self, call: CallRecord, longest: int) -> Callable[[], None]:
        del call, longest
        return self._read

    def begin(self, call: CallRecord, longest: int) -> None:
        """Nothing is set aside."""

    def record(self, call: CallRecord, owed: Owed | None = None) -> None:
        """Nothing is kept."""

    def forget(self, call: CallRecord) -> None:
        """Nothing was kept."""

    def _read(self) -> None:
        self.read += 1


async def test_accounts_are_read() -> None:
    accounts, chosen = Reading(), GenerationSettings("glm-5", None, 100, 100, 0.0, thinking=False)
    generation = Generation(ScriptedModel([]), PROVIDERS["zai"], chosen, recorder=accounts)
    call = generation.recording(Origin("a", "b"), "answer", model="glm-5", planned=1, longest=1)
    async with busy_loop(), asyncio.timeout(SOON), call:
        assert accounts.read == 1


async def test_the_tools_of_agents_keep_to_threads_of_their_own(tmp_path: Path) -> None:
    async def report(_: str) -> None:
        """Nobody listens."""

    tool = next(one for one in knowledge_tools() if one.name == "list_collections")
    with open_services(Settings(data=tmp_path)) as services:
        caller = Caller(Desk(View(services, LOCAL)), "", report)
        async with busy_loop(), asyncio.timeout(SOON):
            found, _ = await tool.call({}, caller)
    assert found.collections == []


LONG: tuple[tuple[str, str, object], ...] = (
    ("POST", "/v1/search", {"query": "rent"}),
    ("GET", "/v1/documents/none/outline", None),
    ("POST", "/v1/reviews/estimate", {"questions": [{"question": "Who?"}]}),
    ("GET", "/v1/reviews/none/export", None),
    ("POST", "/v1/reviews/questions?name=q.yaml", ["Who?"]),
)


async def test_what_takes_long_waits_for_its_turn_and_what_is_short_does_not(tmp_path: Path) -> None:
    with open_services(Settings(data=tmp_path)) as services:
        app = create_app(services)
        transport = httpx2.ASGITransport(app)
        async with (
            AsyncExitStack() as held,
            httpx2.AsyncClient(transport=transport, base_url=LOCALHOST) as http,
        ):
            for _ in range(OF_ONE_KEY):
                await held.enter_async_context(app.state.turns.turn((LOCAL.tenant, LOCAL.key)))
            asked = [
                asyncio.create_task(http.request(method, path, json=body)) for method, path, body in LONG
            ]
            async with asyncio.timeout(SOON):
                for _ in range(5):
                    assert (await http.get("/v1/collections")).status_code == 200
            assert not any(task.done() for task in asked)

            await held.aclose()
            async with asyncio.timeout(SOON):
                assert {one.status_code for one in await asyncio.gather(*asked)} == {200, 404, 409}
