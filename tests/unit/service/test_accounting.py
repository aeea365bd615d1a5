from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prompts.mirror import render
from prompts.plan import Block, PromptPlan, Stability
from prompts.pricing import CachePricing
from service.accounting import (
    count_cost,
    count_side_call,
    count_usage,
    summarise,
    with_side_calls,
)
from service.answers import Cost, SideCall, Usage
from service.models.contract import TokenUsage
from service.models.prices import Price

if TYPE_CHECKING:
    from service.answers import PlanSummary

PRICE = Price(input=1.0, cached=0.2, output=3.2)
BLOCKS = (
    Block("rules", Stability.RULES, 0, "system", "r" * 100, 25),
    Block("documents", Stability.PINNED, 1, "user", "d" * 400, 100),
    Block("question", Stability.FRESH, 1, "user", "q" * 40, 10),
)
PLAN = PromptPlan("pin", "short", BLOCKS, (), left_out=("D1:9",))


def count(text: str) -> int:
    return len(text) // 4


def summary_of(characters: int, cache: CachePricing = CachePricing(block=1)) -> PlanSummary:  # noqa: B008 — frozen
    return summarise(PLAN, characters, cache, count)


def cached(characters: int) -> list[int]:
    return [segment.cached_tokens for segment in summary_of(characters).segments]


def test_a_summary_names_blocks_and_what_was_left_out() -> None:
    summary = summary_of(0)

    assert (summary.mode, summary.reason, summary.left_out) == ("pin", "short", ("D1:9",))
    assert [(s.name, s.stability, s.tokens, s.cached_tokens) for s in summary.segments] == [
        ("rules", "rules", 25, 0),
        ("documents", "pinned", 100, 0),
        ("question", "fresh", 10, 0),
    ]


def test_what_the_cache_holds_is_told_block_by_block() -> None:
    whole = len(render(PLAN.messages))

    assert cached(whole) == [25, 100, 10]
    assert cached(whole - 40) == [25, 100, 0]
    assert cached(whole - 40 - 200) == [25, 50, 0]
    assert cached(len("\x1esystem\x1f") + 50) == [12, 0, 0]


@given(st.integers(0, 700))
def test_no_more_is_cached_than_was_sent_and_more_text_never_means_less(characters: int) -> None:
    held = cached(characters)

    assert all(0 <= tokens <= block.tokens for tokens, block in zip(held, BLOCKS, strict=True))
    assert sum(held) <= sum(cached(characters + 1))


def test_a_prefix_below_the_minimum_is_not_cached() -> None:
    whole = len(render(PLAN.messages))

    assert summary_of(whole).tokens == 135 + 3 * 2 + 9
    assert summary_of(whole).cached_tokens == 135 + 3 * 2, "with what the messages add"
    assert summary_of(whole, CachePricing(block=1, minimum=141)).cached_tokens == 141
    assert summary_of(whole, CachePricing(block=1, minimum=142)).cached_tokens == 0


def test_what_is_cached_are_whole_blocks() -> None:
    whole = len(render(PLAN.messages))

    assert summary_of(whole, CachePricing(block=64)).cached_tokens == 128
    assert summary_of(whole - 40 - 200, CachePricing(block=64)).cached_tokens == 64, "25 + 50 + 2 * 3"
    assert summary_of(len("\x1esystem\x1f") + 50, CachePricing(block=64)).cached_tokens == 0


def test_usage_is_the_providers_where_it_counts() -> None:
    reported = TokenUsage(200, 128, 30, 5, reported=True)

    assert count_usage(reported, 190, 120) == Usage(200, 128, 120, 30, 5)
    assert count_usage(TokenUsage(), 190, 120) == Usage(190, 0, 120, 0, 0)


def test_cost_is_what_the_tokens_cost_and_what_the_cache_saved() -> None:
    cost = count_cost(Usage(1_000, 600, 600, 100), PRICE, {"retrieve": (2_000, 0)})

    assert cost.usd == pytest.approx((400 * 1.0 + 600 * 0.2 + 100 * 3.2) / 1e6)
    assert cost.saved_usd == pytest.approx(600 * 0.8 / 1e6)
    assert cost.cached_ratio == 0.6
    assert cost.alternatives == {"retrieve": pytest.approx((2_000 + 300 * 3.2) / 1e6)}


def test_an_unknown_price_is_none_and_never_zero() -> None:
    cost = count_cost(Usage(1_000, 500), None, {"retrieve": (2_000, 0)})

    assert (cost.usd, cost.saved_usd, cost.alternatives) == (None, None, {})
    assert cost.cached_ratio == 0.5
    assert count_cost(Usage(), PRICE, {}).cached_ratio == 0.0


def test_side_calls_are_part_of_what_an_answer_took() -> None:
    calls = [
        SideCall("rewrite", "glm-5", Usage(300, 100, 0, 20, 0), 0.0003, 0.00008),
        SideCall("rerank", "glm-4.7", Usage(700, 0, 0, 80, 5), 0.001),
    ]

    usage, cost = with_side_calls(
        Usage(1_000, 400, 350, 200, 7), Cost(0.002, 0.0003, 0.4, {"pin": 0.01}), calls
    )

    assert usage == Usage(2_000, 500, 350, 300, 12)
    assert cost.usd == pytest.approx(0.0033)
    assert cost.saved_usd == pytest.approx(0.00038)
    assert cost.cached_ratio == 0.25
    assert cost.alternatives == {"pin": pytest.approx(0.0113)}


def test_a_side_call_of_unknown_price_makes_the_whole_cost_unknown() -> None:
    call = count_side_call("rerank", "other", TokenUsage(50, 0, 5, reported=True), 0, None)

    assert call == SideCall("rerank", "other", Usage(50, 0, 0, 5, 0), None, None)
    usage, cost = with_side_calls(Usage(100), Cost(0.1, 0.0, 0.0, {"pin": 0.2}), [call])
    assert usage.prompt_tokens == 150
    assert (cost.usd, cost.alternatives) == (None, {})


def test_a_side_call_that_nobody_counted_is_estimated() -> None:
    call = count_side_call("rewrite", "glm-5", TokenUsage(), 120, PRICE)

    assert call.usage.prompt_tokens == 120
    assert call.usd == pytest.approx(120 / 1e6)
