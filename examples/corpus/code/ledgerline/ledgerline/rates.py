"""Exchange rates that refuse to be used when they are too old."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from ledgerline.errors import StaleRate
from ledgerline.money import Money

if TYPE_CHECKING:
    from datetime import datetime

MAX_AGE = timedelta(hours=36)
PIVOT = "EUR"


@dataclass(frozen=True, slots=True)
class Rate:
    """Units of ``currency`` for one euro."""

    currency: str
    value: Decimal
    published: datetime


class RateTable:
    """The latest rate of each currency against the euro, through which all conversions go."""

    def __init__(self) -> None:
        self._rates: dict[str, Rate] = {}

    def publish(self, rate: Rate) -> None:
        """Keep the rate unless a later one of the same currency is known."""
        known = self._rates.get(rate.currency)
        if known is None or known.published < rate.published:
            self._rates[rate.currency] = rate

    def convert(self, money: Money, currency: str, now: datetime) -> Money:
        """The same value in another currency, rounded once, at the end.

        Raises:
            StaleRate: a rate is missing or was published more than 36 hours before ``now``.
        """
        if money.currency == currency:
            return money
        return Money.of(
            money.amount * self._value(currency, now) / self._value(money.currency, now), currency
        )

    def _value(self, currency: str, now: datetime) -> Decimal:
        if currency == PIVOT:
            return Decimal(1)
        rate = self._rates.get(currency)
        if rate is None or now - rate.published > MAX_AGE:
            raise StaleRate(currency)
        return rate.value
