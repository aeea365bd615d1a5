"""Equal evidence: what the cache holds may stand in for what the search ranked higher, for as much worth."""

from __future__ import annotations

from math import exp, log

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prompts.evidence import total, weigh, worth_reading
from prompts.model import PromptPassage

TOKENS = st.lists(st.integers(1, 400), max_size=30)


def passages(count: int) -> list[PromptPassage]:
    return [PromptPassage(7, number, 0, f"passage {number}") for number in range(1, count + 1)]


def test_worth_falls_with_the_distance_from_the_top() -> None:
    first, second, third = ranked = passages(3)
    evidence = weigh(ranked, lambda _: 100, scores={}, within={"D7:1", "D7:2"})

    assert evidence.worth[first.marker] == pytest.approx(log(200 / 100))
    assert evidence.worth[third.marker] == pytest.approx(log(400 / 300))
    assert evidence.needed == pytest.approx(log(300 / 100))
    assert evidence.of(second, 100) == pytest.approx(log(300 / 200))


def test_worth_falls_with_the_score() -> None:
    ranked = passages(3)
    evidence = weigh(ranked, lambda _: 100, scores={"D7:1": 1.0, "D7:2": 0.75}, within=())

    assert evidence.worth["D7:2"] == pytest.approx(exp(-0.75) * log(300 / 200))
    assert evidence.worth["D7:3"] == pytest.approx(log(400 / 300)), "unknown scores take nothing away"


def test_what_was_passed_over_is_worth_no_more_than_the_last_that_was_found() -> None:
    ranked = passages(2)
    evidence = weigh(ranked, lambda _: 100, scores={"D7:1": 1.0, "D7:2": 0.5}, within=(), searched={7: 1_000})

    assert evidence.density == pytest.approx(exp(-1.5) * log(1_100 / 300) / 800)
    assert evidence.told == pytest.approx(exp(-1.5) * 0.25 / 300)


def test_reading_ends_where_a_passage_holds_too_little_for_its_length() -> None:
    ranked = passages(6)
    scores = {p.marker: score for p, score in zip(ranked, (1.0, 0.98, 0.5, 0.5, 0.5, 0.5), strict=True)}

    def read(least: float) -> int:
        return len(list(worth_reading(ranked, lambda _: 100, scores=scores, least=least)))

    worth = weigh(ranked, lambda _: 100, scores=scores, within=()).worth
    share = worth["D7:3"] / sum(worth.values()) / 100
    assert read(0.0) == 6
    assert read(share * 0.999) == 3
    assert read(share * 1.001) == 2
    assert read(1.0) == 1, "the best is read, whatever it is worth"
    assert list(worth_reading([], lambda _: 100, scores={}, least=0.0)) == []


def test_what_was_passed_over_counts_only_in_documents_that_were_searched() -> None:
    ranked = passages(3)
    evidence = weigh(ranked, lambda _: 100, scores={}, within=(), searched={7: 1_000})

    assert evidence.of(PromptPassage(7, 40, 0, "x"), 70) == pytest.approx(70 * log(1_100 / 400) / 700)
    assert evidence.of(PromptPassage(8, 40, 0, "x"), 70) == 0.0
    assert weigh(ranked, lambda _: 100, scores={}, within=()).density == 0.0
    assert weigh(ranked, lambda _: 100, scores={}, within=(), searched={7: 300}).density == 0.0, (
        "all of it was ranked"
    )


def test_what_a_conversation_was_told_is_worth_a_little() -> None:
    ranked = passages(3)
    evidence = weigh(ranked, lambda _: 100, scores={}, within=())
    other = PromptPassage(8, 40, 0, "x")

    assert evidence.of(other, 80, told=True) == pytest.approx(0.25 * 80 / 400)
    assert evidence.of(ranked[0], 80, told=True) == evidence.worth["D7:1"], "what was ranked keeps its worth"
    assert total([other], evidence, lambda _: 80) == 0.0
    assert total([other], evidence, lambda _: 80, told={"D8:40"}) == pytest.approx(0.05)


def test_nothing_stands_in_for_the_very_best() -> None:
    ranked = passages(10)
    evidence = weigh(ranked, lambda _: 100, scores={}, within={p.marker for p in ranked[:5]})

    assert evidence.missing(set(), 100 * evidence.needed) == ranked[:2], "three tenths of the budget, begun"
    assert evidence.missing({"D7:1"}, 100 * evidence.needed) == ranked[1:2]


def test_nothing_held_means_the_best_are_missing() -> None:
    ranked = passages(5)
    evidence = weigh(ranked, lambda _: 100, scores={}, within={p.marker for p in ranked[:3]})

    assert evidence.missing((), 0.0) == ranked[:3]


def test_held_passages_stand_in_for_the_last_ones_not_for_the_first() -> None:
    ranked = passages(12)
    evidence = weigh(ranked, lambda _: 100, scores={}, within={p.marker for p in ranked[:6]})
    held = ranked[6:]

    missing = evidence.missing({p.marker for p in held}, total(held, evidence, lambda _: 100))

    assert missing == ranked[:3], "six from further down are worth the last three of the first six"
    assert evidence.missing({p.marker for p in ranked[:6]}, evidence.needed) == []


@given(TOKENS, st.data())
def test_what_is_held_and_what_is_added_are_worth_what_is_needed(
    sizes: list[int], data: st.DataObject
) -> None:
    ranked = passages(len(sizes))
    tokens = {p.marker: size for p, size in zip(ranked, sizes, strict=True)}
    within = {p.marker for p in ranked[: data.draw(st.integers(0, len(ranked)))]}
    held = data.draw(st.lists(st.sampled_from(ranked), unique=True)) if ranked else []

    def count(passage: PromptPassage) -> int:
        return tokens[passage.marker]

    evidence = weigh(ranked, count, scores={}, within=within)
    added = evidence.missing({p.marker for p in held}, total(held, evidence, count))

    assert total([*held, *added], evidence, count) >= evidence.needed - 1e-6
    assert {p.marker for p in added} <= within, "never more than a prompt that holds nothing would show"
    assert sum(map(count, added)) <= sum(size for marker, size in tokens.items() if marker in within)
