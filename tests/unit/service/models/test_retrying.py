"""Retries in virtual time: how often, how long, and never after the first word."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.models.contract import Message, ModelRequest, TextDelta, complete
from service.models.errors import (
    ContentFiltered,
    MalformedReply,
    ModelBusy,
    ModelFailed,
    ModelTimeout,
    ModelUnreachable,
    QuotaExhausted,
    StreamCut,
)
from service.models.retrying import RetryingModel, RetryPolicy
from tests.fakes.scripted_model import Broken, ScriptedModel

if TYPE_CHECKING:
    from service.models.contract import ModelEvent
    from service.models.errors import ModelError

REQUEST = ModelRequest((Message("user", "Who signs?"),), max_tokens=100)
pytestmark = pytest.mark.anyio


@dataclass
class Time:
    """A clock that only sleeping moves."""

    now: float = 0.0
    slept: list[float] = field(default_factory=list[float])

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds

    def model(
        self, inner: ScriptedModel, policy: RetryPolicy | None = None, share: float = 1.0
    ) -> RetryingModel:
        return RetryingModel(inner, policy, sleep=self.sleep, share=lambda: share, clock=lambda: self.now)


@pytest.mark.parametrize(
    "error", [ModelBusy("x"), ModelFailed("x"), ModelUnreachable("x"), ModelTimeout("x"), StreamCut("x")]
)
async def test_what_passes_is_asked_again(error: ModelError) -> None:
    time, inner = Time(), ScriptedModel([error, error, "Ann Lee."])
    assert (await complete(time.model(inner), REQUEST)).text == "Ann Lee."
    assert inner.requests == [REQUEST] * 3
    assert inner.closed == 3
    assert time.slept == [1.0, 2.0]


@pytest.mark.parametrize(
    "error",
    [
        QuotaExhausted("x"),
        ContentFiltered("x"),
        MalformedReply("x"),
        ModelBusy("x", retry=False),
        ModelTimeout("x", retry=False),
        ZeroDivisionError("a bug"),
    ],
)
async def test_what_stays_is_not_asked_again(error: Exception) -> None:
    time, inner = Time(), ScriptedModel([error, "never"])
    with pytest.raises(type(error)) as raised:
        await complete(time.model(inner), REQUEST)
    assert raised.value is error
    assert len(inner.requests) == 1
    assert time.slept == []


async def test_a_reply_that_was_partly_read_is_not_repeated() -> None:
    time, inner = Time(), ScriptedModel([Broken("Ann", StreamCut("x")), "never"])
    seen: list[ModelEvent] = []
    with pytest.raises(StreamCut):  # noqa: PT012 — what came before the error is asserted too
        async for event in time.model(inner).stream(REQUEST):
            seen.append(event)  # noqa: PERF401 — a comprehension would lose it
    assert seen == [TextDelta("Ann")]
    assert len(inner.requests) == 1


async def test_attempts_are_bounded_and_the_last_error_is_raised() -> None:
    errors = [ModelBusy(str(number)) for number in range(9)]
    time, inner = Time(), ScriptedModel(errors)
    with pytest.raises(ModelBusy) as raised:
        await complete(time.model(inner, RetryPolicy(attempts=4)), REQUEST)
    assert raised.value is errors[3]
    assert time.slept == [1.0, 2.0, 4.0]


async def test_the_budget_is_not_overdrawn_by_the_next_delay() -> None:
    time, inner = Time(), ScriptedModel([ModelBusy("x")] * 20)
    with pytest.raises(ModelBusy):
        await complete(time.model(inner, RetryPolicy(attempts=20, budget=10.0)), REQUEST)
    assert time.slept == [1.0, 2.0, 4.0]


async def test_retry_after_is_the_least_wait() -> None:
    time = Time()
    inner = ScriptedModel([ModelBusy("x", retry_after=9.0), ModelBusy("x", retry_after=0.5), "Ann Lee."])
    await complete(time.model(inner), REQUEST)
    assert time.slept == [9.0, 2.0]


async def test_a_wait_beyond_the_budget_is_not_begun() -> None:
    time, inner = Time(), ScriptedModel([ModelBusy("x", retry_after=3600.0), "never"])
    with pytest.raises(ModelBusy):
        await complete(time.model(inner), REQUEST)
    assert time.slept == []


async def test_closing_closes_the_inner_stream() -> None:
    inner = ScriptedModel(["Ann Lee signs for the supplier."])
    events = Time().model(inner).stream(REQUEST)
    await anext(events)
    await events.aclose()
    assert inner.closed == 1


@given(st.integers(1, 12), st.floats(0, 1), st.floats(0, 1))
def test_any_run_of_failures_stays_within_attempts_and_budget(
    attempts: int, share: float, scale: float
) -> None:
    policy = RetryPolicy(attempts=attempts, budget=60 * scale)
    time, inner = Time(), ScriptedModel(lambda _: ModelFailed("x"))
    with pytest.raises(ModelFailed):
        asyncio.run(complete(time.model(inner, policy, share), REQUEST))
    assert 1 <= len(inner.requests) <= attempts
    assert len(time.slept) == len(inner.requests) - 1
    assert time.now <= policy.budget
    assert all(slept <= policy.longest_delay for slept in time.slept)
