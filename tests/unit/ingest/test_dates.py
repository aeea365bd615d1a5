"""Days of the calendar, however they are written."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.dates import days


@pytest.mark.parametrize(
    "written",
    [
        "March 4, 2024", "March 4th, 2024", "MARCH 4 2024", "Mar. 4, 2024", "4 March 2024",
        "4th day of March, 2024", "04.03.2024", "4.3.2024", "2024-03-04", "4 марта 2024 г.",
        "«04» марта 2024", "2024年3月4日", "2024 年 03 月 04 日",
    ],
)  # fmt: skip
def test_one_day_in_many_forms(written: str) -> None:
    assert days(f"as of {written}, the") == ["2024-03-04"]


def test_of_slashes_both_readings_count_if_both_are_days() -> None:
    assert days("3/4/2024 and 12/31/1999") == ["2024-03-04", "2024-04-03", "1999-12-31"]


@pytest.mark.parametrize(
    "written", ["2024", "31.31.2024", "30 February 2024", "v1.2.2024", "March 2024", "may 4 people of 2024"]
)
def test_what_is_no_day(written: str) -> None:
    assert days(written) == []


@pytest.mark.parametrize("written", ["ſeptember 4, 1920", "4 ſept 1920", "1 \u1c83ентября 2024"])
def test_letters_that_are_a_months_in_disregard_of_case_alone(written: str) -> None:
    assert days(written) == []


_PIECES = [
    "19",
    "20",
    "3",
    "4",
    "2024",
    ".",
    "/",
    "-",
    ", ",
    " ",
    "年",
    "月",
    "日",
    "March",
    "ſep",
    "мая",
    "\u1c83ен",
]


@given(st.lists(st.sampled_from(_PIECES), max_size=20).map("".join))
def test_any_text_has_days_or_none(text: str) -> None:
    assert all(str(date.fromisoformat(day)) == day for day in days(text))
