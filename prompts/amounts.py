"""Amounts of money as contracts write them, with the code of their currency."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from prompts.checks.quantities import quantities

if TYPE_CHECKING:
    from collections.abc import Iterator
    from decimal import Decimal

    from prompts.checks.quantities import Quantity

PERCENT = "%"
_PREFIXED = {
    "HK$": "HKD",
    "NT$": "TWD",
    "NZ$": "NZD",
    "MX$": "MXN",
    "S$": "SGD",
    "R$": "BRL",
    "C$": "CAD",
    "CA$": "CAD",
    "CDN$": "CAD",
    "A$": "AUD",
    "AU$": "AUD",
    "港元": "HKD",
    "港币": "HKD",
    "日元": "JPY",
}
"""Dollars of other countries than the United States, and signs that stand before the number."""
_BEFORE = re.compile(
    rf"(?<![A-Za-z])({'|'.join(sorted(map(re.escape, _PREFIXED), key=len, reverse=True))})\s?$"
)
_SIGN = re.compile(r"(?:[A-Za-z]{0,3}[$€£¥￥₽]|\b[A-Z]{3}|人民币|美元|欧元|英镑|港元|港币|日元)\s?$")
_AFTER = {"日元": "JPY", "円": "JPY", "yen": "JPY", "JPY": "JPY", "港元": "HKD", "港币": "HKD"}
_YEN = re.compile(rf"\s?({'|'.join(_AFTER)})")
_CODES = {"C$": "CAD", "A$": "AUD", "RMB": "CNY"}
_CURRENCY = re.compile(r"[A-Z]{3}")
_LONGEST_SIGN = 6


@dataclass(frozen=True, slots=True)
class Amount:
    """A number with its currency. ``values`` are its readings: 1.500 is 1.5 or 1,500."""

    values: tuple[Decimal, ...]
    currency: str
    """ISO 4217, ``%`` for a share, or empty for a number that names neither."""
    words: str
    """As the text has it."""

    def agrees(self, other: Amount) -> bool:
        """Whether both can be the same amount; a currency may be left out in one of them."""
        same = self.currency == other.currency or "" in {self.currency, other.currency}
        return same and not set(self.values).isdisjoint(other.values)


def amounts(text: str) -> list[Amount]:
    """The amounts of a text in order; what is counted in days or bytes is none."""
    return list(_amounts(text))


def first_amount(text: str) -> Amount | None:
    """What a text gives as its amount: the first with a currency, else the first share, else a number."""
    found = amounts(text)
    money = (amount for amount in found if _CURRENCY.fullmatch(amount.currency))
    shares = (amount for amount in found if amount.currency == PERCENT)
    return next(money, None) or next(shares, None) or next(iter(found), None)


def _amounts(text: str) -> Iterator[Amount]:
    for quantity in quantities(text):
        currency, end = _currency(text, quantity)
        if currency is None:
            continue
        before = _SIGN.search(text, max(0, quantity.start - _LONGEST_SIGN), quantity.start)
        start = before.start() if before else quantity.start
        end = max(end, quantity.start + len(quantity.written))
        values = quantity.values if currency not in _AFTER.values() else _plain(text, quantity)
        yield Amount(tuple(sorted(values)), currency, text[start:end])


def _currency(text: str, quantity: Quantity) -> tuple[str | None, int]:
    """Code and end of an amount; None for what is no amount."""
    if before := _BEFORE.search(text, max(0, quantity.start - _LONGEST_SIGN), quantity.start):
        return _PREFIXED[before[1]], quantity.end
    if after := _YEN.match(text, quantity.end):
        return _AFTER[after[1]], after.end()
    unit = _CODES.get(quantity.unit, quantity.unit)
    if unit in {"", PERCENT} or _CURRENCY.fullmatch(unit):
        return unit, quantity.end
    return None, quantity.end


def _plain(text: str, quantity: Quantity) -> frozenset[Decimal]:
    """The number alone: the sign of the yen begins like the word for a day."""
    alone = quantities(text[quantity.start : quantity.end])
    return alone[0].values if alone else quantity.values
