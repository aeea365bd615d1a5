"""What a prompt should cost before it is sent, and what it did cost."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from prompts.pricing import held_tokens, prefix_tokens, size
from service.answers import Context, Cost, PlanSummary, Segment, SideCall, Usage
from service.models.contract import TokenUsage

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from prompts.model import ContextPassage
    from prompts.plan import Mode, PromptPlan
    from prompts.pricing import CachePricing
    from service.answers import Purpose
    from service.models.prices import Price

EXPECTED_ANSWER_TOKENS = 300
"""Output counted into the price of a plan that is not carried out."""


def summarise(
    plan: PromptPlan,
    cached_characters: int,
    cache: CachePricing,
    count: Callable[[str], int],
    *,
    ratio: float = 1.0,
) -> PlanSummary:
    """The plan's blocks, with what of each the provider's cache should hold.

    Args:
        plan: the prompt.
        cached_characters: code points of the rendered messages that are held.
        cache: which prefixes are served at all.
        count: tokens of a text.
        ratio: tokens of the provider's for one that is counted.
    """
    held = held_tokens(plan.blocks, cached_characters, count)
    return PlanSummary(
        plan.mode,
        plan.reason,
        tuple(
            Segment(block.name, block.stability.name.lower(), block.tokens, tokens, block.fingerprint)
            for block, tokens in zip(plan.blocks, held, strict=True)
        ),
        plan.left_out,
        warnings=plan.warnings,
        context=tuple(map(context_of, plan.context)),
        tokens=round(size(plan.blocks) * ratio),
        cached_tokens=cache.cached(int(prefix_tokens(plan.blocks, held) * ratio)),
    )


def context_of(brought: ContextPassage) -> Context:
    """As people see it."""
    return Context(
        brought.passage.marker, brought.kind, brought.why, brought.start, brought.end, brought.beside
    )


def count_usage(reported: TokenUsage, planned: int, predicted: int) -> Usage:
    """The provider's own count; the plan's estimate where it gave none."""
    return Usage(
        prompt_tokens=reported.prompt_tokens if reported.reported else planned,
        cached_tokens=reported.cached_tokens,
        predicted_cached_tokens=predicted,
        completion_tokens=reported.completion_tokens,
        reasoning_tokens=reported.reasoning_tokens,
    )


def count_cost(usage: Usage, price: Price | None, alternatives: Mapping[Mode, tuple[int, int]]) -> Cost:
    """Dollars of a call, and of the plans not chosen, given as (prompt tokens, of them cached)."""
    ratio = usage.cached_tokens / usage.prompt_tokens if usage.prompt_tokens else 0.0
    if price is None:
        return Cost(None, None, ratio)
    counted = TokenUsage(usage.prompt_tokens, usage.cached_tokens, usage.completion_tokens)
    return Cost(
        price.dollars(counted),
        price.saved(counted),
        ratio,
        {
            mode: price.dollars(TokenUsage(tokens, cached, EXPECTED_ANSWER_TOKENS))
            for mode, (tokens, cached) in alternatives.items()
        },
    )


def count_side_call(
    purpose: Purpose, model: str, reported: TokenUsage, planned: int, price: Price | None
) -> SideCall:
    """A call on the way to an answer; ``planned`` is its prompt's estimate, where nobody counted."""
    usage = count_usage(reported, planned, 0)
    cost = count_cost(usage, price, {})
    return SideCall(purpose, model, usage, cost.usd, cost.saved_usd)


def with_side_calls(usage: Usage, cost: Cost, calls: Iterable[SideCall]) -> tuple[Usage, Cost]:
    """What an answer took in all. The plans not chosen would have taken the same calls, but for parts."""
    for call in calls:
        usage = _sum(usage, call.usage)
        cost = replace(
            cost,
            usd=_both(cost.usd, call.usd),
            saved_usd=_both(cost.saved_usd, call.saved_usd),
            cached_ratio=usage.cached_tokens / usage.prompt_tokens if usage.prompt_tokens else 0.0,
            alternatives={
                mode: usd + call.usd for mode, usd in cost.alternatives.items() if call.usd is not None
            }
            if call.purpose != "part"
            else cost.alternatives,
        )
    return usage, cost


def _both(one: float | None, other: float | None) -> float | None:
    return None if one is None or other is None else one + other


def _sum(one: Usage, other: Usage) -> Usage:
    return Usage(
        prompt_tokens=one.prompt_tokens + other.prompt_tokens,
        cached_tokens=one.cached_tokens + other.cached_tokens,
        predicted_cached_tokens=one.predicted_cached_tokens + other.predicted_cached_tokens,
        completion_tokens=one.completion_tokens + other.completion_tokens,
        reasoning_tokens=one.reasoning_tokens + other.reasoning_tokens,
    )
