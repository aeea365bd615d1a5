"""When the model searches by itself unasked: never but for accuracy, and never beyond what that may cost."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prompts.choosing import PRIOR_RUNS, AgentCase, RunTokens, expected_run, reason_to_search
from prompts.plan_request import ACCURACIES, STEADY_TOKENS

DUE = AgentCase(
    accuracy="high", instead="retrieve", several=True, doubtful=False, price=20_000, whole=1_000_000
)
cases = st.builds(
    AgentCase,
    accuracy=st.sampled_from(ACCURACIES),
    instead=st.sampled_from(("retrieve", "pin", "map")),
    several=st.booleans(),
    doubtful=st.booleans(),
    price=st.floats(0, 1e7),
    whole=st.floats(0, 1e7),
)
runs = st.lists(
    st.builds(
        RunTokens,
        steps=st.integers(0, 12),
        prompt=st.integers(50_000, 200_000),
        cached=st.integers(0, 50_000),
        completion=st.integers(1, 5_000),
    ),
    max_size=60,
)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({}, "several places"),
        ({"several": False, "doubtful": True}, "hardly holds"),
        ({"several": False}, None),
        ({"accuracy": "normal"}, None),
        ({"accuracy": "low"}, None),
        ({"instead": "pin"}, None),
        ({"instead": "map"}, None),
        ({"whole": 19_999}, None),
        ({"price": STEADY_TOKENS + 1}, None),
    ],
)
def test_it_is_chosen_for_a_reason(changed: dict[str, object], said: str | None) -> None:
    reason = reason_to_search(replace(DUE, **changed))  # pyright: ignore[reportArgumentType] — a test's shorthand
    assert reason is None if said is None else said in str(reason)


@given(cases)
def test_nobody_gets_one_who_did_not_wish_for_accuracy(case: AgentCase) -> None:
    if reason_to_search(case) is not None:
        assert case.accuracy == "high"
        assert case.instead == "retrieve"
        assert case.several or case.doubtful
        assert case.price <= min(case.whole, STEADY_TOKENS)


@given(cases, st.floats(0, 1))
def test_a_cheaper_one_is_chosen_as_well(case: AgentCase, share: float) -> None:
    if reason_to_search(case) is not None:
        assert reason_to_search(replace(case, price=share * case.price)) is not None


@given(st.integers(0, 50_000), st.integers(0, 50_000), runs)
def test_more_to_read_never_makes_it_cheaper(first: int, history: int, counted: list[RunTokens]) -> None:
    less, more = (expected_run(first, told, counted) for told in (history, history + 1_000))
    assert more.price(0.2, 3.2) >= less.price(0.2, 3.2)
    assert expected_run(first + 1_000, history, counted).price(0.2, 3.2) > less.price(0.2, 3.2)
    assert less.cached <= less.prompt


@given(st.integers(0, 20_000), st.integers(1, 300))
def test_what_was_counted_outweighs_what_was_assumed(first: int, count: int) -> None:
    cheap = RunTokens(1, 4_000, 1_000, 100)
    assumed, mixed = expected_run(first, 0, []), expected_run(first, 0, [cheap] * count)

    share = PRIOR_RUNS / (PRIOR_RUNS + count)
    assert mixed.prompt == pytest.approx(share * assumed.prompt + (1 - share) * cheap.prompt)
    assert mixed.completion == pytest.approx(share * assumed.completion + (1 - share) * cheap.completion)


def test_what_is_assumed_are_steps_that_add_what_a_search_finds() -> None:
    run = expected_run(3_000, 0, [])

    assert (run.steps, run.prompt, run.cached) == (4, 5 * 3_000 + 10 * 2_500, 4 * 3_000 + 6 * 2_500)
    assert run.price(0.2, 3.2) == pytest.approx(13_000 + 0.2 * 27_000 + 3.2 * 540)
