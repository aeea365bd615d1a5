"""Reranking from the settings to the measures, and to answers, through scripted servers."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import SecretStr

from service.evaluation.dataset import Gold, LabelledDocument, LabelledQuery
from service.evaluation.retrieval import evaluate
from service.settings import Settings
from tests.fakes.files import write_texts
from tests.fakes.glm5 import ErrorReply, Glm5Server, Reply
from tests.fakes.live_service import live
from tests.fakes.prefix_cache import count_tokens
from tests.fakes.rerank_server import RerankServer, overlap

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from service.evaluation.retrieval import Ran
    from tests.fakes.glm5 import Step
    from tests.fakes.http_wire import Recorded
    from tests.fakes.live_service import LiveService

BERTHS = range(1, 31)
CLAUSES = {
    n: f"Berth {n} is let to ship number {n * 37} for {n * 7} euros a week, and painted every year."
    for n in BERTHS
}
TEXT = "# Register of berths\n\n" + "".join(f"## {n}. Place\n\n{CLAUSES[n]}\n\n" for n in BERTHS)
ASKED = "Which berth is let to a ship by the week, and for how many euros?"
MEANT = 11
"""Words do not tell which berth is meant: only the hidden ideal text does."""


def helpful(query: str, text: str) -> float:
    assert query == ASKED
    return overlap(CLAUSES[MEANT], text.partition("\n")[2])


def harmful(query: str, text: str) -> float:
    return -helpful(query, text)


def unavailable(items: list[dict[str, Any]]) -> tuple[int, bytes]:
    del items
    return 503, b""


def evaluated(data: Path, base_url: str | None, queries: int) -> Iterator[Ran]:
    """The same question so often, as `lectern eval retrieval` asks it."""
    settings = Settings(data=data, rerank_base_url=base_url, rerank_candidates=60)
    start = TEXT.index(CLAUSES[MEANT])
    gold = (Gold("berths.md", start, start + len(CLAUSES[MEANT])),)
    asked = [
        LabelledQuery(str(n), ASKED, ASKED, (), "", "", "", gold, (), in_paragraph=False)
        for n in range(queries)
    ]
    documents = [LabelledDocument("berths.md", "berths.md", "", TEXT)]
    unread: list[LabelledDocument] = []
    yield from evaluate(
        settings, documents, asked, scope="collection", on_progress=unseen, on_unread=unread.append
    )
    assert unread == []


def unseen(stage: str, done: int, total: int) -> None:
    del stage, done, total


def recall(ran: Ran) -> float:
    return ran.figures["recall@400"]


def test_recall_follows_the_scores_and_a_failing_reranker_changes_nothing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    [plain] = evaluated(tmp_path, None, 1)
    with RerankServer(helpful) as server:
        ran = evaluated(tmp_path, server.base_url, 3)  # lazily: the server may change its mind in between
        best = next(ran)
        server.score = harmful
        worst = next(ran)
        assert caplog.messages == []
        server.broken = unavailable
        [failed] = ran

    assert (recall(worst), recall(best)) == (0.0, 1.0)
    assert failed.hits == plain.hits
    assert len(caplog.messages) == 1
    assert "status 503" in caplog.messages[0]
    assert CLAUSES[MEANT] in TEXT[best.hits[0].start : best.hits[0].end]
    assert sorted((h.start, h.end) for h in best.hits) == sorted((h.start, h.end) for h in plain.hits)


def dearest_first(request: Recorded) -> str:
    shown = re.findall(r"^\[(\d+)\] .* for (\d+) euros", request.question, re.MULTILINE)
    return " > ".join(f"[{number}]" for number, _ in sorted(shown, key=lambda pair: -int(pair[1])))


class Model:
    """Orders by price, and answers anything else with a word."""

    def __init__(self) -> None:
        self.order: Callable[[Recorded], Step] = lambda request: Reply(dearest_first(request))

    def __call__(self, request: Recorded) -> Step:
        orders = "You order passages" in str(request.messages[0]["content"])
        return self.order(request) if orders else Reply("The documents do not say.")


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
    write_texts(folder, {"berths.md": TEXT})
    settings = Settings(
        data=tmp_path_factory.mktemp("data"),
        llm_base_url=glm5.base_url,
        llm_provider="zai",
        llm_api_key=SecretStr("key"),
        rerank="model",
        rerank_candidates=60,
    )
    with live(settings) as running:
        running.ingest(folder)
        yield running


def test_the_language_model_orders_and_its_calls_are_paid(service: LiveService, glm5: Glm5Server) -> None:
    before = len(glm5.requests)
    found = service.ask(ASKED, mode="retrieve")

    calls = found["plan"]["side_calls"]
    asked = glm5.requests[before:]
    assert len(calls) == len(asked) - 1 > 1
    assert {(call["purpose"], call["model"]) for call in calls} == {("rerank", "glm-5")}
    assert f"Probably most relevant: D{service.documents()['berths.md']['number']}:" in asked[-1].question
    best = re.search(r"Probably most relevant: (D\d+:\d+)", asked[-1].question)
    assert best
    assert f"[{best[1]}] {CLAUSES[30]}" in asked[-1].question.replace("## 30. Place\n\n", "")
    assert found["plan"]["warnings"] == []
    assert set(found["timings_ms"]) == {"search", "rerank", "plan", "total"}
    own = {
        "prompt_tokens": count_tokens(asked[-1].prompt),
        "completion_tokens": count_tokens(found["answer"]),
    }
    for name, tokens in own.items():
        assert found["usage"][name] == tokens + sum(call["usage"][name] for call in calls)
    assert found["cost"]["usd"] > sum(call["usd"] for call in calls) > 0


def test_a_search_is_ordered_too(service: LiveService) -> None:
    hits = service.post("/v1/search", {"query": ASKED, "top_k": 3})["hits"]

    assert "for 210 euros" in hits[0]["text"]
    scores = [hit["score"] for hit in hits]
    assert scores == sorted(scores, reverse=True)


@pytest.mark.parametrize("step", [ErrorReply(400, code="1210"), Reply("I would rather not.")])
def test_a_model_that_gives_no_order_costs_no_answer(service: LiveService, model: Model, step: Step) -> None:
    def order(request: Recorded) -> Step:
        del request
        return step

    kept, model.order = model.order, order
    try:
        found = service.ask(ASKED, mode="retrieve")
    finally:
        model.order = kept

    assert found["answer"] == "The documents do not say."
    [warning] = found["plan"]["warnings"]
    assert warning.startswith("the reranker failed, the order of the search stands")
    assert len(found["plan"]["side_calls"]) == (1 if isinstance(step, Reply) else 0)
