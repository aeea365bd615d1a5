"""What a prompt should cost before it is sent, and what it did cost."""

from __future__ import annotations

from typing import TYPE_CHECKING

from service.answers import Context, Cost, PlanSummary, Segment, Usage
from service.models.contract import TokenUsage

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from prompts.model import ContextPassage
    from prompts.plan import Mode, PromptPlan
    from service.models.prices import Price

EXPECTED_ANSWER_TOKENS = 300
"""Output counted into the price of a plan that is not carried out."""
_MESSAGE_BORDER = 2
"""Code points that the mirror puts before each message, with its role."""


def summarise(plan: PromptPlan, cached_characters: int) -> PlanSummary:
    """The plan's blocks, with what of each the provider's cache should hold."""
    return PlanSummary(
        plan.mode,
        plan.reason,
        tuple(_segments(plan, cached_characters)),
        plan.left_out,
        tuple(map(context_of, plan.context)),
    )


def context_of(brought: ContextPassage) -> Context:
    """As people see it."""
    return Context(
        brought.passage.marker, brought.kind, brought.why, brought.start, brought.end, brought.beside
    )


def predicted_tokens(summary: PlanSummary, minimum: int) -> int:
    """Cached tokens to expect; a prefix below the provider's minimum is not cached at all."""
    cached = sum(segment.cached_tokens for segment in summary.segments)
    return cached if cached >= minimum else 0


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


def _segments(plan: PromptPlan, cached_characters: int) -> Iterator[Segment]:
    """A block that the cached prefix ends in counts in proportion."""
    message, room = -1, cached_characters
    for block in plan.blocks:
        if block.message != message:
            room -= _MESSAGE_BORDER + len(block.role)
            message = block.message
        held = min(max(room, 0), len(block.text))
        room -= len(block.text)
        share = held / len(block.text) if block.text else 0.0
        yield Segment(
            block.name,
            block.stability.name.lower(),
            block.tokens,
            int(block.tokens * share),
            block.fingerprint,
        )
