"""A server's log at its most talkative: it says what happened, and nothing of what anybody wrote."""

from __future__ import annotations

import json
import re
import signal
import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import httpx2
import pytest

from tests.fakes.command_line import CommandLine
from tests.fakes.files import LEASE
from tests.fakes.glm5 import CutStream, ErrorFrame, ErrorReply, Glm5Server, MalformedFrame, Reply
from tests.fakes.live_service import passages_of

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

    from tests.fakes.glm5 import Step
    from tests.fakes.http_wire import Recorded

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="ends the server by a Unix signal")

CANARIES = {
    "document": "amber-document-canary",
    "question": "amber-question-canary",
    "answer": "amber-answer-canary",
    "access key": "amber-access-canary",
    "wrong key": "amber-wrong-canary",
    "model key": "amber-model-canary",
    "provider": "amber-provider-canary",
    "query string": "amber-query-canary",
    "instructions": "amber-instructions-canary",
}
STEPS: list[Step] = [
    ErrorReply(400, "1210", f"bad: {CANARIES['provider']} {CANARIES['question']}"),
    ErrorReply(200, body=f"<html>{CANARIES['provider']}</html>", content_type="text/html"),
    MalformedFrame(1, f'{{"{CANARIES["provider"]}'),
    ErrorFrame("1301", 1, CANARIES["provider"]),
    CutStream(3, Reply(CANARIES["answer"]), clean=True),
]


def reply(request: Recorded) -> Step:
    marker = next(iter(passages_of(request)), "D1:1")
    return Reply(f'The rent is {CANARIES["answer"]} [{marker} "The monthly rent"].')


@contextmanager
def talkative(line: CommandLine, log: list[str], **environment: str) -> Generator[httpx2.Client]:
    """A server in a process of its own; its standard error once it has ended."""
    server = line.start("serve", "--port", "0", **environment)
    assert server.stdout is not None
    told = server.stdout.readline()
    assert told.startswith("Lectern answers at "), server.communicate(timeout=60)[1]
    headers = {"Authorization": f"Bearer {CANARIES['access key']}"}
    try:
        with httpx2.Client(base_url=told.split()[3], headers=headers, timeout=60, trust_env=False) as http:
            yield http
    finally:
        server.send_signal(signal.SIGTERM)
        log.extend(server.communicate(timeout=60)[1].splitlines())
    assert server.returncode == 0


@pytest.fixture
def line(tmp_path: Path) -> CommandLine:
    return CommandLine(tmp_path / "data", tmp_path)


def settings_of(glm5: Glm5Server) -> dict[str, str]:
    return {
        "LECTERN_LLM_BASE_URL": glm5.base_url,
        "LECTERN_LLM_PROVIDER": "zai",
        "LECTERN_LLM_API_KEY": CANARIES["model key"],
        "LECTERN_ACCESS_KEY": CANARIES["access key"],
        "LECTERN_LOG_FORMAT": "json",
        "LECTERN_LOG_LEVEL": "debug",
    }


def ingest(http: httpx2.Client) -> None:
    text = LEASE + f"\n\n## 9. Secret\n\nThe berth is called {CANARIES['document']}.\n"
    broken = b"%PDF-1.7 " + CANARIES["document"].encode()
    files = [("file", ("lease.md", text.encode())), ("file", ("broken.pdf", broken))]
    job = http.post("/v1/documents", files=files, data={"collection": "default"}).json()["id"]
    deadline = time.monotonic() + 60
    while http.get(f"/v1/jobs/{job}").json()["state"] in {"queued", "running"}:
        assert time.monotonic() < deadline
        time.sleep(0.1)


def ask(http: httpx2.Client, **fields: object) -> httpx2.Response:
    question = f"What is the monthly rent of {CANARIES['question']}?"
    return http.post("/v1/query", json={"question": question, **fields})


