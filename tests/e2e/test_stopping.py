"""A real server told to stop while it answers: nothing new, what ends in time, and the rest says so."""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

import httpx2
import pytest

from tests.fakes.command_line import CommandLine
from tests.fakes.files import LEASE, write_texts
from tests.fakes.glm5 import Glm5Server, Hang, Reply
from tests.fakes.live_service import parse_events

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Generator
    from pathlib import Path

    from tests.fakes.glm5 import Step
    from tests.fakes.http_wire import Recorded

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="ends servers by a Unix signal")

RENT = "What is the monthly rent?"
SLOW = Reply("It is 4,200 euros. " * 8, delay=0.1)


def provider(request: Recorded) -> Step:
    """Slow, or for ever silent after some words, as the question says."""
    return Hang(after=3) if "(for ever)" in request.prompt else SLOW


@pytest.fixture(scope="module")
def glm5() -> Generator[Glm5Server]:
    with Glm5Server(provider) as server:
        yield server


@pytest.fixture(scope="module")
def line(glm5: Glm5Server, tmp_path_factory: pytest.TempPathFactory) -> CommandLine:
    folder = tmp_path_factory.mktemp("stopping")
    write_texts(folder / "docs", {"lease.md": LEASE})
    address = {
        "LECTERN_LLM_BASE_URL": glm5.base_url,
        "LECTERN_LLM_PROVIDER": "zai",
        "LECTERN_LLM_API_KEY": "k",
    }
    made = CommandLine(folder / "data", folder, address)
    made.ok("ingest", "docs")
    return made


@contextmanager
def started(line: CommandLine, **environment: str) -> Generator[tuple[str, subprocess.Popen[str]]]:
    server = line.start("serve", "--port", "0", **environment)
    assert server.stdout is not None
    told = server.stdout.readline()
    assert told.startswith("Lectern answers at "), server.communicate(timeout=60)[1]
    try:
        yield told.split()[3], server
    finally:
        server.kill()
        server.communicate(timeout=60)


class Asking:
    """A question in a thread; ``begun`` once its first words are there."""

    def __init__(self, pool: ThreadPoolExecutor, url: str, path: str, body: dict[str, object]) -> None:
        self.begun = threading.Event()
        self._done = pool.submit(self._ask, url, path, body)

    def _ask(self, url: str, path: str, body: dict[str, object]) -> tuple[int, str]:
        with (
            httpx2.Client(base_url=url, timeout=60, trust_env=False) as http,
            http.stream("POST", path, json=body) as response,
        ):
            text = ""
            for part in response.iter_text():
                text += part
                if "euros" in text or "payment" in text:
                    self.begun.set()
            return response.status_code, text

    def result(self) -> tuple[int, str]:
        return self._done.result(60)

    def events(self) -> list[tuple[str, Any]]:
        status, text = self.result()
        assert status == 200
        return parse_events(text)


def question(words: str, *, stream: bool) -> dict[str, object]:
    return {"question": f"{RENT} {words}", "mode": "retrieve", "stream": stream}


def test_answers_end_and_new_questions_are_turned_away(line: CommandLine) -> None:
    with started(line, LECTERN_GRACE_SECONDS="30") as (url, server), ThreadPoolExecutor(4) as pool:
        with httpx2.Client(base_url=url, timeout=60, trust_env=False) as http:
            assert http.post("/v1/query", json=question("", stream=False)).status_code == 200  # it is warm
            asking = Asking(pool, url, "/v1/query", question("(streamed)", stream=True))
            whole = Asking(pool, url, "/v1/query", question("(whole)", stream=False))
            assert asking.begun.wait(30)
            server.send_signal(signal.SIGTERM)
            time.sleep(0.3)

            refused = http.post("/v1/query", json=question("(late)", stream=True))
            assert refused.status_code == 503
            assert int(refused.headers["retry-after"]) >= 1
            assert refused.headers["connection"] == "close"
            assert "about to stop" in refused.json()["detail"]
            late = {"model": "default", "messages": [{"role": "user", "content": RENT}]}
            refused = http.post("/v1/chat/completions", json=late)
            assert (refused.status_code, refused.headers["x-should-retry"]) == (503, "true")

        assert asking.events()[-1][0] == "done"
        status, text = whole.result()
        assert status == 200
        assert json.loads(text)["answer"].startswith("It is 4,200 euros")
        _, complaints = server.communicate(timeout=30)
        assert (server.returncode, complaints) == (0, "")


