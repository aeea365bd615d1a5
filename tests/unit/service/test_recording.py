"""Calls on their way into the ledger, however they end."""

from __future__ import annotations

import asyncio
from contextlib import aclosing, suppress
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from prompts.model import PromptPassage
from prompts.plan import Block, PromptMessage, PromptPlan, Stability
from prompts.pricing import CachePricing
from prompts.render import DocumentName, render_passages
from service.accounting import summarise
from service.answers import Cost, Usage
from service.models.blocking import BlockingModel
from service.models.contract import (
    Diverted,
    Finished,
    ReasoningDelta,
    TextDelta,
    TokenUsage,
    ToolCallDelta,
)
from service.models.errors import (
    ContentFiltered,
    KeyRejected,
    ModelBusy,
    ModelTimeout,
    ModelUnreachable,
    StreamCut,
)
from service.models.prices import Price
from service.recording import Origin, Owed, Recording, Unrecorded, begun_call, call_plan
from service.side_model import SideModel
from tests.fakes.scripted_model import ScriptedModel

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from ingest.catalog.call_records import CallRecord
    from service.answers import PlanSummary, SideCall
    from service.models.contract import ModelEvent, ModelRequest

USAGE, COST = Usage(1_000, 600, 550, 80, 10), Cost(0.002, 0.0005, 0.6)


class Noted:
    """A recorder that keeps what it is told."""

    def __init__(self) -> None:
        self.calls: list[CallRecord] = []
        self.begun: list[tuple[str, int]] = []
        self.owed: list[Owed | None] = []

    def due(self, call: CallRecord, longest: int) -> None:
        """Nothing is."""

    def begin(self, call: CallRecord, longest: int) -> None:
        self.begun.append((call.id, longest))

    def forget(self, call: CallRecord) -> None:
        """As `Recorder.forget`: none was kept."""

    def record(self, call: CallRecord, owed: Owed | None = None) -> None:
        self.calls.append(call)
        self.owed.append(owed)


def recording(noted: Noted) -> Recording:
    origin = Origin("acme", "contracts", "s1", "ans_1", "bot")
    begun = begun_call(
        origin, "answer", provider="zai", model="glm-5", planned=950, predicted=550, mode="retrieve"
    )
    return Recording(noted, begun, 4_096)


def test_a_call_that_came_to_its_end() -> None:
    noted = Noted()
    with recording(noted) as call:
        call.counted(USAGE, COST)

    [made] = noted.calls
    assert (made.tenant, made.collection, made.session, made.answer, made.key) == (
        *("acme", "contracts", "s1", "ans_1", "bot"),
    )
    assert (made.provider, made.model, made.purpose, made.mode) == ("zai", "glm-5", "answer", "retrieve")
    assert (made.planned_tokens, made.predicted_cached_tokens) == (950, 550)
    assert (made.prompt_tokens, made.cached_tokens, made.completion_tokens, made.reasoning_tokens) == (
        *(1_000, 600, 80, 10),
    )
    assert (made.usd, made.saved_usd, made.outcome) == (0.002, 0.0005, "ok")
    assert 0 <= made.milliseconds < 5_000
    assert noted.begun == [(made.id, 4_096)]


def test_a_call_that_may_not_be_made_is_not_recorded() -> None:
    class Refusing(Noted):
        def begin(self, call: CallRecord, longest: int) -> None:
            super().begin(call, longest)
            raise ModelBusy("no money")

    noted = Refusing()
    with pytest.raises(ModelBusy, match="no money"), recording(noted):
        raise AssertionError("nobody may be asked")
    assert noted.calls == []


def test_a_call_that_failed_is_named_by_its_error() -> None:
    noted = Noted()
    with pytest.raises(ModelBusy), recording(noted):
        raise ModelBusy("later")

    [made] = noted.calls
    assert (made.outcome, made.prompt_tokens, made.planned_tokens, made.usd) == ("ModelBusy", 0, 950, None)


@pytest.mark.parametrize("left", [GeneratorExit, asyncio.CancelledError, KeyboardInterrupt])
def test_a_call_that_nobody_waits_for_is_cancelled(left: type[BaseException]) -> None:
    noted = Noted()
    with pytest.raises(left), recording(noted):
        raise left

    assert noted.calls[0].outcome == "cancelled"


PRICED = Price(1.0, 0.2, 3.0)


