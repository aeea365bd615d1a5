"""What a review of real contracts costs, against a server that counts the tokens of its prefix cache."""

from __future__ import annotations

import asyncio
import io
import json
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import openpyxl
import pytest
from pydantic import SecretStr

from prompts.reviewing import review_rules
from service.models.contract import Message, ModelRequest, complete
from service.models.openai_client import OpenAIModel
from service.models.prices import Price
from service.models.providers import PROVIDERS
from service.settings import Settings
from tests.fakes.glm5 import Glm5Server, Reply
from tests.fakes.live_service import live_in_memory
from tests.fakes.reviewer import ABSENT, CellModel, asked_of
from tests.shared_data import needs_shared, shared

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from service.models.contract import TokenUsage
    from tests.fakes.http_wire import Recorded

GLM5 = Price(1.00, 0.20, 3.20)
MOST = 0.35
"""Of the input price of asking cell by cell with the question first."""


@dataclass(frozen=True)
class Contracts:
    """So many short contracts of CUAD, and so many of the questions that lawyers put to them."""

    texts: dict[str, str]
    questions: list[str]


def contracts(count: int, questions: int, longest: int) -> Contracts:
    documents = map(json.loads, _lines("documents.jsonl"))
    fitting = [d["text"] for d in documents if 8_000 < len(d["text"]) <= longest][:count]
    asked = dict.fromkeys(json.loads(line)["query_short"] for line in _lines("queries.jsonl"))
    return Contracts(
        {f"contract-{n:02}.txt": text for n, text in enumerate(fitting)}, list(asked)[:questions]
    )


def _lines(name: str) -> Iterator[str]:
    with shared(f"cuad/{name}").open(encoding="utf-8") as lines:
        yield from lines


def first_words(passages: dict[str, str]) -> str:
    """An answer that quotes the beginning of a passage."""
    marker, text = next((m, t) for m, t in passages.items() if len(t) > 80)
    words = " ".join(text.split()[:6])
    return f'{words} [{marker} "{words}"].'


def question_first(cells: list[Recorded]) -> list[ModelRequest]:
    """The same cells, each with its question before the document."""
    made: list[ModelRequest] = []
    for cell in cells:
        document, _, question = cell.question.rpartition("\nQuestion: ")
        turn = f"Question: {question}\n\n{document}"
        messages = (Message("system", review_rules()), Message("user", turn))
        made.append(ModelRequest(messages, 100, thinking=False))
    return made


def asked_one_by_one(requests: list[ModelRequest], say: Callable[[Recorded], Any]) -> list[TokenUsage]:
    """What a fresh server of the same kind counts for them."""

    async def ask(server: Glm5Server) -> list[TokenUsage]:
        async with OpenAIModel(PROVIDERS["zai"], base_url=server.base_url, api_key="key") as model:
            return [(await complete(model, request)).usage for request in requests]

    with Glm5Server(say) as server:
        return asyncio.run(ask(server))


def input_price(prompt: int, cached: int) -> float:
    return ((prompt - cached) * GLM5.input + cached * GLM5.cached) / 1_000_000


def measure(wanted: Contracts, folder: Path) -> tuple[float, float]:
    """Dollars of input of the review, and of the same cells one by one; checks that every cell is there."""
    (folder / "docs").mkdir()
    for name, text in wanted.texts.items():
        (folder / "docs" / name).write_text(text, encoding="utf-8")
    answers = dict.fromkeys(wanted.questions[::2], first_words)
    model = CellModel(answers)
    with Glm5Server(model) as server:
        settings = Settings(
            data=folder / "data",
            llm_base_url=server.base_url,
            llm_provider="zai",
            llm_api_key=SecretStr("key"),
        )
        with live_in_memory(settings) as service:
            service.ingest(folder / "docs")
            body = {"questions": [{"question": question} for question in wanted.questions]}
            begun = service.post("/v1/reviews", body, 202)
            path = f"/v1/reviews/{begun['id']}"
            deadline = time.monotonic() + 300
            while service.get(f"{path}?cells=false")["state"] in {"queued", "running"}:
                assert time.monotonic() < deadline
                time.sleep(0.1)
            found = service.get(path)
            book = openpyxl.load_workbook(io.BytesIO(service.http.get(f"{path}/export").content))
        cells = list(server.requests)
    size = len(wanted.texts) * len(wanted.questions)
    assert found["progress"]["answered"] + found["progress"]["absent"] == size
    assert len(cells) == len({asked_of(cell)[:2] for cell in cells}) == size
    grid = [row[1:] for row in book["Review"].iter_rows(min_row=2, values_only=True)]
    assert sum(value is not None for row in grid for value in row) == size
    spent = found["spent"]
    review = input_price(spent["prompt_tokens"], spent["cached_tokens"])
    assert spent["usd"] == pytest.approx(review + spent["completion_tokens"] * GLM5.output / 1e6)
    alone = asked_one_by_one(question_first(cells), lambda _: Reply(ABSENT))
    return review, sum(input_price(usage.prompt_tokens, usage.cached_tokens) for usage in alone)


@needs_shared
@pytest.mark.parametrize(
    ("documents", "questions", "longest"),
    [
        pytest.param(3, 12, 12_000, id="3 contracts, 12 questions"),
        pytest.param(30, 20, 120_000, id="30 contracts, 20 questions", marks=pytest.mark.slow),
    ],
)
def test_a_review_costs_a_third_of_asking_cell_by_cell(
    documents: int, questions: int, longest: int, tmp_path: Path
) -> None:
    wanted = contracts(documents, questions, longest)
    assert (len(wanted.texts), len(wanted.questions)) == (documents, questions)

    review, one_by_one = measure(wanted, tmp_path)

    told = f"{documents} contracts, {questions} questions: ${review:.4f} against ${one_by_one:.4f}"
    print(f"\n{told}, {review / one_by_one:.3f}")  # noqa: T201 — with -s, the figure that the documentation tells
    assert review <= MOST * one_by_one
