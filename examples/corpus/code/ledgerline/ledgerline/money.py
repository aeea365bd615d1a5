"""Exact amounts of money, counted in minor units such as pence."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal
from typing import TYPE_CHECKING

from ledgerline.errors import CurrencyMismatch

if TYPE_CHECKING:
    from collections.abc import Sequence

MINOR_DIGITS = {"JPY": 0, "KRW": 0, "BHD": 3, "KWD": 3}
DEFAULT_MINOR_DIGITS = 2


@dataclass(frozen=True, slots=True)
class Money:
    """An amount in one currency; ``minor`` may be negative."""

    minor: int
    currency: str

    @classmethod
    def of(cls, amount: str | Decimal, currency: str) -> Money:
        """Read a decimal amount, rounded half to even (banker's rounding) at the minor unit."""
        digits = minor_digits(currency)
        scaled = Decimal(amount).scaleb(digits)
        return cls(int(scaled.quantize(Decimal(1), rounding=ROUND_HALF_EVEN)), currency)

    def __add__(self, other: Money) -> Money:
        self._require_same_currency(other)
        return Money(self.minor + other.minor, self.currency)

    def __sub__(self, other: Money) -> Money:
        return self + -other

    def __neg__(self) -> Money:
        return Money(-self.minor, self.currency)

    def __lt__(self, other: Money) -> bool:
        self._require_same_currency(other)
        return self.minor < other.minor

    def times(self, factor: Decimal | int) -> Money:
        """Multiply and round half to even."""
        return Money.of(self.amount * factor, self.currency)

    @property
    def amount(self) -> Decimal:
        return Decimal(self.minor).scaleb(-minor_digits(self.currency))

    def allocate(self, weights: Sequence[int]) -> list[Money]:
        """Divide by weights without losing a minor unit.

        Each share is rounded down, and the units left over go to the shares with the largest remainders;
        among equals, the earlier share wins.
        """
        total = sum(weights)
        if total <= 0 or min(weights) < 0:
            raise ValueError("weights must be non-negative, and one of them positive")
        shares = [self.minor * weight // total for weight in weights]
        remainders = [self.minor * weight % total for weight in weights]
        by_remainder = sorted(range(len(weights)), key=lambda place: -remainders[place])
        for place in by_remainder[: self.minor - sum(shares)]:
            shares[place] += 1
        return [Money(share, self.currency) for share in shares]

    def _require_same_currency(self, other: Money) -> None:
        if self.currency != other.currency:
            raise CurrencyMismatch(f"{self.currency} and {other.currency}")

    def __str__(self) -> str:
        return f"{self.amount:.{minor_digits(self.currency)}f} {self.currency}"


def minor_digits(currency: str) -> int:
    """Digits behind the decimal point: 2 for GBP, 0 for JPY, 3 for KWD."""
    return MINOR_DIGITS.get(currency, DEFAULT_MINOR_DIGITS)
