"""A document that is deleted while a model writes an answer from it: nothing more of it is told."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from pydantic import SecretStr

from ingest.catalog.audit_records import AuditWanted
from service.settings import Settings
from tests.fakes.files import TEXTS, write_texts
from tests.fakes.glm5 import Glm5Server, Reply
from tests.fakes.live_service import live, parse_events

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

    from tests.fakes.http_wire import Recorded
    from tests.fakes.live_service import LiveService

RENT = "What is the monthly rent?"
CITING = 'The rent is "4,200 euros" [D{number}:2]. It is due monthly [D{number}:3].'


class Deleting:
    """A model that answers from the lease, which somebody deletes before its words arrive."""

    def __init__(self) -> None:
        self.service: LiveService | None = None
        self.lease = ""
        self.number = 0
        self.words = ""

    def step(self, _: Recorded) -> Reply:
        if self.service is not None:
            self.service.http.delete(f"/v1/documents/{self.lease}")
        return Reply(self.words.format(number=self.number))


@pytest.fixture
def deleting() -> Deleting:
    return Deleting()


@pytest.fixture
def service(tmp_path: Path, deleting: Deleting) -> Generator[LiveService]:
    write_texts(tmp_path / "docs", TEXTS)
    with Glm5Server(deleting.step) as glm5:
        settings = Settings(
            data=tmp_path / "data",
            llm_base_url=glm5.base_url,
            llm_provider="zai",
            llm_api_key=SecretStr("key"),
        )
        with live(settings) as running:
            running.ingest(tmp_path / "docs", collection="docs")
            lease = running.documents("docs")["lease.md"]
            deleting.lease, deleting.number = lease["id"], lease["number"]
            yield running


def ask(service: LiveService, *, stream: bool, **fields: object) -> tuple[int, dict[str, Any], str]:
    """The status and the problem that it ended in, and all that was sent."""
    body = {"question": RENT, "collection": "docs", "mode": "retrieve", "stream": stream, **fields}
    answer = service.http.post("/v1/query", json=body)
    if not stream:
        return answer.status_code, answer.json(), answer.text
    name, problem = parse_events(answer.text)[-1]
    assert (answer.status_code, name) == (200, "error")
    return problem["status"], problem, answer.text


@pytest.mark.parametrize(("words", "outcome"), [(CITING, "Gone"), ("The rent is due monthly.", "ok")])
@pytest.mark.parametrize("stream", [False, True])
def test_the_answer_ends_alike_and_all_that_is_kept_of_it_is_its_call(
    service: LiveService, deleting: Deleting, words: str, outcome: str, *, stream: bool
) -> None:
    """At the first citation, which ends the model's reply, or else before the answer is kept."""
    deleting.words = words
    deleting.service = service

    status, problem, sent = ask(service, stream=stream)

    assert status == 410
    assert problem["detail"] == f"document 'D{deleting.number}' has been deleted"
    assert "cited_text" not in sent
    catalog = service.services.catalog
    assert catalog.sessions("default") == ()
    (line,) = (
        line.entry
        for line in service.services.audit.entries("default", AuditWanted(limit=100))
        if line.entry.action == "ask"
    )
    assert line.outcome == "410"
    service.services.ledger.settle()
    (call,) = catalog.calls_of("default", line.subject)
    assert (call.outcome, call.plan) == (outcome, None)
