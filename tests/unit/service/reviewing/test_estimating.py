"""The price of a review before it is asked."""

from __future__ import annotations

import pytest

from service.models.prices import Price
from service.reviewing.estimating import (
    EXPECTED_CELL_TOKENS,
    DocumentLoad,
    Estimate,
    TooExpensive,
    estimate,
    require_within,
)

PRICE = Price(1.0, 0.2, 3.2)


def test_a_document_is_read_once_and_then_from_the_cache() -> None:
    loads = [DocumentLoad(10_000, 0, (20,) * 20), DocumentLoad(4_000, 0, (20,) * 20)]

    found = estimate(loads, PRICE)

    assert (found.cells, found.documents, found.too_long) == (40, 2, 0)
    by_formula = sum(
        length * 1.0 + 19 * length * 0.2 + 20 * (20 * 1.0 + EXPECTED_CELL_TOKENS * 3.2)
        for length in (10_000, 4_000)
    )
    assert found.usd == pytest.approx(by_formula / 1e6)


def test_of_a_long_document_each_cell_reads_its_own_passages() -> None:
    found = estimate([DocumentLoad(500, 2_500, (10, 30))], PRICE)

    assert (found.too_long, found.fresh_tokens, found.cached_tokens) == (1, 500 + 5_000 + 40, 500)


def test_a_cache_on_second_sight_is_warmed_twice() -> None:
    found = estimate([DocumentLoad(1_000, 0, (10,) * 5)], PRICE, warming=2)

    assert (found.fresh_tokens, found.cached_tokens) == (2_050, 3_000)
    assert estimate([DocumentLoad(1_000, 0, (10,))], PRICE, warming=2).fresh_tokens == 1_010


def test_what_is_done_costs_nothing() -> None:
    assert estimate([DocumentLoad(1_000, 0, ())], PRICE) == Estimate(usd=0.0)
    require_within(Estimate(usd=0.0), 0.0)


def test_more_than_somebody_wants_to_pay_is_refused() -> None:
    dear = Estimate(cells=2, documents=1, usd=0.5)
    require_within(dear, None)
    require_within(dear, 0.5)
    with pytest.raises(TooExpensive, match=r"should cost \$0.5000, which is more than \$0.4000: 2 cells"):
        require_within(dear, 0.4)
    with pytest.raises(TooExpensive, match="not known"):
        require_within(Estimate(cells=2, documents=1), 100.0)
