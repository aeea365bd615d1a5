from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from ledgerline.errors import CurrencyMismatch, StaleRate
from ledgerline.money import Money
from ledgerline.rates import Rate, RateTable

NOON = datetime(2025, 3, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(("amount", "minor"), [("0.125", 12), ("0.135", 14), ("-0.125", -12), ("7", 700)])
def test_amounts_round_half_to_even(amount: str, minor: int) -> None:
    assert Money.of(amount, "GBP").minor == minor


def test_yen_have_no_minor_unit() -> None:
    assert str(Money.of("1500", "JPY")) == "1500 JPY"


@pytest.mark.parametrize(
    ("minor", "weights"), [(100, [1, 1, 1]), (-7, [2, 1]), (1, [0, 5]), (999, [3, 3, 4])]
)
def test_allocation_loses_nothing(minor: int, weights: list[int]) -> None:
    assert sum(share.minor for share in Money(minor, "GBP").allocate(weights)) == minor


def test_the_largest_remainder_gets_the_odd_penny() -> None:
    assert [share.minor for share in Money(100, "GBP").allocate([1, 1, 1])] == [34, 33, 33]


def test_currencies_do_not_mix() -> None:
    with pytest.raises(CurrencyMismatch):
        Money(1, "GBP") + Money(1, "USD")


def test_conversion_goes_through_the_euro_and_refuses_old_rates() -> None:
    table = RateTable()
    table.publish(Rate("GBP", Decimal("0.80"), NOON))
    table.publish(Rate("USD", Decimal("1.20"), NOON))
    assert table.convert(Money.of("10", "GBP"), "USD", NOON) == Money.of("15", "USD")
    with pytest.raises(StaleRate):
        table.convert(Money.of("10", "GBP"), "USD", NOON + timedelta(hours=37))
