"""Axes, bars and lines: the arithmetic of the page's charts."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fakes.page_modules import NODE, evaluated

pytestmark = pytest.mark.skipif(NODE is None, reason="no node on this machine")


def found(module: str, expression: str) -> Any:  # noqa: ANN401 — JSON
    program = f"import * as m from './{module}'; console.log(JSON.stringify({expression}));"
    return evaluated(program)


def test_axes_count_in_round_numbers() -> None:
    wanted = {
        0: [0, 1],
        0.0031: [0, 0.001, 0.002, 0.003, 0.004],
        0.7: [0, 0.2, 0.4, 0.6, 0.8],
        1: [0, 0.25, 0.5, 0.75, 1],
        4.9: [0, 2, 4, 6],
        99: [0, 25, 50, 75, 100],
        52_000: [0, 20_000, 40_000, 60_000],
    }
    assert found("charts/scale.js", f"{json.dumps(list(wanted))}.map((most) => m.ticks(most))") == list(
        wanted.values()
    )


@settings(max_examples=5, deadline=None)
@given(st.lists(st.floats(1e-9, 1e12), min_size=40, max_size=40))
def test_an_axis_holds_every_value_in_few_even_steps(values: list[float]) -> None:
    axes = found("charts/scale.js", f"{json.dumps(values)}.map((most) => m.ticks(most))")
    for most, axis in zip(values, axes, strict=True):
        assert axis[0] == 0
        assert 2 <= len(axis) <= 6
        assert axis[-1] >= most * (1 - 1e-8)
        assert axis[-2] < most
        steps = [after - before for before, after in pairwise(axis)]
        assert steps == pytest.approx([steps[0]] * len(steps))


def test_labels_leave_each_other_room_and_name_the_last_day() -> None:
    assert found("charts/scale.js", "[m.labelled(7, 4), m.labelled(3, 9), m.labelled(2, 0)]") == [
        [0, 2, 4, 6],
        [0, 1, 2],
        [1],
    ]


def test_a_day_without_a_value_breaks_a_line() -> None:
    assert found("charts/lines.js", "m.runs([null, 1, 2, null, 0, null])") == [[[1, 1], [2, 2]], [[4, 0]]]


def test_bars_stand_upon_another() -> None:
    series = "[{values: [1, null, 3]}, {values: [2, null, null]}]"
    assert found("charts/bars.js", f"m.highest({series})") == 3
    assert found("charts/bars.js", "m.highest([{values: [null]}])") == 0


def test_the_last_days_are_those_of_utc() -> None:
    late = "Date.UTC(2026, 2, 1, 23, 59)"
    assert found("usage/figures.js", f"m.lastDays(3, {late})") == ["2026-02-27", "2026-02-28", "2026-03-01"]


def test_a_day_that_nobody_called_on_has_no_value() -> None:
    rows = json.dumps([{"day": "2026-03-01", "usd": 0.5}, {"day": "2026-02-01", "usd": 9}])
    days = json.dumps(["2026-02-28", "2026-03-01"])
    assert found("usage/figures.js", f"m.byDay({days}, {rows}, (row) => row.usd)") == [None, 0.5]
