"""A text as a row of tokens that can be compared: stems, Chinese characters, values however written.

"$4,200.00" and "USD 4 200" are one token each and the same; so are "1 March 2024" and "2024年3月1日".
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING

from prompts.amounts import amounts
from prompts.checks.dates import dates
from prompts.checks.quantities import bare_numbers, quantities
from prompts.words import WORD, stem

if TYPE_CHECKING:
    from collections.abc import Iterator
    from decimal import Decimal

    from prompts.checks.dates import Date

_ARTICLES = frozenset({"a", "an", "the"})
_DENIALS = frozenset("not no never cannot neither nor не ни нет нельзя без 不 未 没 无 非 勿".split())
_SIGN = re.compile(r"(?:[A-Z]{0,3}[$€£¥￥₽]|\b[A-Z]{3}|人民币|美元|欧元|英镑|港元|港币|日元)\s?$")
_LONGEST_SIGN = 6
_CODE = re.compile(
    r"\s?\b(AED|AUD|BRL|BYN|CAD|CHF|CNY|CZK|DKK|EUR|GBP|HKD|INR|JPY|KRW|KZT|MXN|NOK|NZD|PLN|RUB|SEK|SGD|TRY|TWD"
    r"|UAH|USD|ZAR)\b"
)
_COUNTER = re.compile(r"\s?(?:元|圆)整?")


@dataclass(frozen=True, slots=True)
class Token:
    """A word, or a value with all its readings."""

    word: str = ""
    date: Date | None = None
    values: frozenset[Decimal] = frozenset()
    unit: str = ""
    """``%``, a currency or the smallest equal unit of time; empty where none is named."""
    bare: frozenset[Decimal] = frozenset()
    """The number as it is written, whatever its unit."""

    @property
    def is_value(self) -> bool:
        """Whether it is a date or a number."""
        return not self.word

    @property
    def denies(self) -> bool:
        """Whether it is a word such as "not"."""
        return self.word in _DENIALS or self.word.endswith(("n't", "n’t"))

    def same(self, other: Token) -> bool:
        """Whether the other says what this does. A unit may be left out in either; a year may be a date's."""
        if self.word or other.word:
            return self.word == other.word
        if self.date is not None and other.date is not None:
            return self.date.agrees(other.date) and not _lacks_year(self.date, other.date)
        if other.date is not None:
            return any(year in self.bare for year, _, _ in other.date.readings if year)
        if self.date is not None:
            return False
        if self.unit == other.unit:
            return not self.values.isdisjoint(other.values)
        return "" in {self.unit, other.unit} and not self.bare.isdisjoint(other.bare)


def tokens(text: str) -> list[Token]:
    """The tokens of a text in order, without English articles; "thirty (30) days" is one."""
    text = unicodedata.normalize("NFKC", text)
    found: list[Token] = []
    at = 0
    for start, end, value in _values(text):
        found += _words(text[at:start])
        if not (found and found[-1].is_value and found[-1].same(value)):
            found.append(value)
        at = end
    return found + list(_words(text[at:]))


def _lacks_year(wanted: Date, given: Date) -> bool:
    return all(year for year, _, _ in wanted.readings) and not any(year for year, _, _ in given.readings)


def _values(text: str) -> Iterator[tuple[int, int, Token]]:
    """Start, end and token of every value; none overlaps another."""
    at = 0
    found = [(date.start, date.end, Token(date=date)) for date in dates(text)]
    taken = [(start, end) for start, end, _ in found]
    for start, end, token in _numbers(text):
        if not any(start < others_end and others_start < end for others_start, others_end in taken):
            found.append((start, end, token))
    for start, end, token in sorted(found, key=lambda one: one[0]):
        if start >= at:
            yield start, end, token
            at = end


def _numbers(text: str) -> Iterator[tuple[int, int, Token]]:
    for number in quantities(text):
        start, end, unit = number.start, number.start + len(number.written), number.unit
        if unit.isupper() and unit.isalpha():
            sign = _SIGN.search(text, max(0, start - _LONGEST_SIGN), start)
            counter = _COUNTER.match(text, end)
            start, end = sign.start() if sign else start, counter.end() if counter else end
            money = amounts(text[start:end])
            unit = money[0].currency if money and money[0].currency else unit
        elif not unit and (code := _CODE.match(text, end)):
            unit, end = code[1], code.end()
        yield start, end, Token(values=number.values, unit=unit, bare=bare_numbers(number.written))


def _words(text: str) -> Iterator[Token]:
    for match in WORD.finditer(text):
        if match.lastgroup == "cjk":
            yield from (Token(character) for character in match[0])
        elif match[0].lower() not in _ARTICLES:
            yield Token(stem(match[0].lower()))
