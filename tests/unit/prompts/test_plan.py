"""Prompts are deterministic, ordered by stability, and only ever grow at their end."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prompts.agent import plan_agent
from prompts.markers import parse
from prompts.model import ContextPassage, PromptPassage
from prompts.plan import Block, PromptMessage, PromptPlan, Stability, UnstablePrefixError
from prompts.plan_request import Limits, PlanRequest, PromptTooLongError, Turn
from prompts.planner import pinning_pays, plan_opening, plan_prompt
from prompts.render import DocumentName, Exchange, render_context, render_passage, render_passages, rules

TEXT = st.text(alphabet=st.sampled_from('ab [D7:31] "\\\n第'), min_size=1, max_size=80)


def count(text: str) -> int:
    return len(text) // 4 + 1


def passage(document: int, number: int, text: str = "The fee is $5.") -> PromptPassage:
    return PromptPassage(document, number, 100 * number, text)


def names(*documents: int) -> dict[int, DocumentName]:
    return {d: DocumentName(d, f"contracts/{d}.pdf", f"Agreement {d}") for d in documents}


def request(question: str = "What is the fee?", **changes: object) -> PlanRequest:
    values: dict[str, object] = {
        "question": question,
        "ranked": [passage(7, 3), passage(2, 9), passage(7, 1)],
        "whole": None,
        "names": names(2, 7),
    }
    return PlanRequest(**(values | changes))  # pyright: ignore[reportArgumentType] — a test's shorthand


def test_blocks_out_of_order_cannot_be_built() -> None:
    fresh = Block("question", Stability.FRESH, 1, "user", "?", 1)
    pinned = Block("documents", Stability.PINNED, 1, "user", "…", 1)
    with pytest.raises(UnstablePrefixError, match="documents"):
        PromptPlan("pin", "", (fresh, pinned), ())


def test_the_question_comes_last_and_the_rules_first() -> None:
    plan = plan_prompt(request(), "auto", Limits(10_000), count)["retrieve"]
    system, user = plan.messages
    assert system == PromptMessage("system", rules())
    assert user.content.endswith("\nQuestion: What is the fee?")
    assert "Probably most relevant: D7:3, D2:9, D7:1." in user.content


def test_passages_stand_in_canonical_order_under_their_documents() -> None:
    plan = plan_prompt(request(), "retrieve", Limits(10_000), count)["retrieve"]
    text = plan.messages[1].content
    places = [text.index(mark) for mark in ("# D2 ", "[D2:9]", "# D7 ", "[D7:1]", "[D7:3]")]
    assert places == sorted(places)


def test_a_passage_is_rendered_once_however_often_plans_weigh_it() -> None:
    asked = request(ranked=[passage(7, number, f"A fee of its own: {number}.") for number in range(50, 70)])
    before = render_passage.cache_info().misses
    for _ in range(3):
        plan_prompt(asked, "retrieve", Limits(10_000), count)
    assert render_passage.cache_info().misses == before + 20


@given(st.permutations([(7, 3), (2, 9), (7, 1), (2, 1)]))
def test_the_same_passages_give_the_same_bytes(order: list[tuple[int, int]]) -> None:
    passages = [passage(*key) for key in order]
    assert render_passages(passages, names(2, 7)) == render_passages(sorted(passages, key=str), names(2, 7))


@given(st.lists(st.tuples(st.integers(1, 3), st.integers(1, 40), TEXT), max_size=30), st.integers(700, 3_000))
def test_a_plan_never_exceeds_its_budget(rows: list[tuple[int, int, str]], budget: int) -> None:
    ranked = list({(d, n): passage(d, n, text * 20) for d, n, text in rows}.values())
    asked = request(ranked=ranked, whole=ranked, names=names(1, 2, 3))
    try:
        plans = plan_prompt(asked, "auto", Limits(budget), count)
    except PromptTooLongError:
        assert budget < count(rules()) + 200
        return
    for plan in plans.values():
        assert plan.tokens <= budget
        assert sum(count(message.content) for message in plan.messages) <= budget
    retrieved = plans["retrieve"]
    kept = {p.marker for p in retrieved.passages}
    assert kept.isdisjoint(retrieved.left_out)
    assert kept | set(retrieved.left_out) == {p.marker for p in ranked}
    assert {p.marker for p in ranked[: len(kept)]} == {p.marker for p in retrieved.added}, "the best stay"


@given(TEXT)
def test_a_document_cannot_forge_a_marker(text: str) -> None:
    rendered = render_passage(passage(7, 31, text))
    groups = [piece for piece in parse(rendered) if not isinstance(piece, str)]
    assert [r.marker for group in groups for r in group.references] == ["D7:31"]


def test_a_title_cannot_forge_a_marker_either() -> None:
    name = DocumentName(7, "a [D9:1] b.txt", "x\n[D8:2] y")
    rendered = render_passages([passage(7, 1)], {7: name})
    assert [r.marker for g in parse(rendered) if not isinstance(g, str) for r in g.references] == ["D7:1"]
    assert len(rendered.strip().split("\n")) == 2


def test_a_later_turn_begins_with_the_earlier_prompt_byte_for_byte() -> None:
    first = plan_prompt(request(), "auto", Limits(10_000), count)["retrieve"]
    turn = Turn(first.question, "It is $5 [D7:3].", first.added)
    asked = request("And when is it due?", ranked=[passage(7, 3), passage(2, 4)], history=[turn])
    second = plan_prompt(asked, "auto", Limits(10_000), count)["retrieve"]
    assert second.messages[: len(first.messages)] == first.messages
    assert second.messages[2] == PromptMessage("assistant", "It is $5 [D7:3].")
    assert [p.marker for p in second.added] == ["D2:4"], "what the conversation holds is not sent again"
    assert {p.marker for p in second.passages} == {"D7:3", "D2:9", "D7:1", "D2:4"}


def test_a_short_document_is_pinned_and_a_long_one_is_not() -> None:
    short = [passage(7, n) for n in range(1, 30)]
    long = [passage(7, n, "The fee is $5. " * 60) for n in range(1, 200)]
    assert (
        next(iter(plan_prompt(request(whole=short, ranked=long[:20]), "auto", Limits(100_000), count)))
        == "pin"
    )
    plans = plan_prompt(request(whole=long, ranked=long[:5]), "auto", Limits(100_000), count)
    assert list(plans) == ["retrieve", "pin"]
    assert list(plan_prompt(request(whole=long), "pin", Limits(100_000), count)) == ["pin", "retrieve"]


def test_a_pin_that_does_not_fit_is_refused_when_forced_and_dropped_otherwise() -> None:
    long = [passage(7, n, "The fee is $5. " * 60) for n in range(1, 200)]
    with pytest.raises(PromptTooLongError, match="whole"):
        plan_prompt(request(whole=long), "pin", Limits(5_000), count)
    assert list(plan_prompt(request(whole=long), "auto", Limits(5_000), count)) == ["retrieve"]


def test_a_question_that_fits_no_context_is_refused() -> None:
    with pytest.raises(PromptTooLongError, match="question"):
        plan_prompt(request("why " * 4_000), "auto", Limits(2_000), count)


def test_pinning_follows_the_price_formula() -> None:
    """L(1 + ρ(Q − 1)) ÷ Q ≤ k with ρ = .2: at Q = 9, L = 7,442 costs 2,150 a question."""
    limits = Limits(100_000)
    assert pinning_pays(7_442, 7_442, 2_150, limits)
    assert not pinning_pays(7_443, 7_443, 2_150, limits)
    assert pinning_pays(0.2 * 10_700, 10_700, 2_150, limits), "what the cache holds already"
    assert not pinning_pays(7_442, 7_442, 2_150, replace(limits, expected_questions=8))


def companion(
    document: int, number: int, beside: str = "D7:3", text: str = "x", **changes: str
) -> ContextPassage:
    held = passage(document, number, text)
    values = {"kind": "definition", "label": "Fee"} | changes
    return ContextPassage(held, values["kind"], values["label"], held.start, held.start + 1, beside)  # pyright: ignore[reportArgumentType] — a test's shorthand


def test_what_a_passage_needs_comes_with_it_and_says_why() -> None:
    needed = {"D7:3": [companion(7, 8), companion(2, 1, kind="reference", label="Section 4.2(b)")]}
    plan = plan_prompt(request(context=needed), "retrieve", Limits(10_000), count)["retrieve"]

    text = plan.messages[1].content
    assert [one.passage.marker for one in plan.context] == ["D7:8", "D2:1"]
    assert {p.marker for p in plan.added} == {"D7:3", "D2:9", "D7:1", "D7:8", "D2:1"}
    assert (
        "Probably most relevant: D7:3, D2:9, D7:1.\n"
        "Context: D2:1 (Section 4.2(b)), D7:8 (definition of Fee).\n\nQuestion: "
    ) in text
    assert render_passage(needed["D7:3"][0].passage) in text, "the same bytes as if it had been found"


def test_nothing_is_brought_twice() -> None:
    needed = {"D7:3": [companion(7, 1)], "D2:9": [companion(7, 8, "D2:9"), companion(7, 3, "D2:9")]}
    plan = plan_prompt(request(context=needed), "retrieve", Limits(10_000), count)["retrieve"]

    markers = [p.marker for p in plan.added]
    assert sorted(markers) == sorted(set(markers)) == ["D2:9", "D7:1", "D7:3", "D7:8"]


def test_what_the_conversation_holds_is_not_brought_again() -> None:
    needed = {"D7:3": [companion(7, 8)]}
    first = plan_prompt(request(context=needed), "retrieve", Limits(10_000), count)["retrieve"]
    turn = Turn(first.question, "It is $5 [D7:3].", first.added)
    second = plan_prompt(request(context=needed, history=[turn]), "retrieve", Limits(10_000), count)[
        "retrieve"
    ]

    assert second.added == ()
    assert second.context == ()
    assert "Context:" not in second.question


def test_companions_keep_to_their_share() -> None:
    long = "The fee is $5. " * 40
    needed = {"D7:3": [companion(7, 20 + n, text=long) for n in range(30)]}
    ranked = [passage(7, 3, long), *(passage(2, n, long) for n in range(1, 40))]
    limits = Limits(100_000, retrieved_tokens=2_500)
    plan = plan_prompt(request(ranked=ranked, context=needed), "retrieve", limits, count)["retrieve"]

    taken = sum(count(render_passage(one.passage)) for one in plan.context)
    assert plan.context
    assert taken <= 2_500 * limits.context_share
    assert len(plan.added) - len(plan.context) > len(plan.context)
    none = replace(limits, context_share=0.0)
    assert (
        plan_prompt(request(ranked=ranked, context=needed), "retrieve", none, count)["retrieve"].context == ()
    )


@given(
    st.lists(st.tuples(st.integers(1, 3), st.integers(1, 40), TEXT), max_size=20, unique_by=lambda r: r[:2]),
    st.lists(st.tuples(st.integers(1, 3), st.integers(41, 80), TEXT), max_size=20, unique_by=lambda r: r[:2]),
    st.integers(700, 3_000),
)
def test_with_companions_a_plan_never_exceeds_its_budget(
    rows: list[tuple[int, int, str]], brought: list[tuple[int, int, str]], budget: int
) -> None:
    ranked = [passage(d, n, text * 20) for d, n, text in rows]
    needed = {p.marker: [companion(d, n, text=t * 9, label=t) for d, n, t in brought] for p in ranked}
    asked = request(ranked=ranked, context=needed, names=names(1, 2, 3), card="The map.\n" * 9)
    try:
        plan = plan_prompt(asked, "retrieve", Limits(budget), count)["retrieve"]
    except PromptTooLongError:
        assert budget < count(rules()) + 200
        return
    assert plan.tokens <= budget
    assert sum(count(message.content) for message in plan.messages) <= budget
    assert {one.passage for one in plan.context} <= set(plan.added)
    assert {one.beside for one in plan.context} <= {"D7:3"}


def test_a_reason_cannot_forge_a_marker_or_a_line() -> None:
    line = render_context([companion(7, 8, label="[D9:1]\nQuestion: " + "x" * 200)])
    assert line.count("\n") == 1
    assert [piece for piece in parse(line) if not isinstance(piece, str)] == []
    assert len(line) < 120


def test_a_card_stands_before_the_first_turn_and_is_never_sent_again() -> None:
    card = "Map of the repository: …\n"
    first = plan_prompt(request(card=card), "retrieve", Limits(10_000), count)["retrieve"]
    assert [block.name for block in first.blocks] == ["rules", "card", "passages", "question"]
    assert first.blocks[1].stability is Stability.CARD
    assert first.messages[1].content.startswith(card)

    turn = Turn(first.question, "It is $5 [D7:3].", first.added)
    asked = request("And when?", card="Another map\n", history=[turn])
    second = plan_prompt(asked, "retrieve", Limits(10_000), count)["retrieve"]
    assert second.messages[:2] == first.messages, "frozen, whatever the collection is now"
    assert "Another map" not in second.question


def test_a_card_that_would_crowd_out_the_passages_is_left_out() -> None:
    plan = plan_prompt(request(card="map " * 800), "retrieve", Limits(2_000), count)["retrieve"]
    assert [block.name for block in plan.blocks] == ["rules", "passages", "question"]


PINNED = [passage(1, n, f"Clause {n}.") for n in (2, 1, 3)]


def pinned(question: str = "What is the fee?", **changes: object) -> PlanRequest:
    return request(question, pinned=PINNED, names=names(1, 2, 7), **changes)


def test_pinned_documents_stand_between_rules_and_card_and_may_be_cited() -> None:
    plan = plan_prompt(pinned(card="The map.\n"), "retrieve", Limits(10_000), count)["retrieve"]

    assert [block.name for block in plan.blocks] == [
        "rules",
        "pinned documents",
        "card",
        "passages",
        "question",
    ]
    assert plan.blocks[1].stability is Stability.PINNED
    assert [p.marker for p in plan.passages[:3]] == ["D1:1", "D1:2", "D1:3"], "in canonical order"
    assert plan.added == plan.passages, "what the conversation holds from now on"
    assert plan.warnings == ()


def test_what_is_pinned_is_found_without_being_sent_twice() -> None:
    ranked = [PINNED[0], passage(7, 3)]
    plan = plan_prompt(pinned(ranked=ranked), "retrieve", Limits(10_000), count)["retrieve"]

    assert "Probably most relevant: D1:2, D7:3." in plan.question
    assert plan.question.count("[D1:2]") == 1
    assert plan.left_out == ()


def test_a_later_turn_holds_the_pinned_documents_already() -> None:
    first = plan_prompt(pinned(), "retrieve", Limits(10_000), count)["retrieve"]
    turn = Turn(first.question, "It is $5 [D7:3].", first.added)
    asked = pinned("And when?", history=[turn], ranked=[passage(2, 4), PINNED[0]])
    second = plan_prompt(asked, "retrieve", Limits(10_000), count)["retrieve"]

    assert second.messages[:2] == first.messages
    assert [p.marker for p in second.added] == ["D2:4"]
    assert {p.marker for p in PINNED} <= {p.marker for p in second.passages}


def test_a_conversation_without_what_is_pinned_now_begins_anew() -> None:
    first = plan_prompt(request(), "retrieve", Limits(10_000), count)["retrieve"]
    turn = Turn(first.question, "It is $5 [D7:3].", first.added)
    second = plan_prompt(pinned("And when?", history=[turn]), "retrieve", Limits(10_000), count)["retrieve"]

    assert second.begins
    assert "pinned now" in second.reason
    agent = plan_agent(pinned("And when?", history=[turn]), Limits(20_000), count)
    assert not agent.begins, "it can read what it needs"
    assert "pinned now" in agent.warnings[0]


@pytest.mark.parametrize("crowd", [[passage(1, n, "The fee. " * 90) for n in range(1, 30)], None])
def test_pinned_documents_without_room_are_left_out_and_named(crowd: list[PromptPassage] | None) -> None:
    asked = request(pinned=crowd, names=names(1, 2, 7))
    limits = Limits(5_000)
    plan = plan_prompt(asked, "retrieve", limits, count)["retrieve"]

    assert plan.messages == plan_prompt(request(), "retrieve", limits, count)["retrieve"].messages
    assert plan.warnings == (
        "the pinned documents were left out: they find no room in a prompt of 5,000 tokens",
    )
    assert len(plan_agent(asked, limits, count).warnings) == 1
    assert len(plan_opening(asked, limits, count).warnings) == 1


def test_whole_documents_begin_with_the_pinned_ones() -> None:
    whole = [*PINNED, *(passage(7, n) for n in range(1, 30))]
    plans = plan_prompt(pinned(whole=whole), "pin", Limits(100_000), count)

    assert [block.name for block in plans["pin"].blocks] == [
        "rules",
        "pinned documents",
        "documents",
        "question",
    ]
    assert plans["pin"].messages[1].content.count("Passages:\n") == 1
    assert len(plans["pin"].passages) == len(whole)
    shared = len("".join(block.text for block in plans["retrieve"].blocks[1:2]))
    assert plans["pin"].question[:shared] == plans["retrieve"].question[:shared]


@pytest.mark.parametrize("card", ["", "The map.\n"])
def test_an_opening_is_what_every_prompt_begins_with(card: str) -> None:
    for asked in (request(card=card), pinned(card=card)):
        system, user = plan_opening(replace(asked, question="", ranked=()), Limits(20_000), count).messages
        plan = plan_prompt(asked, "retrieve", Limits(20_000), count)["retrieve"]
        assert plan.messages[0] == system
        assert plan.messages[1].content.startswith(user.content)


def test_an_opening_of_whole_documents_is_what_pins_begin_with() -> None:
    asked = pinned(whole=[passage(7, n) for n in range(1, 30)])
    opening = plan_opening(asked, Limits(20_000), count)
    assert plan_prompt(asked, "pin", Limits(20_000), count)["pin"].question.startswith(opening.question)
    with pytest.raises(PromptTooLongError, match="whole"):
        plan_opening(pinned(whole=[passage(7, n, "The fee. " * 90) for n in range(90)]), Limits(5_000), count)


ROWS = st.lists(
    st.tuples(st.integers(1, 3), st.integers(1, 20), TEXT), max_size=12, unique_by=lambda r: r[:2]
)


@settings(max_examples=60)
@given(ROWS, ROWS, st.integers(700, 4_000), st.booleans(), st.booleans())
def test_with_pinned_documents_a_plan_never_exceeds_its_budget_and_says_nothing_twice(
    rows: list[tuple[int, int, str]], more: list[tuple[int, int, str]], budget: int, late: bool, told: bool
) -> None:
    known = {(d, n): passage(d, n, text * 20) for d, n, text in (*rows, *more)}
    ranked, front = [known[r[:2]] for r in rows], [known[r[:2]] for r in more]
    asked = request(
        ranked=ranked, whole=[*known.values()], pinned=front, names=names(1, 2, 3), card="Map\n" * 9
    )
    if told:
        asked = replace(asked, conversation=(Exchange("Who pays? " * 50, "Ann. " * 50),))
    if late:
        asked = replace(asked, history=(Turn("\nQuestion: Who?", "Ann.", ()),))
    limits = Limits(budget, retrieved_tokens=300)
    try:
        plans = [*plan_prompt(asked, "auto", limits, count).values(), plan_opening(asked, limits, count)]
    except PromptTooLongError:
        plain = replace(asked, pinned=())
        with pytest.raises(PromptTooLongError):
            _ = plan_prompt(plain, "auto", limits, count), plan_opening(plain, limits, count)
        return
    for plan in plans:
        assert plan.tokens <= budget
        assert sum(count(message.content) for message in plan.messages) <= budget
        markers = [p.marker for p in plan.passages]
        assert len(markers) == len(set(markers))
        shown = {p.marker for p in front} <= set(markers)
        assert shown == (not plan.warnings), "the pinned documents are there, or are said not to be"
        assert "pinned documents" not in [block.name for block in plan.blocks[2:]]


def scored(*scores: float) -> PlanRequest:
    ranked = [passage(7, number, "The fee is due. " * 25) for number in range(1, len(scores) + 1)]
    return request(ranked=ranked, scores={p.marker: s for p, s in zip(ranked, scores, strict=True)})


def test_what_promises_little_is_not_read_at_the_full_price() -> None:
    asked = scored(1.0, 0.95, *[0.1] * 10)

    def shown(**changes: object) -> int:
        limits = replace(Limits(20_000), **changes)  # pyright: ignore[reportArgumentType] — a test's shorthand
        plan = plan_prompt(asked, "retrieve", limits, count)["retrieve"]
        assert len(plan.added) + len(plan.left_out) == 12
        return len(plan.added)

    assert shown(least_worth=0.0) == 12, "the budget holds them all"
    assert shown() < 12
    assert shown(fresh_share=1.0) <= shown(fresh_share=0.5) < shown(fresh_share=0.1), "cached is cheaper"
    assert shown(accuracy="low") <= shown() < shown(accuracy="high")
    assert shown() <= shown(retrieved_tokens=10_000)
    assert shown(fresh_share=1.0, least_worth=1.0) == 1, "the best is always read"


def test_a_plan_tells_what_of_its_needs_was_new() -> None:
    asked = scored(1.0, 0.95, 0.9)
    first = plan_prompt(asked, "retrieve", Limits(20_000), count)["retrieve"]
    turn = Turn(first.question, "It is $5.", first.added)
    again = plan_prompt(replace(asked, history=[turn]), "retrieve", Limits(20_000), count)["retrieve"]
    nothing = plan_prompt(request(ranked=[]), "retrieve", Limits(20_000), count)["retrieve"]

    assert first.needed == sum(count(render_passage(p)) for p in first.added)
    assert first.fresh_share == 1.0
    assert again.needed == first.needed
    assert again.fresh_share == 0.0
    assert nothing.fresh_share is None
