"""A logistic regression small enough to read, and how to count what it gets wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

RIDGE = 1.0
"""On the weights of standardised features; the constant is free."""
ROUNDS = 30


def fit(
    features: NDArray[np.float64], yes: NDArray[np.bool_], counts: NDArray[np.float64]
) -> tuple[NDArray[np.float64], float]:
    """The weight of each feature and a constant: maximum likelihood with a ridge, by Newton's method.

    Args:
        features: one row a case.
        yes: what is to be foretold.
        counts: as how many cases each one counts.
    """
    centre, spread = features.mean(0), features.std(0) + 1e-9
    rows = np.column_stack([(features - centre) / spread, np.ones(len(features))])
    ridge = np.append(np.full(len(centre), RIDGE), 0.0)
    weights = np.zeros(len(ridge))
    for _ in range(ROUNDS):
        foretold = 1 / (1 + np.exp(-rows @ weights))
        slope = rows.T @ (counts * (foretold - yes)) + ridge * weights
        curvature = (rows.T * (counts * foretold * (1 - foretold))) @ rows + np.diag(ridge)
        weights -= np.linalg.solve(curvature, slope)
    raw = weights[:-1] / spread
    return raw, float(weights[-1] - raw @ centre)


def false_claims(sure: NDArray[np.float64], yes: NDArray[np.bool_], missed: Sequence[float]) -> list[float]:
    """The shares of false claims at the thresholds that miss these shares of the answers."""
    thresholds = [float(np.quantile(sure[yes], share)) for share in missed]
    return [float(np.mean(sure[~yes] >= threshold)) for threshold in thresholds]


def wrong(sure: NDArray[np.float64], yes: NDArray[np.bool_], threshold: float) -> tuple[float, float]:
    """The shares of missed answers and of false claims at a threshold; nan where there are no such cases."""
    return _share(sure[yes] < threshold), _share(sure[~yes] >= threshold)


def _share(chosen: NDArray[np.bool_]) -> float:
    return float(chosen.mean()) if len(chosen) else float("nan")
