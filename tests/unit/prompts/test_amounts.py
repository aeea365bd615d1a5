"""Amounts as contracts write them."""

from __future__ import annotations

from decimal import Decimal

import pytest

from prompts.amounts import amounts, first_amount


@pytest.mark.parametrize(
    ("text", "number", "currency"),
    [
        ("$5,000", "5000", "USD"),
        ("US$2.5 million per year", "2500000", "USD"),
        ("fifty thousand dollars ($50,000)", "50000", "USD"),
        ("HK$5,000,000", "5000000", "HKD"),
        ("C$100", "100", "CAD"),
        ("S$40", "40", "SGD"),
        ("JPY 1,000", "1000", "JPY"),
        ("EUR 4,200 per month", "4200", "EUR"),
        ("4,200 euros", "4200", "EUR"),
        ("€1.500,50", "1500.50", "EUR"),
        ("£3m", "3000000", "GBP"),
        ("1 000 000 (один миллион) рублей 00 копеек", "1000000", "RUB"),
        ("5 млн руб.", "5000000", "RUB"),
        ("人民币500万元", "5000000", "CNY"),
        ("人民币伍拾万元整（¥500,000）", "500000", "CNY"),
        ("1000日元", "1000", "JPY"),
        ("10%", "10", "%"),
        ("5,000", "5000", ""),
        ("The cap is 12 months of fees, at most $1,000,000.", "1000000", "USD"),
        ("10% of the fees, but not less than RMB 3,000", "3000", "CNY"),
    ],
)
def test_the_amount_of_an_answer(text: str, number: str, currency: str) -> None:
    found = first_amount(text)

    assert found is not None
    assert (found.values, found.currency) == ((Decimal(number),), currency)
    assert found.words in text


@pytest.mark.parametrize("text", ["within 30 days", "the fee is agreed later", "", "512 megabytes"])
def test_what_is_counted_in_other_things_is_no_amount(text: str) -> None:
    assert first_amount(text) is None


def test_two_readings_are_kept() -> None:
    assert amounts("€1.500")[0].values == (Decimal("1.500"), Decimal(1500))


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("$5,000", "five thousand dollars", True),
        ("$5,000", "5,000", True),
        ("$5,000", "€5,000", False),
        ("$5,000", "$50,000", False),
        ("500万元", "¥5,000,000", True),
    ],
)
def test_amounts_agree_whatever_their_form(one: str, other: str, same: bool) -> None:
    assert amounts(one)[0].agrees(amounts(other)[0]) is same
