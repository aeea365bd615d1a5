from __future__ import annotations

import numpy as np
import pytest

from bench.fitting import false_claims, fit, wrong


def test_what_made_the_cases_is_found_again() -> None:
    chance = np.random.default_rng(7)
    features = chance.normal(size=(20_000, 2)) * [1.0, 5.0] + [3.0, 0.0]
    truth = features @ [1.5, -0.4] - 2.0
    yes = chance.random(len(truth)) < 1 / (1 + np.exp(-truth))

    weights, constant = fit(features, yes, np.ones(len(yes)))

    assert weights == pytest.approx([1.5, -0.4], abs=0.1)
    assert constant == pytest.approx(-2.0, abs=0.3)


def test_a_case_that_counts_twice_is_two_cases() -> None:
    features = np.array([[0.0], [1.0], [2.0], [3.0]])
    yes = np.array([False, True, False, True])
    doubled = [0, 1, 1, 2, 3]

    weighed = fit(features, yes, np.array([1.0, 2.0, 1.0, 1.0]))
    repeated = fit(features[doubled], yes[doubled], np.ones(5))

    assert weighed[0] != pytest.approx(fit(features, yes, np.ones(4))[0])
    assert weighed[0] * features[1] + weighed[1] > 0
    assert repeated[0] == pytest.approx(weighed[0], abs=0.2)


def test_errors_are_counted_on_their_own_side() -> None:
    sure = np.array([0.1, 0.4, 0.6, 0.9, 0.2, 0.3, 0.7, 0.8])
    yes = np.array([True] * 4 + [False] * 4)

    assert wrong(sure, yes, 0.5) == (0.5, 0.5)
    assert wrong(sure, yes, 0.25) == (0.25, 0.75)
    assert false_claims(sure, yes, [0.0, 1.0]) == [1.0, 0.0]
    assert np.isnan(wrong(sure[:4], yes[:4], 0.5)[1])
