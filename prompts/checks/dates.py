"""Calendar dates in any common format: 2024-01-05, January 5, 2024, 5 января 2024 г., 2024年1月5日."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING

from prompts.checks.numerals import value_of_chinese

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

Reading = tuple[int | None, int, int | None]
"""Year, month, day; None where the text leaves it out."""


@dataclass(frozen=True, slots=True)
class Date:
    """A date of a text. 01/05/2024 has two readings."""

    start: int
    end: int
    readings: frozenset[Reading]

    def __str__(self) -> str:
        year, month, day = min(self.readings, key=repr)
        return "-".join(
            part for part in (str(year) if year else "", f"{month:02}", f"{day:02}" if day else "") if part
        )

    def agrees(self, source: Date) -> bool:
        """Whether the source says this date: nothing may differ, and only a year may be left out there."""
        return any(
            mine[1] == other[1]
            and (mine[2] is None or mine[2] == other[2])
            and (mine[0] is None or other[0] is None or mine[0] == other[0])
            for mine in self.readings
            for other in source.readings
        )


_ENGLISH: Sequence[str] = "jan feb mar apr may jun jul aug sep oct nov dec".split()
_RUSSIAN: Sequence[str] = "янв фев март апр ма июн июл авг сен окт ноя дек".split()
_ENGLISH_MONTH = (
    r"(?P<en>January|February|March|April|May|June|July|August|September|October|November|December"
    r"|Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept?|Oct|Nov|Dec"
    r"|JANUARY|FEBRUARY|MARCH|APRIL|MAY|JUNE|JULY|AUGUST|SEPTEMBER|OCTOBER|NOVEMBER|DECEMBER)\b\.?"
)
_RUSSIAN_MONTH = (
    r"(?P<ru>(?:[Яя]нвар|[Фф]еврал|[Аа]прел|[Ии]юн|[Ии]юл|[Сс]ентябр|[Оо]ктябр|[Нн]оябр|[Дд]екабр)[ьяюе]"
    r"|[Мм]арт[ауе]?|[Аа]вгуст[ауе]?|[Мм]а[йяюе])\b"
)
_CENTURY = 100
_TURN = 70
"""Years of two digits below this belong to this century."""
_CHINESE_DIGITS = r"\d〇零一二三四五六七八九十"
_ORDINALS = {
    word: place
    for place, word in enumerate(
        "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth "
        "fourteenth "
        "fifteenth sixteenth seventeenth eighteenth nineteenth twentieth twenty-first twenty-second "
        "twenty-third "
        "twenty-fourth twenty-fifth twenty-sixth twenty-seventh twenty-eighth twenty-ninth thirtieth "
        "thirty-first".split(),
        start=1,
    )
}
_DAY = r"(?P<day>\d{1,2}(?:st|nd|rd|th)?|" + "|".join(sorted(_ORDINALS, key=len, reverse=True)) + ")"
_YEAR = r"(?P<year>(?:1[89]|20|21)\d\d)"

_PATTERNS = tuple(
    (re.compile(sign), tuple(map(re.compile, patterns)))
    for sign, patterns in (
        (
            r"\d[-/.]",
            (
                r"(?<!\d)(?P<year>\d{4})[-/.](?P<month>\d{1,2})[-/.](?P<day>\d{1,2})(?!\d)",
                (
                    r"(?<![\d./-])(?P<first>\d{1,2})(?P<mark>[-/.])(?P<second>\d{1,2})(?P=mark)(?P<year>\d{4}"
                    r"|\d{2})(?![\d/])"
                ),
            ),
        ),
        (
            "|".join([*map(str.title, _ENGLISH), *map(str.upper, _ENGLISH)]),
            (
                rf"\b{_ENGLISH_MONTH}\s+{_DAY}(?![\d%])(?:\s*,?\s*{_YEAR}\b)?",
                rf"\b{_DAY}\s+(?:day\s+)?(?:of\s+)?{_ENGLISH_MONTH}(?:\s*,?\s*(?:of\s+)?{_YEAR}\b)?",
                rf"\b{_ENGLISH_MONTH},?\s+(?:of\s+)?{_YEAR}\b",
            ),
        ),
        (
            "[А-Яа-я]",
            (
                rf"[«\"“]?\b(?P<day>\d{{1,2}})[»\"”]?\s+{_RUSSIAN_MONTH}(?:\s+{_YEAR}\b(?:\s*г(?:ода|оду|\.)?)?)?",
                rf"\b{_RUSSIAN_MONTH}\s+{_YEAR}\b",
            ),
        ),
        (
            "月",
            (
                rf"(?:(?P<year>[{_CHINESE_DIGITS}]{{4}})\s*年\s*)?(?P<month>[{_CHINESE_DIGITS}]{{1,3}})\s*月\s*(?P<day>[{_CHINESE_DIGITS}]{{1,3}})\s*[日号]",
                rf"(?P<year>[{_CHINESE_DIGITS}]{{4}})\s*年\s*(?P<month>[{_CHINESE_DIGITS}]{{1,3}})\s*月",
            ),
        ),
    )
)
"""Each kind behind what every date of it has: most texts have no month's name."""


def dates(text: str) -> list[Date]:
    """All dates of a text in order; where two patterns overlap, the longer match counts."""
    if not re.search(r"\d|[一二三四五六七八九十]月|th\s+(?:day\s+)?of", text):
        return []
    found = sorted(_matches(text), key=lambda date: (date.start, -date.end))
    kept: list[Date] = []
    for date in found:
        if not kept or date.start >= kept[-1].end:
            kept.append(date)
    return kept


def _matches(text: str) -> Iterator[Date]:
    told = (pattern for sign, patterns in _PATTERNS if sign.search(text) for pattern in patterns)
    for match in chain.from_iterable(pattern.finditer(text) for pattern in told):
        readings = frozenset(reading for reading in _readings(match) if _is_possible(reading))
        if readings:
            yield Date(match.start(), match.end(), readings)


def _readings(match: re.Match[str]) -> Iterator[Reading]:
    groups = match.groupdict()
    year = _number(groups.get("year"))
    if groups.get("mark"):
        first, second = int(match["first"]), int(match["second"])
        if year is not None and year < _CENTURY:
            year += 2000 if year < _TURN else 1900
        yield year, first, second
        yield year, second, first
    elif month := groups.get("en"):
        yield year, _month(_ENGLISH, month.lower()), _number(groups.get("day"))
    elif month := groups.get("ru"):
        yield year, _month(_RUSSIAN, month.lower()), _number(groups.get("day"))
    elif month := groups.get("month"):
        yield year, _number(month) or 0, _number(groups.get("day"))


def _month(names: Sequence[str], month: str) -> int:
    return next(place for place, name in enumerate(names, start=1) if month.startswith(name))


def _number(written: str | None) -> int | None:
    if not written:
        return None
    if written in _ORDINALS:
        return _ORDINALS[written]
    digits = re.sub(r"(?:st|nd|rd|th)$", "", written)
    if digits.isascii():
        return int(digits)
    value = value_of_chinese(digits) if not any(map(str.isascii, digits)) else None
    return None if value is None else int(value)


def _is_possible(reading: Reading) -> bool:
    _, month, day = reading
    return month in range(1, 13) and (day is None or day in range(1, 32))
