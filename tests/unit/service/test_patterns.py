"""Patterns that models write: linear time, whatever they are."""

from __future__ import annotations

import time

import pytest

from service.patterns import BadPattern, Pattern


@pytest.mark.parametrize(
    ("pattern", "text", "found"),
    [
        ("liab", "LIABILITY", True),
        (r"^fee\b", "The\nFee is 5", True),
        (r"^fee\b", "The fee is 5", False),
        (r"5$", "fee is 5\nor 6", True),
        ("第.条", "中文 第三条", True),
        ("СРОК", "срок действия", True),
        (r"a\.b", "a.b", True),
        ("�", "a \ud800 b", False),
        ("b", "a \ud800 b", True),
    ],
)
def test_they_match(pattern: str, text: str, *, found: bool) -> None:
    assert Pattern(pattern).is_in(text) is found


@pytest.mark.parametrize(
    "pattern", ["(", "*", "a{2000}", "(a{1,500}){1,900}", "(?=a)", r"\1", "\ud800", "x" * 501, "[z-a]"]
)
def test_what_cannot_be_matched_is_told(pattern: str) -> None:
    with pytest.raises(BadPattern) as caught:
        Pattern(pattern)
    assert len(str(caught.value)) > 10


@pytest.mark.parametrize(
    "pattern", ["(a*)*b", "(a|a)*b", "(a+a+)+b", "(.*.*.*.*)*b", "^(([a-z])+.)+[A-Z]([a-z])+$"]
)
def test_none_goes_back_over_the_text(pattern: str) -> None:
    started = time.perf_counter()

    Pattern(pattern).is_in("a" * 20_000)

    assert time.perf_counter() - started < 1.0
