"""What is known of a collection's questions: how many share documents, and what of them the cache lacks."""

from __future__ import annotations

import pytest

from prompts.plan_request import FRESH_SHARE
from service.demand import Demand

SCOPE = ("tenant", "collection")


def test_half_is_taken_to_be_missing_until_it_was_counted() -> None:
    demand = Demand()

    assert demand.fresh_share(SCOPE) == FRESH_SHARE

    demand.paid(SCOPE, 900.0, None)
    assert demand.fresh_share(SCOPE) == FRESH_SHARE, "a question that needed nothing tells nothing"


def test_what_is_missing_lately_counts() -> None:
    demand = Demand()
    for _ in range(60):
        demand.paid(SCOPE, 900.0, 0.1)

    assert demand.fresh_share(SCOPE) == pytest.approx(0.1, abs=0.01)
    assert demand.fresh_share(("another", "collection")) == FRESH_SHARE

    for _ in range(60):
        demand.paid(SCOPE, 900.0, 1.0)
    assert demand.fresh_share(SCOPE) == pytest.approx(1.0, abs=0.01)
