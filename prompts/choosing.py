"""Whether ``auto`` lets the model search and read by itself.

Only for the caller's wish for accuracy, where one search will hardly do, and where that should cost no more
than reading everything, or than the most that such a wish may cost.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from prompts.plan_request import STEADY_TOKENS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from prompts.plan import Mode
    from prompts.plan_request import Accuracy

PRIOR_RUNS = 3
"""Runs that the expectation from before any was counted stands for."""
_STEPS = 4
_STEP_TOKENS = 2_500
_CALL_TOKENS = 60
"""Of a reply that calls a tool."""
_ANSWER_TOKENS = 300
_SEVERAL = "the question needs several places looked up: the model searches and reads by itself"
_DOUBTFUL = "one search hardly holds the answer: the model searches and reads by itself"


@dataclass(frozen=True, slots=True)
class RunTokens:
    """What one answer of an agent took, or should take; means are no whole numbers."""

    steps: float
    """Replies that called tools."""
    prompt: float
    """Of all requests together."""
    cached: float
    """Of these, served from the cache."""
    completion: float

    def price(self, ratio: float, output: float) -> float:
        """In fresh tokens; ``ratio`` and ``output`` are the prices of a cached and a written one."""
        return self.prompt - self.cached + ratio * self.cached + output * self.completion


@dataclass(frozen=True, slots=True)
class AgentCase:
    """All that the choice depends on. Prices are in fresh tokens."""

    accuracy: Accuracy
    instead: Mode
    """What would be done otherwise."""
    several: bool
    """Whether the question needs several places looked up."""
    doubtful: bool
    """Whether what one search has found hardly holds the answer."""
    price: float
    """Of an agent's answer."""
    whole: float
    """Of reading all that may be read, once."""


def reason_to_search(case: AgentCase) -> str | None:
    """Why the model should search by itself; None where it should not."""
    if case.accuracy != "high" or case.instead != "retrieve":
        return None
    if case.price > min(case.whole, STEADY_TOKENS):
        return None
    if case.several:
        return _SEVERAL
    return _DOUBTFUL if case.doubtful else None


def expected_run(first: int, history: int, runs: Sequence[RunTokens]) -> RunTokens:
    """What an agent's answer should take: the mean of those counted, and of a few assumed ones.

    Args:
        first: tokens of its first prompt.
        history: of these, what earlier turns take; the runs may have had none.
        runs: those that were counted.
    """
    counted = [_with_history(run, history) for run in runs]
    every = [*counted, *[_assumed(first)] * PRIOR_RUNS]
    return RunTokens(
        sum(run.steps for run in every) / len(every),
        sum(run.prompt for run in every) / len(every),
        sum(run.cached for run in every) / len(every),
        sum(run.completion for run in every) / len(every),
    )


def _assumed(first: int) -> RunTokens:
    """A few steps, each of which adds as much as a search finds; what was sent before is cached."""
    prompts = [first + step * _STEP_TOKENS for step in range(_STEPS + 1)]
    return RunTokens(_STEPS, sum(prompts), sum(prompts[:-1]), _STEPS * _CALL_TOKENS + _ANSWER_TOKENS)


def _with_history(run: RunTokens, history: int) -> RunTokens:
    """Each request begins with it, and all but the first find it in the cache."""
    return RunTokens(
        run.steps,
        run.prompt + (run.steps + 1) * history,
        run.cached + run.steps * history,
        run.completion,
    )
