"""Calendar days in a text, in their usual forms: ``March 4, 2024``, ``04.03.2024``, ``2024年3月4日``."""

from __future__ import annotations

import re
from datetime import date
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_MONTHS = {
    "jan": 1, "feb": 2, "mar": 3, "apr": 4, "may": 5, "jun": 6,
    "jul": 7, "aug": 8, "sep": 9, "oct": 10, "nov": 11, "dec": 12,
    "янв": 1, "фев": 2, "мар": 3, "апр": 4, "мая": 5, "июн": 6,
    "июл": 7, "авг": 8, "сен": 9, "окт": 10, "ноя": 11, "дек": 12,
}  # fmt: skip
"""By the first three letters."""
_YEAR = re.compile(r"(?:1[89]|20)\d\d(?!\d)")
_BEFORE, _BEHIND = 32, 12
"""Code points around a year where the rest of its day may stand."""
_DAY = r"(?<!\d)(?P<{0}_day>\d{{1,2}})"
_NAME = r"(?P<{0}_month>jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]{{0,6}}\.?"
_RUSSIAN = r"(?P<ru_month>янв|фев|мар|апр|мая|июн|июл|авг|сен|окт|ноя|дек)[а-я]{0,5}\.?"
_DATE = re.compile(
    rf"""\b{_NAME.format("us")}\s{{1,3}}{_DAY.format("us")}(?:st|nd|rd|th)?,?\s{{0,3}}(?P<us_year>\d{{4}})(?!\d)
      | {_DAY.format("uk")}(?:st|nd|rd|th)?\s{{1,3}}(?:day\s{{1,3}}of\s{{1,3}})?{_NAME.format("uk")}
        ,?\s{{1,3}}(?P<uk_year>\d{{4}})(?!\d)
      | [«"]?{_DAY.format("ru")}[»"]?\s{{1,3}}{_RUSSIAN}\s{{1,3}}(?P<ru_year>\d{{4}})(?!\d)
      | (?<!\d)(?P<iso_year>\d{{4}})-(?P<iso_month>\d{{1,2}})-(?P<iso_day>\d{{1,2}})(?!\d)
      | (?<!\d)(?P<han_year>\d{{4}})\s?年\s?(?P<han_month>\d{{1,2}})\s?月\s?(?P<han_day>\d{{1,2}})\s?日
      | (?<![\w.]){_DAY.format("dot")}\.(?P<dot_month>\d{{1,2}})\.(?P<dot_year>\d{{4}})(?!\d)
      | (?<![\d/])(?P<first>\d{{1,2}})/(?P<second>\d{{1,2}})/(?P<slash_year>\d{{4}})(?![\d/])""",
    re.VERBOSE | re.IGNORECASE,
)


def days(text: str) -> list[str]:
    """The days that a text names, in reading order, as ``2024-03-04``.

    Of ``3/4/2024`` nobody knows which number is the month: both days are named.
    """
    found: list[str] = []
    read = 0
    for year in _YEAR.finditer(text):
        for match in _DATE.finditer(text, max(read, year.start() - _BEFORE), year.end() + _BEHIND):
            found += _days(match)
            read = match.end()
    return found


def _days(match: re.Match[str]) -> Iterator[str]:
    if match["first"]:
        numbers = (int(match["first"]), int(match["second"]))
        readings = dict.fromkeys([numbers, numbers[::-1]])
        year = match["slash_year"]
    else:
        form = next(form for form in ("us", "uk", "ru", "iso", "han", "dot") if match[f"{form}_year"])
        readings = {(_month(match[f"{form}_month"]), int(match[f"{form}_day"])): None}
        year = match[f"{form}_year"]
    for month, day in readings:
        try:
            yield date(int(year), month, day).isoformat()
        except ValueError:
            continue  # no day of the calendar


def _month(written: str) -> int:
    """Its number; 0 where a letter only matches one of a month's in disregard of case, as a long s does."""
    return int(written) if written.isdecimal() else _MONTHS.get(written[:3].lower(), 0)
