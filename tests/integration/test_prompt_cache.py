"""The running service against a model server that caches prefixes as providers do, and counts them."""

from __future__ import annotations

import asyncio
import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import httpx2
import pytest

from service.settings import Settings
from tests.fakes.glm5 import Glm5Server, Reply
from tests.fakes.live_service import live
from tests.fakes.token_cache import TokenCache, laid_out
from tests.shared_data import needs_shared, shared

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from tests.fakes.http_wire import Recorded
    from tests.fakes.live_service import LiveService

BLOCK = 64
LONG_TOKENS = 50_000


def cite(request: Recorded) -> Reply:
    """An answer that cites the passage named first as the most relevant."""
    named = re.findall(r"Probably most relevant: (D\d+:\d+)", request.question)
    return Reply(f"It says so [{named[-1]}]." if named else "The documents do not say.")


@dataclass
class Asked:
    """One question and what was told of its prompt."""

    predicted: int
    served: int
    prompt: int
    begins: bool


def served(settings: Settings, server: Glm5Server) -> Settings:
    return settings.model_copy(update={"llm_base_url": server.base_url, "llm_provider": "zai"})


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data=tmp_path / "data", llm_api_key="key", llm_base_url="http://127.0.0.1:1/")  # pyright: ignore[reportArgumentType] — pydantic makes a secret of it


def rows(path: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in shared(path).read_text(encoding="utf-8").splitlines()]


def contracts(number: int) -> list[dict[str, Any]]:
    """The first contracts of the set, with the questions about each."""
    queries = [*rows("cuad/queries.jsonl"), *rows("cuad/queries_no_clause.jsonl")]
    asked: dict[str, list[str]] = {}
    for query in queries:
        asked.setdefault(query["doc_id"], []).append(query["query_short"])
    return [
        {**one, "questions": asked.get(one["doc_id"], [])} for one in rows("cuad/documents.jsonl")[:number]
    ]


def ask_all(service: LiveService, documents: Sequence[dict[str, Any]], folder: Path) -> list[Asked]:
    """Two people put the questions about each contract in turn, each in a conversation of their own."""
    for number, document in enumerate(documents):
        (folder / f"{number}.txt").write_text(document["text"], encoding="utf-8")
    service.ingest(folder)
    listed, asked = service.documents(), list[Asked]()
    for number, document in enumerate(documents):
        sessions: dict[int, str] = {}
        for turn, question in enumerate(document["questions"]):
            body: dict[str, object] = {"documents": [listed[f"{number}.txt"]["id"]]}
            if turn % 2 in sessions:
                body["session_id"] = sessions[turn % 2]
            answer = service.ask(question, **body)
            sessions[turn % 2] = answer["session_id"]
            usage = answer["usage"]
            begins = [s["name"] for s in answer["plan"]["segments"]][1:2] != ["turn 1"]
            asked.append(
                Asked(
                    usage["predicted_cached_tokens"], usage["cached_tokens"], usage["prompt_tokens"], begins
                )
            )
    return asked


def check(asked: Sequence[Asked]) -> None:
    predicted, served = sum(one.predicted for one in asked), sum(one.served for one in asked)
    assert served > 0.3 * sum(one.prompt for one in asked), "there is something to foretell"
    assert predicted == pytest.approx(served, rel=0.02)
    violations = [one for one in asked if one.served < one.predicted - BLOCK]
    assert violations == [], "a prefix was shorter than planned"


@needs_shared
def test_what_the_mirror_foretells_is_what_the_provider_serves(settings: Settings, tmp_path: Path) -> None:
    folder = tmp_path / "contracts"
    folder.mkdir()
    with (
        Glm5Server(cite, cache=TokenCache(BLOCK), layout=laid_out) as server,
        live(served(settings, server)) as service,
    ):
        check(ask_all(service, contracts(4), folder))


@needs_shared
@pytest.mark.slow
def test_over_a_thousand_questions_no_prefix_is_shorter_than_planned(
    settings: Settings, tmp_path: Path
) -> None:
    folder = tmp_path / "contracts"
    folder.mkdir()
    with (
        Glm5Server(cite, cache=TokenCache(BLOCK), layout=laid_out) as server,
        live(served(settings, server)) as service,
    ):
        asked = ask_all(service, contracts(76), folder)
        assert len(asked) > 1_000
        check(asked)


@pytest.fixture
def novel(tmp_path: Path) -> Path:
    """A document of some fifty thousand tokens."""
    paragraphs = (
        f"## Clause {n}\n\nThe keeper of lamp {n} owes the harbour {n} coins a year." for n in range(2_300)
    )
    (tmp_path / "novel").mkdir()
    (tmp_path / "novel" / "lamps.md").write_text("\n\n".join(paragraphs), encoding="utf-8")
    return tmp_path / "novel"


@pytest.mark.parametrize("people", [20, pytest.param(200, marks=pytest.mark.slow)])
def test_people_who_ask_about_a_cold_document_together_pay_for_it_once(
    settings: Settings, novel: Path, people: int
) -> None:
    with (
        Glm5Server(lambda _: Reply("Yes.", prefill=0.3)) as server,
        live(served(settings, server)) as service,
    ):
        service.ingest(novel)
        document = service.documents()["lamps.md"]["id"]
        answers = asyncio.run(together(service.url, document, people))

        usages = [answer["usage"] for answer in answers]
        assert min(usage["prompt_tokens"] for usage in usages) > LONG_TOKENS
        assert sum(usage["cached_tokens"] < LONG_TOKENS / 2 for usage in usages) == 1, "one full prefill"
        assert len(server.requests) == people


async def together(url: str, document: str, people: int) -> list[Any]:
    async with httpx2.AsyncClient(
        base_url=url, timeout=120.0, limits=httpx2.Limits(max_connections=people)
    ) as http:
        bodies = (
            {"question": f"What does the keeper of lamp {n} owe?", "mode": "pin", "documents": [document]}
            for n in range(people)
        )
        replies = await asyncio.gather(*(http.post("/v1/query", json=body) for body in bodies))
    return [reply.raise_for_status().json() for reply in replies]
