"""Follow-ups made understood alone, with a scripted model."""

from __future__ import annotations

import logging
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from service.models.blocking import BlockingModel
from service.models.contract import Completion, TokenUsage
from service.models.errors import ModelBusy
from service.models.prices import Price
from service.recording import Origin
from service.rewriting import LONGEST_REPLY, Rewriter, Wanted
from service.sessions import Session, StoredTurn
from service.side_model import SideModel
from tests.fakes.scripted_model import ScriptedModel

if TYPE_CHECKING:
    from collections.abc import Generator

    from tests.fakes.scripted_model import Said

BEGUN = Session("s", (StoredTurn("What is the rent?", "…", 'It is 4,200 euros [D1:2 "4,200 euros"].', ()),))
ALONE = "What is the notice period of the lease?"


@contextmanager
def rewriter(model: ScriptedModel, name: str | None = None) -> Generator[Rewriter]:
    blocking = BlockingModel(model)
    yield Rewriter(SideModel(blocking, lambda _: Price(1.0, 0.2, 3.2)), name=name, seconds=5)
    blocking.close()


def rewrite(model: ScriptedModel, session: Session = BEGUN, name: str | None = None) -> Wanted:
    with rewriter(model, name) as asked:
        return asked.rewrite("And the notice?", session, answering="glm-5", origin=Origin("acme"))


def test_a_follow_up_is_searched_for_alone_and_paid_for() -> None:
    model = ScriptedModel([f'"{ALONE}"\n'])

    wanted = rewrite(model)

    assert (wanted.question, wanted.history, wanted.rewritten) == (ALONE, (), True)
    assert wanted.milliseconds is not None
    [call] = wanted.calls
    assert (call.purpose, call.model) == ("rewrite", "glm-5")
    assert call.usd
    [request] = model.requests
    assert (request.thinking, request.temperature, request.max_tokens) == (False, 0.1, LONGEST_REPLY)
    assert request.cache_salt == "acme"
    assert "What is the rent?" in request.messages[-1].content


def test_a_model_of_its_own_may_rewrite() -> None:
    model = ScriptedModel([ALONE])

    assert rewrite(model, name="glm-4.7-flash").calls[0].model == "glm-4.7-flash"
    assert model.requests[0].model == "glm-4.7-flash"


def test_a_first_question_is_no_follow_up() -> None:
    model = ScriptedModel([])

    assert rewrite(model, Session("s")) == Wanted("And the notice?")
    assert model.requests == []


CUT = Completion(
    "What is the notice per", "", (), "length", TokenUsage(90, 0, 9, reported=True), "glm-5", "r"
)


@pytest.mark.parametrize(
    ("said", "calls"), [("", 1), ("Here it is:", 1), (CUT, 1), ("x" * 999, 1), (ModelBusy("too many"), 0)]
)
def test_what_fails_is_searched_for_as_it_stands(
    said: Said, calls: int, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        wanted = rewrite(ScriptedModel([said]))

    assert (wanted.question, wanted.history) == ("And the notice?", ("What is the rent?",))
    assert not wanted.rewritten
    assert len(wanted.calls) == calls
    assert caplog.messages == list(wanted.warnings)
    assert "as it stands" in wanted.warnings[0]