def owed(error: BaseException, *events: ModelEvent) -> Owed | None:
    """What is owed for a call that ended so, uncounted, after these events."""
    noted = Noted()
    begun = begun_call(Origin("acme"), "answer", provider="zai", model="glm-5", planned=1_000)
    with suppress(BaseException), Recording(noted, begun, 9, price=PRICED) as call:
        for event in events:
            call.heard(event)
        raise error
    [made] = noted.calls
    assert (made.prompt_tokens, made.completion_tokens, made.usd) == (0, 0, None)
    return noted.owed[0]


class TestUncounted:
    """Calls that ended without a count of the provider's, which bills them all the same."""

    @pytest.mark.parametrize(
        "error",
        [GeneratorExit(), ContentFiltered("no"), StreamCut("cut"), ModelTimeout("no"), ModelBusy("no")],
    )
    def test_what_arrived_is_owed_however_it_ended(self, error: BaseException) -> None:
        found = owed(
            error,
            ReasoningDelta("think " * 100),
            TextDelta("x" * 297),
            ToolCallDelta(0, "id", "sum", "{" * 300),
        )
        assert found == Owed(TokenUsage(1_000, 0, 400), 0.0022)

    @pytest.mark.parametrize(
        ("text", "tokens"), [("月租金为四千二百欧元", 10), ("half a pair \ud83d", 5), ("x", 1)]
    )
    def test_scripts_without_spaces_are_more_tokens(self, text: str, tokens: int) -> None:
        found = owed(GeneratorExit(), TextDelta(text))
        assert found is not None
        assert found.usage.completion_tokens == tokens

    @pytest.mark.parametrize(
        "error", [KeyboardInterrupt(), ContentFiltered("no"), StreamCut("cut"), ModelTimeout("slow")]
    )
    def test_a_prompt_that_may_have_been_read_is_owed(self, error: BaseException) -> None:
        assert owed(error) == Owed(TokenUsage(1_000, 0, 0), 0.001)

    @pytest.mark.parametrize("error", [ModelBusy("later"), ModelUnreachable("away"), KeyRejected("no")])
    def test_what_was_refused_is_not(self, error: BaseException) -> None:
        assert owed(error) is None

    @pytest.mark.parametrize("reported", [False, True])
    def test_a_provider_that_counts_nothing_is_owed_for_what_came(self, *, reported: bool) -> None:
        noted = Noted()
        begun = begun_call(Origin("acme"), "answer", provider="zai", model="glm-5", planned=1_000)
        with Recording(noted, begun, 9, price=PRICED) as call:
            call.heard(TextDelta("x" * 300))
            call.heard(Finished("stop", TokenUsage(reported=reported), "glm-5", "r"))
            call.counted(Usage(1_000, 0, 0, 0, 0), Cost(0.001, 0.0, 0.0))
        known = Owed(TokenUsage(1_000, 0, 100), 0.0013)
        assert noted.owed == [None if reported else known]

    def test_its_count_is_believed_though_nobody_took_it(self) -> None:
        counted = TokenUsage(900, 800, 50, 20, reported=True)
        found = owed(GeneratorExit(), TextDelta("x" * 300), Finished("stop", counted, "glm-5", "r"))
        assert found == Owed(counted, 0.00041)

    def test_another_providers_price_is_that_of_its_calls(self) -> None:
        other = Diverted("vllm", "house", Price(5.0, 5.0, 5.0), "busy")
        prompt = TokenUsage(1_000, 0, 0)
        assert owed(GeneratorExit(), other) == Owed(prompt, 0.005)
        assert owed(GeneratorExit(), replace(other, price=None)) == Owed(prompt, None)

    def test_a_side_call_that_takes_too_long(self) -> None:
        class Slow:
            async def stream(self, request: ModelRequest) -> AsyncGenerator[ModelEvent, None]:
                yield TextDelta(request.messages[0].content * 10)
                await asyncio.sleep(60)

        noted = Noted()
        blocking = BlockingModel(Slow())
        side = SideModel(blocking, lambda _: PRICED, recorder=noted)
        with pytest.raises(ModelTimeout):
            side.ask(
                "rewrite",
                [PromptMessage("user", "Who pays? " * 3)],
                name="glm-4.7",
                origin=Origin("acme"),
                max_tokens=9,
                seconds=0.2,
            )
        blocking.close()
        [found] = noted.owed
        assert found is not None
        assert found.usage.completion_tokens == 100


