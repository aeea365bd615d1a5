"""Follow-ups rewritten on the way from a request to an answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx2
import pytest
from pydantic import SecretStr

from service.settings import Settings
from tests.fakes.files import LEASE, write_texts
from tests.fakes.glm5 import ErrorReply, Glm5Server, Hang, Reply
from tests.fakes.live_service import live, passages_of
from tests.fakes.prefix_cache import count_tokens

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.fakes.glm5 import Step
    from tests.fakes.http_wire import Recorded
    from tests.fakes.live_service import LiveService

TEXTS = {
    "lease.md": LEASE,
    "harbour.md": "# Harbour\n\nThe keeper of the lighthouse earns 900 euros. He lives above the harbour.\n",
}
RENT = "What is the monthly rent?"
ALONE = "Who keeps the lighthouse above the harbour?"


class Model:
    """Rewrites by a script, and answers with a word."""

    def __init__(self) -> None:
        self.rewritten: Step = Reply(f'"{ALONE}"\n')

    def __call__(self, request: Recorded) -> Step:
        rewrites = "understood without it" in str(request.messages[0]["content"])
        return self.rewritten if rewrites else Reply("The documents do not say.")


@pytest.fixture(scope="module")
def model() -> Model:
    return Model()


@pytest.fixture(scope="module")
def glm5(model: Model) -> Iterator[Glm5Server]:
    with Glm5Server(model) as server:
        yield server


@pytest.fixture(scope="module")
def service(glm5: Glm5Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveService]:
    folder = tmp_path_factory.mktemp("docs")
    write_texts(folder, TEXTS)
    settings = Settings(
        data=tmp_path_factory.mktemp("data"),
        llm_base_url=glm5.base_url,
        llm_provider="zai",
        llm_api_key=SecretStr("key"),
        retrieved_tokens=60,
        rewrite_followups=True,
        rewrite_model="glm-4.7",
        rewrite_timeout=60,
    )
    with live(settings) as running:
        running.ingest(folder)
        yield running


def test_a_follow_up_is_searched_for_alone_and_read_as_it_was_asked(
    service: LiveService, glm5: Glm5Server
) -> None:
    first = service.ask(RENT, mode="retrieve")
    before = len(glm5.requests)

    events = service.events("And his?", session_id=first["session_id"], mode="retrieve")

    rewriting, answering = glm5.requests[before:]
    assert rewriting.body["model"] == "glm-4.7"
    assert rewriting.body["thinking"] == {"type": "disabled"}
    assert f"User: {RENT}" in rewriting.question
    assert "Last question: And his?" in rewriting.question
    assert answering.question.endswith("Question: And his?")
    assert ALONE not in answering.prompt
    shown = passages_of(answering)
    assert any("keeper of the lighthouse" in text for text in shown.values())

    plan, done = events[0][1]["plan"], events[-1][1]
    assert plan["searched"] == done["plan"]["searched"] == ALONE
    assert plan["warnings"] == []
    [call] = plan["side_calls"]
    assert (call["purpose"], call["model"]) == ("rewrite", "glm-4.7")
    assert set(done["timings_ms"]) == {"rewrite", "search", "plan", "total"}
    prompts = [count_tokens(request.prompt) for request in (rewriting, answering)]
    assert done["usage"]["prompt_tokens"] == sum(prompts)
    assert call["usage"]["prompt_tokens"] == prompts[0]
    assert call["usd"] == pytest.approx((prompts[0] * 0.6 + call["usage"]["completion_tokens"] * 2.2) / 1e6)
    assert done["cost"]["usd"] > call["usd"]


def test_a_first_question_asks_nothing_more(service: LiveService, glm5: Glm5Server) -> None:
    before = len(glm5.requests)

    found = service.ask(RENT, mode="retrieve")

    assert len(glm5.requests) == before + 1
    assert (found["plan"]["searched"], found["plan"]["side_calls"]) == (None, [])
    assert "rewrite" not in found["timings_ms"]


def test_without_help_the_earlier_words_count(service: LiveService, model: Model) -> None:
    first = service.ask("Who is the keeper of the lighthouse?", mode="retrieve")
    kept, model.rewritten = model.rewritten, ErrorReply(400, code="1210")
    try:
        found = service.ask("And the pay?", session_id=first["session_id"], mode="retrieve")
    finally:
        model.rewritten = kept

    assert found["answer"] == "The documents do not say."
    assert found["plan"]["searched"] is None
    assert "as it stands" in found["plan"]["warnings"][0]


@pytest.mark.parametrize("streamed", [True, False])
def test_who_leaves_before_the_answer_ends_the_rewriting(
    service: LiveService, glm5: Glm5Server, model: Model, *, streamed: bool
) -> None:
    first = service.ask(RENT, mode="retrieve")
    before, model.rewritten = len(glm5.requests), Hang()
    glm5.abandoned.clear()
    body = {"question": "And his?", "session_id": first["session_id"], "stream": streamed}

    with pytest.raises(httpx2.ReadTimeout):
        service.http.post("/v1/query", json=body, timeout=1)

    assert glm5.abandoned.wait(5), "long before its time is over"
    assert len(glm5.requests) == before + 1, "nothing else was asked for it"
