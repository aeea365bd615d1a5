"""The budget of retries that all calls of a provider share, in virtual time."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.models.contract import Message, ModelRequest, complete
from service.models.errors import ModelFailed
from service.models.retry_budget import PER_CALL, PER_SECOND, RESERVE, RetryBudget
from service.models.retrying import RetryingModel
from tests.fakes.scripted_model import ScriptedModel

REQUEST = ModelRequest((Message("user", "Who signs?"),), max_tokens=100)


@dataclass
class Clock:
    now: float = 0.0

    def __call__(self) -> float:
        return self.now


@given(st.lists(st.one_of(st.floats(0, 30), st.integers(1, 200)), max_size=40))
def test_an_outage_is_never_multiplied(steps: list[float | int]) -> None:
    """Whatever the rhythm of calls, all of which fail and want four retries each."""
    clock, calls, retries = Clock(), 0, 0
    budget = RetryBudget(clock=clock)
    for step in steps:
        if isinstance(step, float):
            clock.now += step
            continue
        for _ in range(step):
            calls += 1
            budget.earn()
            retries += sum(budget.take() for _ in range(4))
    assert retries <= RESERVE + PER_SECOND * clock.now + PER_CALL * calls + 1e-6


def test_a_few_calls_have_all_their_retries() -> None:
    clock = Clock()
    budget = RetryBudget(clock=clock)
    for _ in range(100):
        clock.now += 5
        budget.earn()
        assert all(budget.take() for _ in range(4))


def test_under_load_a_fifth_is_retried() -> None:
    budget = RetryBudget(clock=Clock())
    taken = 0
    for _ in range(1_000):
        budget.earn()
        taken += budget.take()
    assert taken == pytest.approx(RESERVE + PER_CALL * 1_000, abs=6)


@pytest.mark.anyio
async def test_without_budget_the_error_is_the_callers() -> None:
    """The first questions of an outage use the reserve up; those after them are asked once."""
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    inner = ScriptedModel(lambda _: ModelFailed("down"))
    model = RetryingModel(inner, budget=RetryBudget(clock=Clock()), sleep=sleep, clock=Clock())
    for _ in range(100):
        with pytest.raises(ModelFailed, match="down"):
            await complete(model, REQUEST)
    assert len(inner.requests) == 100 + len(slept)
    assert len(slept) == pytest.approx(RESERVE + PER_CALL * 100, abs=6)
