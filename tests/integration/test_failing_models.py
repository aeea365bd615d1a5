"""The whole service while its model's provider fails, is busy, or is slow, and while clients leave."""

from __future__ import annotations

import asyncio
import json
import logging
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import httpx2
import pytest
from pydantic import SecretStr

from service.models.errors import KeyRejected, StreamCut
from service.models.prices import Price
from service.setting_groups.models import FallbackProvider, ModelPrice
from service.settings import Settings
from tests.fakes.files import LEASE, write_texts
from tests.fakes.glm5 import CutStream, ErrorReply, Glm5Server, Hang, Reply
from tests.fakes.live_service import live, parse_events, passages_of
from tests.integration.test_agent_http import script

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.fakes.glm5 import Step
    from tests.fakes.http_wire import Recorded
    from tests.fakes.live_service import LiveService

RENT = "What is the monthly rent?"
BERTHS = "# Register of berths\n\n" + "\n\n".join(
    f"## {n}. Berth {n}\n\nBerth {n} is {n * 7} metres long and is let by the week to coasters only."
    for n in range(1, 500)
)
PRICE = Price(0.5, 0.1, 2.0)


def answer(request: Recorded) -> Reply:
    """Cites the first passage that the prompt shows."""
    shown = [*passages_of(request)]
    return Reply(f'It is 4,200 euros [{shown[0]} "rent"].' if shown else "The documents do not say.")


def first_provider(request: Recorded) -> Step:
    """By a word in the question: down, cut, silent, slow; a part of a map by its rules."""
    prompt = request.prompt
    for word, step in STEPS.items():
        if f"({word})" in prompt:
            return step
    return answer(request)


STEPS: dict[str, Step] = {
    "down": ErrorReply(401, code="1000"),
    "cut": CutStream(after=3),
    "silent": Hang(after=3),
    "slow": Reply("word " * 60, delay=0.1),
}


@pytest.fixture(scope="module")
def first() -> Iterator[Glm5Server]:
    with Glm5Server(first_provider) as server:
        yield server


@pytest.fixture(scope="module")
def other() -> Iterator[Glm5Server]:
    with Glm5Server(answer) as server:
        yield server


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("docs")
    write_texts(folder, {"lease.md": LEASE, "berths.md": BERTHS})
    return folder


