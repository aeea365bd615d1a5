"""A prompt begins with what the cache holds where that is cheaper, and is never dearer for it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from prompts.drafting import Drafter
from prompts.evidence import total, weigh
from prompts.mirror import PrefixMirror
from prompts.model import PromptPassage
from prompts.plan_request import Limits, PlanRequest, Turn
from prompts.planner import plan_prompt, price
from prompts.pricing import CachePricing
from prompts.render import DocumentName, Exchange, render_passage

if TYPE_CHECKING:
    from collections.abc import Sequence

    from prompts.plan import PromptPlan

NUMBERS = st.integers(1, 14)
RANKINGS = st.lists(NUMBERS, unique=True, min_size=1, max_size=14)
PINNED = st.sampled_from((0, 1, 3))
"""Passages of a pinned document."""
LIMITS = Limits(20_000, retrieved_tokens=300, cache=CachePricing(block=1))


def count(text: str) -> int:
    return len(text) // 4 + 1


def passage(number: int, document: int = 7) -> PromptPassage:
    return PromptPassage(document, number, 100 * number, f"Clause {number} of {document}: " + "word " * 20)


@dataclass
class DictShelf:
    """Documents of fourteen passages each."""

    documents: Sequence[int] = (7,)

    def passage(self, document: int, number: int) -> PromptPassage | None:
        return passage(number, document) if document in self.documents else None

    def name(self, document: int) -> DocumentName | None:
        return DocumentName(document, f"{document}.md", "") if document in self.documents else None


SHELF = DictShelf()


class Conversations:
    """Questions of several people, with the cache that they share."""

    def __init__(self) -> None:
        self.mirror = PrefixMirror(600.0)
        self.now = 0.0

    def plan(self, numbers: Sequence[int], limits: Limits = LIMITS, **changes: object) -> PromptPlan:
        self.now += 1.0
        asked = request(self, numbers, **changes)
        plan = next(iter(plan_prompt(asked, "auto", limits, count).values()))
        self.mirror.sent(plan.messages, self.now)
        return plan


def request(asked: Conversations, numbers: Sequence[int], **changes: object) -> PlanRequest:
    values: dict[str, object] = {
        "question": f"What of {numbers}?",
        "ranked": [passage(number) for number in numbers],
        "whole": None,
        "names": {n: DocumentName(n, f"{n}.md", "") for n in (6, 7)},
        "held": asked.mirror.at(asked.now),
        "shelf": SHELF,
    }
    return PlanRequest(**(values | changes))  # pyright: ignore[reportArgumentType] — a test's shorthand


def front(number: int) -> list[PromptPassage]:
    return [passage(n, 6) for n in range(1, number + 1)]


def markers(plan: PromptPlan) -> list[str]:
    return [passage.marker for passage in plan.added]


def test_a_prompt_begins_with_the_cached_passages_that_are_wanted() -> None:
    people = Conversations()
    first = people.plan([4, 2, 9, 11])
    second = people.plan([11, 9, 5, 3])

    assert markers(first) == ["D7:2", "D7:4", "D7:9", "D7:11"]
    assert [block.name for block in second.blocks] == ["rules", "shared passages", "passages", "question"]
    assert markers(second)[:4] == ["D7:2", "D7:4", "D7:9", "D7:11"], "two unwanted ones lead to two wanted"
    assert second.messages[1].content.startswith(first.blocks[1].text)
    assert second.messages[1].content.count("# D7 ") == 1


def test_what_leads_to_nothing_is_not_taken_along() -> None:
    people = Conversations()
    people.plan([4, 2, 9, 11])
    assert markers(people.plan([2, 12, 13, 14])) == ["D7:2", "D7:12", "D7:13", "D7:14"]
    assert [block.name for block in people.plan([5]).blocks] == ["rules", "passages", "question"]


def test_what_must_not_be_shown_ends_the_shared_beginning() -> None:
    people = Conversations()
    people.plan([1, 2, 3], ranked=[passage(1, 6), *map(passage, (2, 3))], shelf=DictShelf((6, 7)),
                names={n: DocumentName(n, f"{n}.md", "") for n in (6, 7)})  # fmt: skip
    plan = people.plan([2, 3, 4])
    assert [p.document for p in plan.passages] == [7, 7, 7]


def test_a_renamed_document_is_not_taken_for_the_cached_one() -> None:
    people = Conversations()
    people.plan([1, 2, 3])

    class Renamed(DictShelf):
        def name(self, document: int) -> DocumentName | None:
            return DocumentName(document, "new.md", "")

    plan = people.plan([1, 2, 3], shelf=Renamed(), names={7: DocumentName(7, "new.md", "")})
    assert [block.name for block in plan.blocks] == ["rules", "passages", "question"]


def test_without_a_cheaper_price_for_cached_tokens_nothing_is_taken_along() -> None:
    people, dear = Conversations(), replace(LIMITS, cache=CachePricing(ratio=1.0))
    people.plan([4, 2, 9, 11], dear)
    assert markers(people.plan([11, 9, 5, 3], dear)) == ["D7:3", "D7:5", "D7:9", "D7:11"]


@given(st.lists(RANKINGS, min_size=2, max_size=6), PINNED)
def test_no_question_sees_less_than_it_would_alone_and_none_pays_more(
    rankings: list[list[int]], pinned: int
) -> None:
    people = Conversations()
    for ranked in rankings:
        asked = request(people, ranked, pinned=front(pinned))
        alone = Drafter(replace(asked, held=None), LIMITS, count).fresh("")
        plan = people.plan(ranked, pinned=front(pinned))
        assert list(plan.passages[:pinned]) == front(pinned)
        evidence = weigh(asked.ranked, tokens, scores={}, within={p.marker for p in alone.passages})
        assert total(plan.passages, evidence, tokens) >= total(alone.passages, evidence, tokens) - 1e-6
        assert price(plan, asked, LIMITS, count) <= price(alone, asked, LIMITS, count) + 5, "but for rounding"
        assert len({p.marker for p in plan.passages}) == len(plan.passages)


@given(st.lists(RANKINGS, min_size=2, max_size=4), st.integers(700, 1_400), PINNED)
def test_with_a_shared_beginning_a_plan_never_exceeds_its_budget(
    rankings: list[list[int]], budget: int, pinned: int
) -> None:
    people = Conversations()
    for ranked in rankings:
        plan = people.plan(ranked, replace(LIMITS, prompt_tokens=budget), pinned=front(pinned))
        assert plan.tokens <= budget
        assert sum(count(message.content) for message in plan.messages) <= budget


@given(st.lists(RANKINGS, min_size=2, max_size=4), PINNED)
def test_a_plan_is_a_function_of_its_inputs(rankings: list[list[int]], pinned: int) -> None:
    people = Conversations()
    for ranked in rankings:
        told = (Exchange("Who?", "Ann."),)
        asked = request(people, ranked, history=(), conversation=told, pinned=front(pinned))
        assert plan_prompt(asked, "auto", LIMITS, count) == plan_prompt(asked, "auto", LIMITS, count)
        people.plan(ranked)


@given(st.lists(RANKINGS, min_size=2, max_size=6), PINNED)
def test_a_turn_begins_with_the_earlier_prompt_or_says_that_it_begins_anew(
    rankings: list[list[int]], pinned: int
) -> None:
    people, history, told, before = Conversations(), list[Turn](), list[Exchange](), None
    for ranked in rankings:
        asked = request(
            people, ranked, history=tuple(history), conversation=tuple(told), pinned=front(pinned)
        )
        plans = plan_prompt(asked, "auto", LIMITS, count)
        plan = plans["retrieve"]
        if before is not None and not plan.begins:
            assert plan.messages[: len(before.messages)] == before.messages
        if plan.begins:
            history.clear()
            if told:
                assert "Earlier in this conversation:\nQ: " in plan.question
        for other in (Drafter(asked, LIMITS, count).fresh(""), *_continued(asked)):
            assert (
                price(plan, asked, LIMITS, count) <= price(other, asked, LIMITS, count) + LIMITS.cache.block
            )
        people.now += 1.0
        people.mirror.sent(plan.messages, people.now)
        history.append(Turn(plan.question, "Ann.", plan.added))
        told.append(Exchange(asked.question, "Ann."))
        before = plan


def _continued(asked: PlanRequest) -> list[PromptPlan]:
    return [Drafter(asked, LIMITS, count).continued("")] if asked.history else []


def test_a_cold_conversation_begins_anew_and_tells_what_was_said() -> None:
    people = Conversations()
    first = people.plan([1, 2, 3])
    turn, told = Turn(first.question, "Ann.", first.added), Exchange("Who pays?", "Ann pays.")
    people.now += 700.0

    second = people.plan([9, 10, 11], history=(turn,), conversation=(told,))

    assert second.begins
    assert len(second.messages) == 2
    assert "\nEarlier in this conversation:\nQ: Who pays?\nA: Ann pays.\n" in second.question
    assert second.reason.startswith("beginning anew costs less")


def tokens(one: PromptPassage) -> int:
    return count(render_passage(one))


def test_what_the_last_answer_cites_is_carried_over() -> None:
    people = Conversations()
    first = people.plan([1, 2, 3])
    turn = Turn(first.question, 'Ann pays [D7:2 "word word"].', first.added)
    people.now += 700.0

    second = people.plan([9, 10, 11], history=(turn,), conversation=(Exchange("Who pays?", "Ann pays."),))

    assert second.begins
    assert markers(second) == ["D7:2", "D7:9", "D7:10", "D7:11"]


def test_a_question_that_finds_nothing_stays_in_its_conversation() -> None:
    people = Conversations()
    first = people.plan([1, 2, 3])
    people.now += 700.0

    second = people.plan([], history=(Turn(first.question, "Ann.", first.added),))

    assert not second.begins
    assert markers(second) == []


def test_questions_share_what_follows_the_pinned_documents() -> None:
    people = Conversations()
    people.plan([4, 2, 9, 11], pinned=front(2))
    second = people.plan([11, 9, 5, 3], pinned=front(2))

    names = [block.name for block in second.blocks]
    assert names == ["rules", "pinned documents", "shared passages", "passages", "question"]
    assert markers(second)[:6] == ["D6:1", "D6:2", "D7:2", "D7:4", "D7:9", "D7:11"]
    assert second.messages[1].content.count("Passages:\n") == 1