def test_what_takes_too_long_says_that_it_ends(line: CommandLine, glm5: Glm5Server) -> None:
    with started(line, LECTERN_GRACE_SECONDS="1") as (url, server), ThreadPoolExecutor(4) as pool:
        with httpx2.Client(base_url=url, timeout=60, trust_env=False) as http:
            assert http.post("/v1/query", json=question("", stream=False)).status_code == 200
        left = glm5.left
        asking = Asking(pool, url, "/v1/query", question("(for ever)", stream=True))
        chatting = Asking(
            pool,
            url,
            "/v1/chat/completions",
            {
                "model": "default",
                "messages": [{"role": "user", "content": "Rent (for ever)"}],
                "stream": True,
            },
        )
        whole = Asking(pool, url, "/v1/query", question("(for ever, whole)", stream=False))
        assert asking.begun.wait(30)
        assert chatting.begun.wait(30)
        began = time.monotonic()
        server.send_signal(signal.SIGTERM)

        name, body = asking.events()[-1]
        assert name == "error"
        assert body["status"] == 503
        assert body["retry_after"] >= 1
        assert "the server stops" in body["detail"]
        frames = chatting.result()[1].strip().split("\n\n")
        assert "the server stops" in json.loads(frames[-1].removeprefix("data: "))["error"]["message"]
        status, text = whole.result()
        assert (status, json.loads(text)["retry_after"] >= 1) == (503, True)
        _, complaints = server.communicate(timeout=30)
        assert (server.returncode, complaints) == (0, "")
        assert time.monotonic() - began < 15
        deadline = time.monotonic() + 5
        while glm5.left < left + 3:  # nobody is written for any more
            assert time.monotonic() < deadline
            time.sleep(0.01)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_second_signal_waits_for_nobody(line: CommandLine, number: signal.Signals) -> None:
    patient = {"LECTERN_GRACE_SECONDS": "50", "LECTERN_DRAIN_SECONDS": "50"}
    with started(line, **patient) as (url, server), ThreadPoolExecutor(1) as pool:
        asking = Asking(pool, url, "/v1/query", question("(for ever)", stream=True))
        assert asking.begun.wait(30)
        server.send_signal(signal.SIGTERM)
        time.sleep(1)
        assert server.poll() is None, "one lets it drain"
        began = time.monotonic()
        server.send_signal(number)

        server.communicate(timeout=30)
        assert server.returncode == 0
        assert time.monotonic() - began < 20
        with suppress(httpx2.HTTPError):  # broken off
            asking.result()


def test_two_that_come_at_once_are_one(line: CommandLine) -> None:
    with started(line, LECTERN_DRAIN_SECONDS="3", LECTERN_GRACE_SECONDS="1") as (url, server):
        assert httpx2.get(f"{url}/healthz", trust_env=False).status_code == 200
        began = time.monotonic()
        server.send_signal(signal.SIGTERM)
        time.sleep(0.1)
        server.send_signal(signal.SIGTERM)

        server.communicate(timeout=30)
        assert server.returncode == 0
        assert time.monotonic() - began >= 3


def test_a_log_that_nobody_reads_stops_nothing(line: CommandLine) -> None:
    """Whoever collects the log hangs, and its pipe is full."""
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    with suppress(BlockingIOError):
        while True:
            os.write(writing, b"\n" * 4_096)
    os.set_blocking(writing, True)
    server = line.start_logging_to(writing, "serve", "--port", "0", LECTERN_LOG_LEVEL="debug")
    os.close(writing)
    try:
        assert server.stdout is not None
        url = server.stdout.readline().split()[3]
        with httpx2.Client(base_url=url, timeout=60, trust_env=False) as http:
            for number in range(100):
                assert http.get(f"/v1/documents/D{number + 1000}").status_code == 404
            assert http.post("/v1/query", json=question("", stream=False)).status_code == 200
        server.send_signal(signal.SIGTERM)
        assert server.wait(timeout=60) == 0
    finally:
        server.kill()
        server.communicate(timeout=60)
        os.close(reading)


def test_jobs_go_on_at_the_next_start(line: CommandLine, tmp_path: Path) -> None:
    """Files that were sent are read by the next server, though this one was told to stop at once."""
    made = CommandLine(tmp_path / "data", tmp_path, line.environment)
    with started(made) as (url, server):
        files = [
            ("file", (f"berth-{n}.md", f"# Berth {n}\n\n{'It is let by the week. ' * 200}".encode()))
            for n in range(6)
        ]
        with httpx2.Client(base_url=url, timeout=60, trust_env=False) as http:
            job = http.post("/v1/documents", files=files).json()["id"]
        server.send_signal(signal.SIGTERM)
        _, complaints = server.communicate(timeout=30)
        assert (server.returncode, complaints) == (0, "")
    with started(made) as (url, server), httpx2.Client(base_url=url, timeout=60, trust_env=False) as http:
        deadline = time.monotonic() + 100
        while (state := http.get(f"/v1/jobs/{job}").json()["state"]) != "done":
            assert time.monotonic() < deadline, state
            time.sleep(0.2)
        listed = http.get("/v1/documents?limit=1000").json()["documents"]
    assert len(listed) == 6