@pytest.fixture(scope="module")
def service(
    first: Glm5Server, other: Glm5Server, folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[LiveService]:
    settings = Settings(
        data=tmp_path_factory.mktemp("data"),
        llm_base_url=first.base_url,
        llm_provider="zai",
        llm_api_key=SecretStr("key"),
        map_part_tokens=1_000,
        fallbacks=(
            FallbackProvider(
                provider="vllm",
                base_url=other.base_url,
                model="house",
                price=ModelPrice(input=PRICE.input, cached=PRICE.cached, output=PRICE.output),
            ),
        ),
    )
    with live(settings) as running:
        running.ingest(folder)
        yield running


def calls_of(service: LiveService, answer: dict[str, Any]) -> list[tuple[str, str, str]]:
    """Purpose, provider and model of each call of an answer, as the ledger has them."""
    service.services.ledger.settle()
    found = service.services.catalog.calls_of("default", answer["id"])
    return [(call.purpose, call.provider, call.model) for call in found]


def dollars(usage: dict[str, int], price: Price) -> float:
    fresh = usage["prompt_tokens"] - usage["cached_tokens"]
    spent = fresh * price.input + usage["cached_tokens"] * price.cached
    return (spent + usage["completion_tokens"] * price.output) / 1e6


class TestFallback:
    def test_who_answered_is_in_bill_ledger_and_plan(self, service: LiveService) -> None:
        given = service.ask(f"{RENT} (down)", mode="retrieve")

        assert given["model"] == "house"
        assert given["cost"]["usd"] == pytest.approx(dollars(given["usage"], PRICE))
        assert calls_of(service, given) == [("answer", "vllm", "house")]
        [warning] = given["plan"]["warnings"]
        assert warning.startswith("vllm answered with house: ")
        assert "1000" in warning

    def test_its_cache_is_not_the_first_ones(self, service: LiveService, first: Glm5Server) -> None:
        """What the fallback read, the first provider has yet to read; from then on it holds it."""
        first.script = lambda _: STEPS["down"]
        try:
            service.ask(RENT, mode="pin", documents=[service.documents()["berths.md"]["id"]])
        finally:
            first.script = first_provider
        asked = [
            service.ask(RENT, mode="pin", documents=[service.documents()["berths.md"]["id"]])
            for _ in range(2)
        ]

        usages = [one["usage"] for one in asked]
        assert usages[0]["predicted_cached_tokens"] == usages[0]["cached_tokens"] == 0
        assert usages[1]["predicted_cached_tokens"] > 0.9 * usages[1]["cached_tokens"] > 1_000

    def test_a_conversation_goes_on_at_the_first(self, service: LiveService, first: Glm5Server) -> None:
        began = service.ask(f"{RENT} (down)", mode="retrieve")
        record = service.services.catalog.session("default", began["session_id"])
        assert [turn["elsewhere"] for turn in json.loads(record.turns)] == [True]
        first.script = answer  # the word is in the history from now on
        try:
            after = service.ask("And the deposit?", mode="retrieve", session_id=began["session_id"])
        finally:
            first.script = first_provider
        assert after["model"] == "glm-5"
        assert calls_of(service, after) == [("answer", "zai", "glm-5")]
        assert after["plan"]["warnings"] == []

    def test_an_agents_steps_are_charged_one_by_one(
        self, service: LiveService, first: Glm5Server, other: Glm5Server
    ) -> None:
        """The first provider answers the first step, and is gone at the second."""
        first.script = lambda request: STEPS["down"] if len(request.messages) > 2 else script(request)
        other.script = lambda _: Reply("The documents do not say.")
        try:
            given = service.ask(RENT, mode="agent")
        finally:
            first.script, other.script = first_provider, answer
        assert calls_of(service, given) == [("step", "zai", "glm-5"), ("answer", "vllm", "house")]
        [step] = given["plan"]["side_calls"]
        assert step["model"] == "glm-5"
        last = {
            name: given["usage"][name] - step["usage"][name]
            for name in ("prompt_tokens", "cached_tokens", "completion_tokens")
        }
        assert step["usd"] == pytest.approx(dollars(step["usage"], Price(1.0, 0.2, 3.2)))
        assert given["cost"]["usd"] == pytest.approx(step["usd"] + dollars(last, PRICE))
        assert any("vllm answered" in warning for warning in given["plan"]["warnings"])

    def test_parts_of_a_map_are_charged_one_by_one(self, service: LiveService, first: Glm5Server) -> None:
        turn = iter(range(1_000))
        first.script = lambda request: STEPS["down"] if next(turn) % 2 else answer(request)
        try:
            given = service.ask("How long is every berth?", mode="map")
        finally:
            first.script = first_provider
        providers = [(purpose, provider) for purpose, provider, _ in calls_of(service, given)]
        assert {("part", "zai"), ("part", "vllm")} <= set(providers)
        prices = {"glm-5": Price(1.0, 0.2, 3.2), "house": PRICE}
        for call in given["plan"]["side_calls"]:
            assert call["usd"] == pytest.approx(dollars(call["usage"], prices[call["model"]]))

    def test_a_cut_stream_is_not_gone_on_with(self, service: LiveService, other: Glm5Server) -> None:
        before = len(other.requests)
        events = service.events(f"{RENT} (cut)", mode="retrieve")
        assert events[-1][0] == "error"
        assert events[-1][1]["status"] == 502
        assert len(other.requests) == before

    def test_warming_stays_with_the_first(
        self, service: LiveService, first: Glm5Server, other: Glm5Server
    ) -> None:
        before = len(other.requests)
        first.script = lambda _: STEPS["down"]
        try:
            service.post("/v1/collections/default/warm", {}, 502)
        finally:
            first.script = first_provider
        assert len(other.requests) == before


@pytest.fixture
def narrow(first: Glm5Server, folder: Path, tmp_path: Path) -> Iterator[Callable[..., LiveService]]:
    """Services with few places for calls."""
    opened: list[Any] = []

    def serve(*, whole: bool = False, **settings: Any) -> LiveService:  # noqa: ANN401 — of any setting
        wanted = Settings(
            data=tmp_path / str(len(opened)),
            llm_base_url=first.base_url,
            llm_provider="zai",
            llm_api_key=SecretStr("key"),
            map_part_tokens=1_000,
            **settings,
        )
        opened.append(live(wanted))
        running: LiveService = opened[-1].__enter__()
        running.ingest(folder if whole else folder / "lease.md")
        return running

    yield serve
    for one in reversed(opened):
        one.__exit__(None, None, None)


class Occupied:
    """Streams that hold the places of a service until the block ends."""

    def __init__(self, service: LiveService, calls: int) -> None:
        self._service = service
        self._calls = calls

    def __enter__(self) -> None:
        self._pool = ThreadPoolExecutor(self._calls)
        self._over = threading.Event()
        ready = threading.Barrier(self._calls + 1)
        for _ in range(self._calls):
            self._pool.submit(self._hold, ready)
        ready.wait(30)

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._pool.shutdown()

    def _hold(self, ready: threading.Barrier) -> None:
        body = {"question": f"{RENT} (silent)", "stream": True, "mode": "retrieve"}
        with (
            httpx2.Client(base_url=self._service.url, timeout=30, trust_env=False) as http,
            http.stream("POST", "/v1/query", json=body) as response,
        ):
            lines = response.iter_lines()
            assert any(line == "event: delta" for line in lines)
            ready.wait(30)
            self._over.wait(60)


class TestBackPressure:
    def test_one_too_many_learns_when_to_come_again(self, narrow: Callable[..., LiveService]) -> None:
        service = narrow(llm_parallel=1, llm_waiting=0)
        with Occupied(service, 1):
            for stream in (False, True):
                refused = service.http.post("/v1/query", json={"question": RENT, "stream": stream})
                assert refused.status_code == 503
                assert refused.headers["content-type"] == "application/problem+json"
                problem = refused.json()
                assert problem["retry_after"] == int(refused.headers["retry-after"]) >= 1
                assert "wait for the model" in problem["detail"]

                body = {"model": "default", "messages": [{"role": "user", "content": RENT}], "stream": stream}
                refused = service.http.post("/v1/chat/completions", json=body)
                assert refused.status_code == 503
                assert refused.headers["x-should-retry"] == "true"
                assert int(refused.headers["retry-after"]) >= 1
                assert refused.json()["error"]["type"] == "server_error"
            service.post("/v1/search", {"query": RENT})  # asks no model
        time.sleep(0.2)
        assert service.ask(RENT)["llm_generated"]

    def test_who_waits_too_long_is_told_in_the_stream(self, narrow: Callable[..., LiveService]) -> None:
        service = narrow(llm_parallel=1, llm_waiting=4, llm_queue_seconds=0.4)
        with Occupied(service, 1):
            events = service.events(RENT)
            refused = service.http.post("/v1/query", json={"question": RENT})
        assert [name for name, _ in events] == ["plan", "error"]
        assert events[-1][1]["status"] == 503
        assert events[-1][1]["retry_after"] >= 1
        assert (refused.status_code, "retry-after" in refused.headers) == (503, True)

    def test_who_waits_gets_the_next_place(
        self, narrow: Callable[..., LiveService], first: Glm5Server
    ) -> None:
        service = narrow(llm_parallel=2, llm_waiting=20, llm_queue_seconds=30)
        most, inside, lock = 0, 0, threading.Lock()

        def counted(request: Recorded) -> Step:
            nonlocal most, inside
            with lock:
                inside += 1
                most = max(most, inside)
            return Reply(answer(request).text, delay=0.02)

        def frame(data: str) -> None:
            nonlocal inside
            if '"finish_reason"' in data:
                with lock:
                    inside -= 1

        first.script, first.on_frame = counted, frame
        try:
            with ThreadPoolExecutor(10) as pool:
                asking = [pool.submit(service.ask, f"{RENT} {n}", mode="retrieve") for n in range(10)]
                given = [asked.result() for asked in asking]
        finally:
            first.script, first.on_frame = first_provider, None
        assert all(one["llm_generated"] for one in given)
        assert most == 2

    def test_a_map_of_many_parts_leaves_room_for_a_question(
        self, narrow: Callable[..., LiveService], first: Glm5Server
    ) -> None:
        service = narrow(llm_parallel=4, llm_waiting=2, llm_queue_seconds=10, map_parallel=200, whole=True)
        upstreams = service.services.upstreams
        assert upstreams is not None
        first.script = lambda request: Reply(answer(request).text, delay=0.1)
        parts: list[str] = []
        try:
            with ThreadPoolExecutor(1) as pool:
                mapping = pool.submit(service.events, "How long is every berth?", mode="map")
                wait_for(lambda: upstreams.queue.waiting > 0)
                began = time.monotonic()
                service.ask(RENT, mode="retrieve")
                took = time.monotonic() - began
                assert not mapping.done(), "the map is still being read"
                parts = [name for name, _ in mapping.result(60)]
        finally:
            first.script = first_provider
        assert parts.count("part") >= 8
        assert parts[-1] == "done", "what it has read is not lost for want of a place"
        assert took < 5


def leave(service: LiveService, path: str, body: dict[str, object], ready: Callable[[], bool]) -> None:
    """Ask for something, and hang up once it is under way."""

    async def go() -> None:
        async with httpx2.AsyncClient(base_url=service.url, timeout=60, trust_env=False) as http:
            asking = asyncio.create_task(http.post(path, json=body))
            deadline = time.monotonic() + 30
            while not ready():
                assert time.monotonic() < deadline
                assert not asking.done(), asking.result().text
                await asyncio.sleep(0.01)
            asking.cancel()
            await asyncio.gather(asking, return_exceptions=True)

    asyncio.run(go())


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline, "it did not come about"
        time.sleep(0.01)


class TestLog:
    """Each answer that failed at the model is a warning that names whose fault it was."""

    @pytest.mark.parametrize("stream", [False, True])
    @pytest.mark.parametrize("chat", [False, True])
    def test_of_an_answer_that_broke_off(
        self,
        service: LiveService,
        first: Glm5Server,
        caplog: pytest.LogCaptureFixture,
        *,
        stream: bool,
        chat: bool,
    ) -> None:
        question = f"{RENT} (cut)"
        body: dict[str, object] = {"question": question, "mode": "retrieve", "stream": stream}
        if chat:
            messages = [{"role": "user", "content": question}]
            body = {"model": "default", "messages": messages, "stream": stream}
        with caplog.at_level(logging.INFO):
            answered = service.http.post("/v1/chat/completions" if chat else "/v1/query", json=body)
            wait_for(lambda: "request" in caplog.messages)

        assert answered.status_code == (200 if stream else 502)
        [warning] = [record for record in caplog.records if record.levelno == logging.WARNING]
        host = first.base_url.split("/")[2]
        assert vars(warning)["fields"] == {"provider": "zai", "host": host, "answered": 502}
        assert isinstance(warning.args, tuple)
        assert [type(argument) for argument in warning.args] == [StreamCut]
        [line] = [record for record in caplog.records if record.message == "request"]
        assert vars(line)["fields"].get("stream_error") == (502 if stream else None)

    @pytest.mark.parametrize("mode", ["retrieve", "agent"])
    def test_of_a_fallback_that_stood_in(
        self, service: LiveService, caplog: pytest.LogCaptureFixture, mode: str
    ) -> None:
        with caplog.at_level(logging.WARNING):
            service.ask(f"{RENT} (down)", mode=mode)

        [warning] = [record for record in caplog.records if record.name == "service.observing"]
        assert warning.message.startswith("vllm answered with house in place of the first provider: ")
        assert isinstance(warning.args, tuple)
        assert type(warning.args[-1]) is KeyRejected, "an argument, of which a line tells no words"

    def test_of_what_the_model_had_no_part_in(
        self, service: LiveService, caplog: pytest.LogCaptureFixture
    ) -> None:
        with caplog.at_level(logging.WARNING):
            service.post("/v1/query", {"question": RENT, "collection": "nowhere"}, 404)

        assert caplog.records == []


class TestLeaving:
    """Who hangs up ends what was asked for them: no provider writes on."""

    @pytest.mark.parametrize("stream", [False, True])
    @pytest.mark.parametrize("mode", ["retrieve", "agent"])
    def test_a_question(self, service: LiveService, first: Glm5Server, mode: str, *, stream: bool) -> None:
        asked, left = len(first.requests), first.left
        body: dict[str, object] = {"question": f"{RENT} (silent)", "mode": mode, "stream": stream}
        leave(service, "/v1/query", body, lambda: len(first.requests) == asked + 1)
        wait_for(lambda: first.left == left + 1)

    @pytest.mark.parametrize("stream", [False, True])
    def test_all_parts_of_a_map(self, service: LiveService, first: Glm5Server, *, stream: bool) -> None:
        """Eight are asked at a time; of those that waited none is asked any more."""
        asked, left = len(first.requests), first.left
        body: dict[str, object] = {
            "question": "How long is every berth? (silent)",
            "mode": "map",
            "stream": stream,
        }
        leave(service, "/v1/query", body, lambda: len(first.requests) == asked + 8)
        wait_for(lambda: first.left == left + 8)
        time.sleep(0.2)
        assert len(first.requests) == asked + 8

    def test_warming(self, service: LiveService, first: Glm5Server) -> None:
        asked, left = len(first.requests), first.left
        first.script = lambda _: STEPS["silent"]
        try:
            leave(service, "/v1/collections/default/warm", {}, lambda: len(first.requests) == asked + 1)
            wait_for(lambda: first.left == left + 1)
        finally:
            first.script = first_provider

    def test_a_chat_client(self, service: LiveService, first: Glm5Server) -> None:
        asked, left = len(first.requests), first.left
        body: dict[str, object] = {
            "model": "default",
            "messages": [{"role": "user", "content": f"{RENT} (silent)"}],
        }
        leave(service, "/v1/chat/completions", body, lambda: len(first.requests) == asked + 1)
        wait_for(lambda: first.left == left + 1)

    def test_who_waits_for_a_place(self, narrow: Callable[..., LiveService], first: Glm5Server) -> None:
        service = narrow(llm_parallel=1, llm_waiting=4)
        upstreams = service.services.upstreams
        assert upstreams is not None
        with Occupied(service, 1):
            asked = len(first.requests)
            leave(service, "/v1/query", {"question": RENT}, lambda: upstreams.queue.waiting == 1)
            wait_for(lambda: upstreams.queue.waiting == 0)
        wait_for(lambda: upstreams.queue.running == 0)
        assert len(first.requests) == asked

    def test_their_calls_are_in_the_ledger_as_cancelled(
        self, service: LiveService, first: Glm5Server
    ) -> None:
        asked = len(first.requests)
        service.services.ledger.settle()
        before = service.get("/v1/usage")["total"]["failed"]
        body: dict[str, object] = {"question": f"{RENT} (silent)", "mode": "retrieve"}
        leave(service, "/v1/query", body, lambda: len(first.requests) == asked + 1)
        wait_for(lambda: service.get("/v1/usage")["total"]["failed"] == before + 1)


def test_the_description_says_when_to_come_again(service: LiveService) -> None:
    described = service.get("/openapi.json")["paths"]
    for path in ("/v1/query", "/v1/chat/completions", "/v1/collections/{name}/warm"):
        refused = described[path]["post"]["responses"]["503"]
        assert refused["headers"]["Retry-After"]["schema"] == {"type": "integer", "minimum": 1}
    shape = described["/v1/chat/completions"]["post"]["responses"]["502"]["content"]
    assert shape["application/json"]["schema"]["$ref"].endswith("/ChatError")


def test_a_stream_says_so_too(service: LiveService) -> None:
    response = service.http.post(
        "/v1/query", json={"question": f"{RENT} (cut)", "mode": "retrieve", "stream": True}
    )
    name, body = parse_events(response.text)[-1]
    assert (name, "retry_after" in body) == ("error", False), "502 does not say when"
