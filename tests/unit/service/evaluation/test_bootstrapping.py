"""Intervals against distributions that are known."""

from __future__ import annotations

from itertools import product
from statistics import NormalDist

import numpy as np
import pytest

from service.evaluation.bootstrapping import FEWEST_CLUSTERS, interval_of_mean


def names(count: int) -> list[str]:
    return [str(number) for number in range(count)]


def test_all_resamples_of_five_unequal_clusters() -> None:
    clusters = {"a": [0.0, 0.0, 0.3], "b": [1.0], "c": [0.5, 0.7], "d": [0.2] * 4, "e": [0.9, 0.1]}
    every = [
        np.mean([value for name in drawn for value in clusters[name]])
        for drawn in product(clusters, repeat=len(clusters))
    ]

    found = interval_of_mean(
        [value for values in clusters.values() for value in values],
        [name for name, values in clusters.items() for _ in values],
        resamples=200_000,
    )

    assert found is not None
    # Student's 97.5 % quantile with four degrees of freedom is 2.776.
    tail = NormalDist().cdf(-2.776 * (5 / 4) ** 0.5)
    assert (found.low, found.high) == pytest.approx(np.quantile(every, (tail, 1 - tail)), abs=0.005)


def test_half_of_four_hundred_coins() -> None:
    values = [0.0, 1.0] * 200
    found = interval_of_mean(values, names(400))
    half = NormalDist().inv_cdf(0.975) * 0.5 / 400**0.5
    assert found is not None
    assert (found.low, found.high) == pytest.approx((0.5 - half, 0.5 + half), abs=0.004)


def trials(clusters: int, size: int, seed: int) -> list[tuple[list[float], list[str]]]:
    """Values around 0: those of a cluster share most of what moves them."""
    random = np.random.default_rng(seed)
    return [
        (
            (random.normal(size=(clusters, 1)) + 0.5 * random.normal(size=(clusters, size))).ravel().tolist(),
            [name for name in names(clusters) for _ in range(size)],
        )
        for _ in range(300)
    ]


def covered(values: list[float], clusters: list[str]) -> bool:
    found = interval_of_mean(values, clusters, resamples=500)
    assert found is not None
    return found.low <= 0 <= found.high


def test_the_truth_lies_in_19_of_20_intervals_only_if_clusters_are_drawn() -> None:
    tried = trials(40, 8, seed=3)

    together = np.mean([covered(values, clusters) for values, clusters in tried])
    alone = np.mean([covered(values, names(len(values))) for values, _ in tried])

    assert 0.91 <= together <= 0.98
    assert alone < 0.7


@pytest.mark.parametrize("clusters", [6, 8, 12])
def test_it_does_so_of_few_clusters_as_well(clusters: int) -> None:
    assert 0.9 <= np.mean([covered(*trial) for trial in trials(clusters, 8, seed=3)]) <= 0.99


def test_the_same_input_gives_the_same_interval() -> None:
    values, clusters = trials(30, 3, seed=1)[0]
    assert interval_of_mean(values, clusters) == interval_of_mean(values, clusters)


def test_draws_that_do_not_fit_at_once_are_as_many() -> None:
    values = [float(number % 7) for number in range(3_000)]  # 2,000 draws of 3,000: in four parts
    found = interval_of_mean(values, names(3_000))
    half = NormalDist().inv_cdf(0.975) * 2 / 3_000**0.5
    middle = sum(values) / len(values)
    assert found is not None
    assert (found.low, found.high) == pytest.approx((middle - half, middle + half), abs=0.01)


def test_too_few_clusters_have_no_interval() -> None:
    few = FEWEST_CLUSTERS - 1
    assert interval_of_mean([0.0, 1.0] * few, names(few) * 2) is None
    assert interval_of_mean([0.0, 1.0] * (few + 1), names(few + 1) * 2) is not None
    assert interval_of_mean([], []) is None
