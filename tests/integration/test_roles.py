"""Which model a question is put to: by its caller, its conversation, or what its collection is about."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from pydantic import SecretStr

from service.accounting import EXPECTED_ANSWER_TOKENS
from service.settings import Settings
from tests.fakes.files import LEASE, write_texts
from tests.fakes.glm5 import Glm5Server, Reply
from tests.fakes.live_service import live

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.fakes.live_service import LiveService

POST = "def post(amount: int) -> int:\n    return amount\n"
PROGRAMS = {"ledger.py": POST, "audit.py": "def audit() -> None:\n    post(1)\n", "read.md": "# Ledger\n"}
RENT, CODE = "What is the monthly rent?", "What does post return?"


@pytest.fixture(scope="module")
def glm5() -> Iterator[Glm5Server]:
    with Glm5Server(lambda _: Reply("The documents do not say.")) as server:
        yield server


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("docs")
    write_texts(folder, {**{f"code/{path}": text for path, text in PROGRAMS.items()}, "lease.md": LEASE})
    return folder


@pytest.fixture(scope="module")
def service(
    glm5: Glm5Server, folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[LiveService]:
    settings = Settings(
        data=tmp_path_factory.mktemp("data"),
        llm_base_url=glm5.base_url,
        llm_provider="zai",
        llm_api_key=SecretStr("key"),
        code_model="glm-5-code",
    )
    with live(settings) as running:
        running.ingest(folder / "code", collection="code")
        running.ingest(folder / "lease.md", collection="lease")
        running.ingest(folder / "lease.md", collection="grows")
        yield running


def asked(service: LiveService, question: str, **fields: object) -> Any:  # noqa: ANN401 — JSON
    return service.ask(question, **fields)


class TestModels:
    def test_programs_are_asked_of_the_model_for_them(self, service: LiveService, glm5: Glm5Server) -> None:
        answer = asked(service, CODE, collection="code")

        assert answer["model"] == "glm-5-code"
        assert glm5.requests[-1].body["model"] == "glm-5-code"

    def test_contracts_are_asked_of_the_usual_one(self, service: LiveService, glm5: Glm5Server) -> None:
        assert asked(service, RENT, collection="lease")["model"] == "glm-5"
        assert glm5.requests[-1].body["model"] == "glm-5"

    def test_the_callers_model_wins(self, service: LiveService) -> None:
        assert asked(service, CODE, collection="code", model="glm-4.7")["model"] == "glm-4.7"
        assert asked(service, RENT, collection="lease", model="glm-5-code")["model"] == "glm-5-code"

    def test_its_prices_are_those_of_the_model_that_answers(self, service: LiveService) -> None:
        answer = asked(service, CODE, collection="code")
        usage, cost = answer["usage"], answer["cost"]

        # No price of cached tokens is published for it: they cost as much as fresh ones.
        spent = usage["prompt_tokens"] * 1.20 + usage["completion_tokens"] * 5.00
        assert cost["usd"] == pytest.approx(spent / 1e6)
        assert cost["saved_usd"] == 0
        [other] = cost["alternatives"].values()
        assert other > EXPECTED_ANSWER_TOKENS * 5.00 / 1e6

    def test_the_ledger_and_its_explanation_name_it(self, service: LiveService) -> None:
        answer = asked(service, CODE, collection="code")

        service.services.ledger.settle()
        explained = service.services.ledger.explanation("default", answer["id"])
        assert [call.model for call in explained.calls] == ["glm-5-code"]

    def test_what_is_warmed_is_the_cache_of_that_model(self, service: LiveService, glm5: Glm5Server) -> None:
        warmed = service.post("/v1/collections/code/warm", {})

        assert warmed["model"] == "glm-5-code"
        assert glm5.requests[-1].body["model"] == "glm-5-code"


class TestConversations:
    def test_one_goes_on_with_its_model_and_its_cache(self, service: LiveService, folder: Path) -> None:
        first = asked(service, RENT, collection="grows", mode="retrieve")
        service.ingest(folder / "code", collection="grows")  # which makes it a collection of programs

        second = asked(service, CODE, collection="grows", mode="retrieve", session_id=first["session_id"])
        assert (first["model"], second["model"]) == ("glm-5", "glm-5")
        assert second["usage"]["predicted_cached_tokens"] > 0
        assert asked(service, CODE, collection="grows")["model"] == "glm-5-code"

    def test_a_callers_model_is_for_one_question(self, service: LiveService) -> None:
        first = asked(service, CODE, collection="code")
        session = first["session_id"]

        second = asked(service, CODE, collection="code", session_id=session, model="glm-4.7")
        third = asked(service, CODE, collection="code", session_id=session)
        assert [answer["model"] for answer in (first, second, third)] == [
            "glm-5-code",
            "glm-4.7",
            "glm-5-code",
        ]
        assert third["usage"]["predicted_cached_tokens"] > 0