def provoke(http: httpx2.Client) -> None:
    """All that a request may hold, right and wrong, on every kind of route."""
    secret, query = CANARIES["question"], CANARIES["query string"]
    assert ask(http).status_code == 200
    assert ask(http, stream=True, html=True, instructions=CANARIES["instructions"]).status_code == 200
    assert ask(http, session_id=secret).status_code == 404
    assert http.post("/v1/search", json={"query": secret, "collection": "default"}).status_code == 200
    assert http.post("/v1/query", content=f'{{"question": "{secret}"').status_code == 422
    assert ask(http, top_k=secret).status_code == 422
    assert ask(http, collection=secret).status_code == 404
    assert http.get(f"/v1/documents?collection=default&after={query}").status_code in {200, 422}
    assert http.get(f"/{secret}?q={query}").status_code == 404
    assert http.get(f"/v1/documents/{secret}/text").status_code == 404
    chat = {"model": "default", "messages": [{"role": "user", "content": secret}]}
    http.post("/v1/chat/completions", json=chat)
    http.post("/v1/chat/completions", json={**chat, "stream": True})
    headers = {"Accept": "application/json, text/event-stream"}
    call: dict[str, Any] = {"jsonrpc": "2.0", "id": 1, "method": "tools/call"}
    http.post(
        "/mcp", json={**call, "params": {"name": "ask", "arguments": {"question": secret}}}, headers=headers
    )
    http.post("/mcp", json={**call, "params": {"name": secret, "arguments": secret}}, headers=headers)
    http.post("/mcp", content=secret, headers={**headers, "Content-Type": "application/json"})
    wrong = {"Authorization": f"Bearer {CANARIES['wrong key']}"}
    assert http.get("/v1/collections", headers=wrong).status_code == 401
    http.get("/healthz", headers={"X-Request-Id": f"{secret} with space"})


def test_no_line_holds_what_anybody_wrote(line: CommandLine) -> None:
    script: list[Step] = []

    def next_step(request: Recorded) -> Step:
        return script.pop(0) if script else reply(request)

    log: list[str] = []
    with Glm5Server(next_step) as glm5, talkative(line, log, **settings_of(glm5)) as http:
        ingest(http)
        provoke(http)
        for step in STEPS:
            script.append(step)
            for stream in (False, True):
                ask(http, stream=stream)
        asked = len(glm5.requests)

    lines = [json.loads(one) for one in log]
    assert asked > len(STEPS)
    requests = [one for one in lines if one["message"] == "request"]
    routes = {one["route"] for one in requests}
    assert {"/v1/query", "/v1/search", "/v1/documents/{document_id}/text", "/v1/jobs/{job_id}"} <= routes
    assert {401, 404, 422, 200} <= {one["status"] for one in requests}
    assert all(
        {"time", "level", "logger", "request_id", "milliseconds", "bytes"} <= one.keys() for one in requests
    )
    asked_for = [one for one in requests if one["route"] == "/v1/query"]
    assert {(one["tenant"], one["key"]) for one in asked_for} == {("default", "settings")}
    text = "\n".join(log)
    assert {name for name, canary in CANARIES.items() if canary in text} == set()


def test_what_is_asked_for_is_told(line: CommandLine) -> None:
    """The same canaries are there once content is allowed: the test above can fail."""
    log: list[str] = []
    with Glm5Server(reply) as glm5:
        environment = {**settings_of(glm5), "LECTERN_LOG_CONTENT": "true", "LECTERN_LOG_LEVEL": "debug"}
        with talkative(line, log, **environment) as http:
            ingest(http)
            assert ask(http).status_code == 200

    answered = [one for one in map(json.loads, log) if one["message"] == "a question was answered"]
    assert CANARIES["question"] in answered[0]["question"]
    assert CANARIES["answer"] in answered[0]["answer"]
    assert CANARIES["model key"] not in "\n".join(log)


def test_every_line_of_a_request_has_its_id_also_from_threads(line: CommandLine) -> None:
    log: list[str] = []
    with (
        Glm5Server([ErrorReply(401, "1000"), Reply("Nothing.")]) as glm5,
        talkative(line, log, **settings_of(glm5), LECTERN_RERANK="model") as http,
    ):
        ingest(http)
        answered = ask(http).headers["X-Request-Id"]
        own = http.get("/healthz", headers={"X-Request-Id": "client-7"}).headers["X-Request-Id"]

    lines = [json.loads(one) for one in log]
    assert own == "client-7"
    assert re.fullmatch(r"[0-9a-f]{16}", answered)
    of_it = [one["logger"] for one in lines if one.get("request_id") == answered]
    assert of_it[-1] == "service.http.observing"
    assert "service.reranking.reordering" in of_it, "logged in a thread that prepares questions"
