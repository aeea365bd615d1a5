from __future__ import annotations

import pytest

from bench.stream import figures, latencies, new_words, shown


def test_each_word_takes_from_its_sending_to_its_arrival() -> None:
    assert latencies({"a": 1.0, "b": 1.5}, {"b": 1.75, "a": 1.125, "from before": 0.5}) == [125.0, 250.0]


def test_a_word_that_never_arrived_is_no_fast_one() -> None:
    with pytest.raises(ValueError, match="1 of 2 words never arrived: b"):
        latencies({"a": 1.0, "b": 1.5}, {"a": 1.125})


def test_figures_are_quantiles() -> None:
    found = figures([float(number) for number in range(101)])

    assert (found.median, found.p95, found.p99, found.most, found.count) == (50, 95, 99, 100, 101)
    assert shown(8, found).split() == ["8", "101", "50.0", "95.0", "99.0", "100.0"]


def test_a_word_arrives_when_it_is_whole() -> None:
    assert new_words("s0001w0001 s0001w000", {}) == ["s0001w0001"]
    assert new_words("s0001w0001 s0001w0002 [1]. ", {"s0001w0001": 1.0}) == ["s0001w0002"]
