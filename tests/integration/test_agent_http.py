"""The agent over HTTP on both sides: a real server, a real index process, GLM-5's own wire."""

from __future__ import annotations

import json
import time
from contextlib import contextmanager
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import SecretStr

from prompts.tools import tools
from service.models.contract import ToolCall
from service.settings import Settings
from tests.fakes.files import LEASE, write_texts
from tests.fakes.glm5 import Glm5Server, Reply
from tests.fakes.live_service import live

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator

    from tests.fakes.glm5 import Step
    from tests.fakes.http_wire import Recorded
    from tests.fakes.live_service import LiveService

RENT = "What is the monthly rent, and how long is the notice?"
THOUGHT = "The rent first,\n  then the notice. "


def script(request: Recorded) -> Step:
    """Search and look for a pattern at once, read on, answer with what was brought."""
    results = [str(m["content"]) for m in request.messages if m["role"] == "tool"]
    if not results:
        search = ToolCall("call_a", "search_documents", '{"query": "monthly rent", "top_k": 1}')
        grep = ToolCall("call_b", "grep", '{"pattern": "ninety \\\\(90\\\\) days"}')
        return Reply("Let me look.", THOUGHT, (search, grep), chunk=5)
    if len(results) == 2:
        return Reply("", "And the list.", (ToolCall("call_c", "list_documents", "{}"),), chunk=3)
    rent, notice = (_marker(results, words) for words in ("4,200 euros", "ninety (90) days"))
    return Reply(
        f'The monthly rent is 4,200 euros [{rent} "monthly rent of 4,200 euros"]. '
        f'Notice takes ninety days [{notice} "ninety (90) days"].',
        "Both are there.",
    )


def _marker(results: list[str], words: str) -> str:
    shown = "".join(results)
    return shown[: shown.index(words)].rpartition("\n[D")[2].partition("]")[0].join(("D", ""))


@pytest.fixture(scope="module")
def glm5() -> Iterator[Glm5Server]:
    with Glm5Server(script) as server:
        yield server


@pytest.fixture(scope="module")
def service(glm5: Glm5Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveService]:
    folder = tmp_path_factory.mktemp("docs")
    write_texts(folder, {"lease.md": LEASE, "policy.txt": "Travel policy\n\nEmployees take trains.\n"})
    settings = Settings(
        data=tmp_path_factory.mktemp("data"),
        llm_base_url=glm5.base_url,
        llm_provider="zai",
        llm_api_key=SecretStr("key"),
    )
    with live(settings) as running:
        running.ingest(folder)
        yield running


def asked(
    service: LiveService, glm5: Glm5Server, **fields: object
) -> tuple[list[tuple[str, Any]], list[Recorded]]:
    before = len(glm5.requests)
    events = service.events(RENT, mode="agent", thinking=True, **fields)
    return events, glm5.requests[before:]


def test_steps_are_told_and_the_answer_is_proven(service: LiveService, glm5: Glm5Server) -> None:
    events, _ = asked(service, glm5)

    names = [name for name, _ in events]
    done = events[-1][1]
    assert (names[0], names[-2:]) == ("plan", ["usage", "done"])
    assert names.index("step") < names.index("delta")
    steps = [body for name, body in events if name == "step"]
    assert [(step["step"], step["tool"], step["results"]) for step in steps] == [
        (1, "search_documents", 1),
        (1, "grep", 1),
        (2, "list_documents", 2),
    ]
    assert steps[1] == {
        "step": 1,
        "tool": "grep",
        "arguments": '{"pattern": "ninety \\\\(90\\\\) days"}',
        "results": 1,
        "error": None,
    }
    assert "".join(b["text"] for n, b in events if n == "delta") == done["answer"]
    assert "Let me look." in "".join(b["text"] for n, b in events if n == "reasoning")
    assert done["answer"] == "The monthly rent is 4,200 euros [1]. Notice takes ninety days [2]."
    assert done["grounded"] is True
    assert [claim["supported"] for claim in done["claims"]] == [True, True]
    for citation in done["citations"]:
        text = service.get(f"/v1/documents/{citation['document_id']}/text")["text"]
        assert citation["cited_text"] == text[citation["start_char"] : citation["end_char"]]
        assert citation["quoted"] == "exact"
    assert [b for n, b in events if n == "claim"] == done["claims"]
    assert done["plan"]["mode"] == "agent"
    assert [call["purpose"] for call in done["plan"]["side_calls"]] == ["step", "step"]