def test_a_stream_that_is_closed_half_way_is_recorded_once() -> None:
    noted = Noted()

    async def stream() -> AsyncGenerator[int, None]:
        with recording(noted):
            yield 1
            yield 2

    async def leave() -> None:
        async with aclosing(stream()) as numbers:
            assert await anext(numbers) == 1

    asyncio.run(leave())
    assert [made.outcome for made in noted.calls] == ["cancelled"]


def test_a_recorder_may_forget() -> None:
    Unrecorded().record(begun_call(Origin("t"), "warm-up", provider="zai", model="glm-5", planned=1))


def test_side_calls_are_recorded_whole_and_failed() -> None:
    noted = Noted()
    blocking = BlockingModel(ScriptedModel(["Who pays the rent?", ModelBusy("later")]))
    side = SideModel(blocking, lambda _: Price(1.0, 0.2, 3.2), provider="zai", recorder=noted)

    def ask() -> SideCall:
        messages = [PromptMessage("user", "And who pays?")]
        origin = Origin("acme", "contracts", "s1", "ans_1")
        return side.ask("rewrite", messages, name="glm-4.7", origin=origin, max_tokens=9, seconds=5).call

    said = ask()
    with pytest.raises(ModelBusy):
        ask()
    blocking.close()

    whole, failed = noted.calls
    assert (whole.purpose, whole.mode, whole.model, whole.answer) == ("rewrite", "", "glm-4.7", "ans_1")
    assert (whole.prompt_tokens, whole.usd) == (said.usage.prompt_tokens, said.usd)
    assert (whole.outcome, failed.outcome) == ("ok", "ModelBusy")
    assert (failed.prompt_tokens, failed.usd, failed.planned_tokens) == (0, None, whole.planned_tokens)


PASSAGES = tuple(PromptPassage(number, 1, 0, f"Text of {number}.") for number in (7, 9))
NAMES = {number: DocumentName(number, f"{number}.md", "") for number in (7, 9)}


def summarised(plan: PromptPlan, cached_characters: int) -> PlanSummary:
    return summarise(plan, cached_characters, CachePricing(0.2, 1), len)


class TestPlans:
    def plan(self, question: str = "Who?") -> PromptPlan:
        shown = render_passages(PASSAGES, NAMES)
        blocks = (
            Block("rules", Stability.RULES, 0, "system", "Cite.", 10),
            Block("turn 1", Stability.HISTORY, 1, "user", shown, 20),
            Block("answer 1", Stability.HISTORY, 2, "assistant", "Ann [D9:1].", 5),
            Block("passages", Stability.FRESH, 3, "user", render_passages(PASSAGES[:1], NAMES), 9),
            Block("question", Stability.FRESH, 3, "user", question, 3),
        )
        return PromptPlan("retrieve", "the session goes on", blocks, PASSAGES)

    def test_details_are_names_figures_and_fingerprints(self) -> None:
        plan = self.plan()
        kept = call_plan(plan, summarised(plan, 30))

        assert kept.reason == "the session goes on"
        assert [(s.name, s.stability, s.message, s.tokens, s.documents) for s in kept.segments] == [
            ("rules", "rules", 0, 10, ()),
            ("turn 1", "history", 1, 20, (7, 9)),
            ("answer 1", "history", 2, 5, ()),
            ("passages", "fresh", 3, 9, (7,)),
            ("question", "fresh", 3, 3, ()),
        ]
        assert kept.segments[0].cached_tokens == 10
        assert kept.documents == (7, 9)
        assert len(set(kept.messages)) == 4
        assert "Text of" not in repr(kept)
        assert "Who?" not in repr(kept)

    def test_a_message_of_blocks_is_the_next_turns_block(self) -> None:
        plan = self.plan()
        text = plan.messages[-1].content
        history = Block("turn 2", Stability.HISTORY, 3, "user", text, 12)
        later = PromptPlan("retrieve", "", (*plan.blocks[:3], history), PASSAGES)

        one, other = (call_plan(made, summarised(made, 0)) for made in (plan, later))

        assert one.messages == other.messages

    def test_a_question_that_looks_like_a_passage_names_no_document(self) -> None:
        plan = self.plan("What is this?\n[D999:1] a passage\n[D9:1] another")

        kept = call_plan(plan, summarised(plan, 0))

        assert kept.segments[-1].documents == (9,)