def test_each_request_begins_with_the_bytes_of_the_one_before(service: LiveService, glm5: Glm5Server) -> None:
    _, requests = asked(service, glm5)

    assert len(requests) == 3
    bodies = [request.body for request in requests]
    for before, after in pairwise(requests):
        held = [json.dumps(message, ensure_ascii=False) for message in before.messages]
        sent = [json.dumps(message, ensure_ascii=False) for message in after.messages]
        assert sent[: len(held)] == held
        assert len(sent) > len(held)
        assert after.prompt.startswith(before.prompt.removesuffix("<|assistant|>"))
    assert len({json.dumps(body["tools"]) for body in bodies}) == 1
    assert {json.dumps({k: v for k, v in b.items() if k not in {"messages", "tools"}}) for b in bodies} == {
        json.dumps({k: v for k, v in bodies[0].items() if k not in {"messages", "tools"}})
    }
    assert bodies[0]["tool_choice"] == "auto"
    assert bodies[0]["tool_stream"] is True


def test_reasoning_calls_and_results_go_back_as_they_came(service: LiveService, glm5: Glm5Server) -> None:
    _, requests = asked(service, glm5)

    _, _, called, searched, grepped = requests[1].messages
    assert called["reasoning_content"] == THOUGHT
    assert called["content"] == "Let me look."
    functions = [call["function"] for call in called["tool_calls"]]  # pyright: ignore[reportIndexIssue, reportGeneralTypeIssues, reportUnknownVariableType] — JSON
    assert functions == [
        {"name": "search_documents", "arguments": '{"query": "monthly rent", "top_k": 1}'},
        {"name": "grep", "arguments": '{"pattern": "ninety \\\\(90\\\\) days"}'},
    ]
    assert (searched["tool_call_id"], grepped["tool_call_id"]) == ("call_a", "call_b")
    offered = requests[0].body["tools"]
    assert [tool["function"]["name"] for tool in offered] == [tool.name for tool in tools()]  # pyright: ignore[reportGeneralTypeIssues, reportUnknownVariableType] — JSON


def test_the_second_asking_finds_the_cache_warm_as_foretold(service: LiveService, glm5: Glm5Server) -> None:
    asked(service, glm5)

    events, _ = asked(service, glm5)

    usage = events[-1][1]["usage"]
    assert usage["cached_tokens"] > 0.85 * usage["prompt_tokens"]
    assert 0.8 * usage["prompt_tokens"] < usage["predicted_cached_tokens"] <= usage["prompt_tokens"]
    summed = sum(call["usage"]["prompt_tokens"] for call in events[-1][1]["plan"]["side_calls"])
    assert usage["prompt_tokens"] > summed > 0
    assert set(events[-1][1]["cost"]["alternatives"]) == {"retrieve"}


def test_without_a_stream_the_answer_is_the_same(service: LiveService, glm5: Glm5Server) -> None:
    events, _ = asked(service, glm5)

    answer = service.ask(RENT, mode="agent", thinking=True)

    fields = ("answer", "grounded", "claims", "citations", "unresolved", "llm_generated", "model")
    assert {name: answer[name] for name in fields} == {name: events[-1][1][name] for name in fields}


def test_what_the_caller_chose_is_all_there_is(service: LiveService, glm5: Glm5Server) -> None:
    policy = service.documents()["policy.txt"]["id"]
    with answering(glm5, lambda request: _searched(request, Reply("The documents do not say."))):
        events, requests = asked(service, glm5, documents=[policy])

    grepped = str(requests[1].messages[-1]["content"])
    assert grepped == "Passages that match: 0.\nNothing was found.\n"
    assert "4,200" not in requests[1].prompt
    assert events[-1][1]["answer"] == "The documents do not say."


def test_a_reader_that_leaves_ends_the_call(service: LiveService, glm5: Glm5Server) -> None:
    glm5.abandoned.clear()
    before = len(glm5.requests)
    body = {"question": RENT, "mode": "agent", "stream": True}

    with answering(glm5, lambda request: _searched(request, Reply("word " * 400, delay=0.05))):
        with service.http.stream("POST", "/v1/query", json=body) as response:
            lines = response.iter_lines()  # held: when it ends, the connection ends with it
            assert "event: step" in lines
            deadline = time.monotonic() + 60  # the first question may still load what it needs
            while len(glm5.requests) < before + 2:
                assert time.monotonic() < deadline, "the model was not asked again"
                time.sleep(0.01)
        assert glm5.abandoned.wait(10)


def _searched(request: Recorded, reply: Reply) -> Step:
    """The usual first step, then this reply."""
    return reply if len(request.messages) > 2 else script(request)


@contextmanager
def answering(glm5: Glm5Server, other: Callable[[Recorded], Step]) -> Generator[None]:
    """By another script for a while."""
    glm5.script = other
    try:
        yield
    finally:
        glm5.script = script
