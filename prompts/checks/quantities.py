"""Numbers with their units: money, shares, durations; written in digits or words, in any common format.

Two quantities agree when value and unit do: 30 = thirty = 三十, 1,000 = 1 000 = 1.000, 10% = ten percent,
USD 5,000 = $5,000, two weeks = 14 days, one year = 12 months. Days are not months, business days are not
days, dollars are not euros.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import TYPE_CHECKING

from prompts.checks.numerals import (
    CHINESE_NUMBER,
    NUMBER_WORDS,
    ORDINAL_WORDS,
    SCALES,
    has_number_words,
    value_of_chinese,
    value_of_ordinal,
    value_of_words,
)
from prompts.patterns import Pattern
from prompts.words import TEXTS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number of a text. ``values`` are its readings: 1.500 is 1.5 or 1,500.

    ``unit`` is ``""`` for a bare number, ``%``, a currency (``USD``), or a duration in its smallest equal
    unit (``hour``, ``month``, ``business day``).
    """

    start: int
    end: int
    values: frozenset[Decimal]
    unit: str
    written: str
    """The number with its unit, as the text has it."""
    spelled: bool
    """Written in words alone."""


_DIGITS = Pattern(
    r"(?<![\w.,])(?<!\d[-/])(?:\d{1,3}(?:,\d{3})+(?:\.\d+)?"
    r"|\d{1,3}(?:[ \u00a0\u202f\u2009'’]\d{3})+(?:[.,]\d+)?(?!\d)"
    r"|\d{1,3}(?:\.\d{3})+(?:,\d+)?(?![.\d])|\d+(?:\.\d+){2,}|\d+[.,]\d+|\d+)"
    r"|(?<=[$€£¥₽\u3400-\u9fff])\d+(?:,\d{3})*(?:\.\d+)?|(?<=\d[-/–])\d+(?:[.,]\d+)?"
)
_SCALE = Pattern(
    r"\s?(?:(?P<latin>million|billion|trillion|thousand|hundred|mln|mn|bn|(?<=\d)[kmb](?![a-z]))\b"
    r"|(?P<russian>тыс|млн|млрд|тысяч\w*|миллион\w*|миллиард\w*)\b\.?"
    r"|(?P<chinese>[十百千]?[万亿]|[百千]))",
    re.IGNORECASE,
)
_SHORT_SCALES = {"k": 1000, "m": 10**6, "mln": 10**6, "mn": 10**6, "b": 10**9, "bn": 10**9}
_CHINESE_SCALES = {"十": 10, "百": 100, "千": 1000, "万": 10**4, "亿": 10**8}

_CURRENCY_SIGNS = {
    "US$": "USD",
    "$": "USD",
    "€": "EUR",
    "£": "GBP",
    "₽": "RUB",
    "￥": "CNY",
    "¥": "CNY",
    "RMB": "CNY",
    "人民币": "CNY",
    "美元": "USD",
}
_CURRENCY_BEFORE = Pattern(
    r"(US\$|C\$|A\$|[$€£¥￥₽]|\b(?:USD|EUR|GBP|RUB|CNY|RMB|JPY|CHF|CAD|AUD|HKD|INR)|人民币|美元)\s?$"
)
_UNITS: Sequence[tuple[str, str, int | Decimal]] = (
    (r"%|％|percent\b|per\s?cent\b|pct\b|процент\w*|个百分点", "%", 1),
    (r"basis\s+points?\b|bps\b", "%", Decimal("0.01")),
    (r"‰|per\s?mille\b", "%", Decimal("0.1")),
    (r"canadian\s+dollars?\b|cad\b|c\$", "CAD", 1),
    (r"australian\s+dollars?\b|aud\b|a\$", "AUD", 1),
    (
        (
            r"us\s?dollars?\b|u\.s\.\s?dollars?\b|united states dollars?\b|dollars?\b|usd\b|us\$"
            r"|доллар\w*(?:\s+сша)?|美元"
        ),
        "USD",
        1,
    ),
    (r"euros?\b|eur\b|€|евро\b|欧元", "EUR", 1),
    (r"pounds?(?:\s+sterling)?\b|gbp\b|£|фунт\w*|英镑", "GBP", 1),
    (r"(?:российск\w+\s+)?рубл\w*|руб\b\.?|rub\b|rubles?\b|₽|卢布", "RUB", 1),
    (r"yuan\b|renminbi\b|rmb\b|cny\b|юан\w*|元|人民币", "CNY", 1),
    (
        r"(?:business|working|banking)\s+days?\b|(?:рабоч\w+|банковск\w+)\s+(?:дн\w+|день)|个?工作日|个?营业日",
        "business day",
        1,
    ),
    (
        (
            r"(?:calendar\s+|consecutive\s+)*days?\b|(?:календарн\w+\s+)?(?:дней|дня|день|дням|днями|днях"
            r"|сут\w+)\b|个?(?:自然|日历)?[日天]"
        ),
        "hour",
        24,
    ),
    (r"weeks?\b|недел\w+|(?:个)?(?:星期|周)", "hour", 168),
    (r"(?:calendar\s+|consecutive\s+)*months?\b|месяц\w*|个?月", "month", 1),
    (r"quarters?\b|квартал\w*|个?季度", "month", 3),
    (r"years?\b|(?:год\w*|лет)\b|周?年", "month", 12),
    (r"decades?\b", "month", 120),
    (r"hours?\b|hrs?\b|час\w*|个?小时", "hour", 1),
    (r"minutes?\b|mins?\b|минут\w*|分钟", "minute", 1),
    (r"milliseconds?\b|ms\b|миллисекунд\w*|毫秒", "second", Decimal("0.001")),
    (r"seconds?\b|secs?\b|секунд\w*|秒钟?", "second", 1),
    (r"ki?b\b|kilobytes?\b|килобайт\w*", "byte", 1024),
    (r"mi?b\b|megabytes?\b|мегабайт\w*", "byte", 1024**2),
    (r"gi?b\b|gigabytes?\b|гигабайт\w*", "byte", 1024**3),
    (r"bytes?\b|байт\w*|字节", "byte", 1),
)
_MONEY = tuple(
    (code, Pattern(rf"(?<![A-Za-zА-я])(?:{words})|{sign}", re.IGNORECASE))
    for code, words, sign in (
        ("USD", r"(?:us|u\.s\.|united states)\s?dollars?\b|dollars?\b|usd\b|доллар", r"(?<![CA])\$|美元"),
        ("EUR", r"euros?\b|eur\b|евро\b", r"€|欧元"),
        ("GBP", r"pounds?\s+sterling\b|gbp\b|sterling\b", r"£|英镑"),
        ("RUB", r"рубл|руб\b|rub\b|rubles?\b", r"₽|卢布"),
        ("CNY", r"yuan\b|renminbi\b|rmb\b|cny\b|юан", r"￥|¥|元(?<!美元)(?<!欧元)|人民币"),
        ("JPY", r"yen\b|jpy\b|иен", r"日元"),
    )
)
_UNIT = Pattern(
    "|".join(f"(?P<u{place}>{pattern})" for place, (pattern, _, _) in enumerate(_UNITS)), re.IGNORECASE
)
_FILLER = Pattern(
    r"[)\]]*(?:\s*\([^()\n]{1,40}\))?[\]]?(?:\s+or\s+(?:more|less|fewer)\b)?(?:['’]|[\s~-])*(?:(?:full"
    r"|consecutive|successive|additional|more"
    r"|further|calendar|continuous|complete|lawful|полных|календарных|последующих)[\s-]+)*",
    re.IGNORECASE,
)
_JOINED = Pattern(r"[\s()]*(?:-|–|—|to|or|and|and/or|/|,|до|или|и|至|到|或|、)[\s()]*", re.IGNORECASE)
_LONGEST_JOINT = 12
_INDEFINITE = Pattern(
    r"\b(?:an?|each|per|every|one full|an?\s+single|single)[\s-]+(?=(?:full[\s-]+|calendar[\s-]+"
    r"|business[\s-]+)*(?:day"
    r"|week|month|quarter|year|hour)\b)",
    re.IGNORECASE,
)
_ADVERBS: dict[str, tuple[str, int]] = {
    word: (unit, count)
    for words, unit, count in (
        ("annual|annually|yearly|ежегодно|ежегодный|每年", "month", 12),
        ("semiannual|semi-annual|half-year|half a year|полгода|半年", "month", 6),
        ("quarterly|ежеквартально", "month", 3),
        ("monthly|ежемесячно|每月", "month", 1),
        ("полутора", "month", 18),
        ("fortnight", "hour", 336),
        ("weekly", "hour", 168),
        ("daily", "hour", 24),
    )
    for word in words.split("|")
}
_ADVERB = Pattern(
    "|".join(rf"(?<![a-zа-я]){word}(?![a-zа-я])" for word in sorted(_ADVERBS, key=len, reverse=True)),
    re.IGNORECASE,
)
_SINGLE = Pattern(
    r"\bsingle(?=\s+(?:calendar\s+|contract\s+)?(?:day|week|month|quarter|year)\b)", re.IGNORECASE
)
_TIMES = Pattern(r"\b(?:twice|thrice|дважды|трижды)\b", re.IGNORECASE)
_PERCENT_BEFORE = Pattern(r"(?P<parts>[百千万]|十万)分之$")
_PARTS = {"百": 1, "千": 10, "万": 100, "十万": 1000}
_ANNIVERSARY = Pattern(
    r"\b(?P<nth>first|second|third|fourth|fifth|sixth|seventh|eighth|ninth|tenth)\s+anniversar", re.IGNORECASE
)
_NTH: Sequence[str] = "first second third fourth fifth sixth seventh eighth ninth tenth".split()


@lru_cache(maxsize=TEXTS)
def quantities(text: str) -> Sequence[Quantity]:
    """All numbers of a text with their units, in order; one before "to", "or" borrows the next one's unit."""
    found = sorted(_numbers(text), key=lambda number: (number.start, -number.end))
    unified: list[Quantity] = []
    for number in reversed(found):
        unit, factor, end = _unit_of(text, number)
        if not unit and unified:
            unit, factor, end = _borrowed(text, number, unified[-1])
        values = frozenset(value * factor for value in number.values)
        written = text[number.start : max(end, number.end)]
        unified.append(Quantity(number.start, number.end, values, unit, written, number.spelled))
    unified += _anniversaries(text)
    return tuple(sorted(unified, key=lambda number: number.start))


def _anniversaries(text: str) -> Iterator[Quantity]:
    for match in _ANNIVERSARY.finditer(text):
        months = Decimal(12 * (1 + _NTH.index(str(match["nth"]).lower())))
        yield Quantity(match.start(), match.end(), frozenset({months}), "month", match[0], spelled=True)


def currencies(text: str) -> frozenset[str]:
    """The currencies that a text names, by their codes, with an amount or without."""
    return frozenset(code for code, pattern in _MONEY if pattern.search(text) is not None)


def bare_numbers(text: str) -> frozenset[Decimal]:
    """The values of all numbers as they are written, whatever their units; ordinals too."""
    values = {value for number in _numbers(text) for value in number.values}
    for match in ORDINAL_WORDS.finditer(text.lower()):
        values.add(Decimal(value_of_ordinal(match[0])))
    return frozenset(values)


def implied(text: str) -> Iterator[Quantity]:
    """Durations that a text means without a number: "a year", "monthly"."""
    for match in _INDEFINITE.finditer(text):
        one = Quantity(match.start(), match.end(), frozenset({Decimal(1)}), "", match[0], spelled=True)
        unit, factor, _ = _unit_of(text, one)
        yield Quantity(one.start, one.end, frozenset({Decimal(factor)}), unit, one.written, spelled=True)
    lower = text.lower()
    for match in _ADVERB.finditer(text) if any(word in lower for word in _ADVERBS) else ():
        unit, count = _ADVERBS[match[0].lower()]
        yield Quantity(match.start(), match.end(), frozenset({Decimal(count)}), unit, match[0], spelled=True)


def _numbers(text: str) -> Iterator[Quantity]:
    for match in _DIGITS.finditer(text):
        yield from _digits(text, match)
    for match in _SINGLE.finditer(text):
        yield Quantity(match.start(), match.end(), frozenset({Decimal(1)}), "", match[0], spelled=True)
    for match in _TIMES.finditer(text):
        count = Decimal(2 if match[0].lower() in {"twice", "дважды"} else 3)
        yield Quantity(match.start(), match.end(), frozenset({count}), "", match[0], spelled=True)
    lower = text.lower().replace("ё", "е")
    for match in NUMBER_WORDS.finditer(lower) if len(lower) == len(text) and has_number_words(lower) else ():
        value = value_of_words(match[0])
        if value is not None:
            yield Quantity(
                match.start(), match.end(), frozenset({value}), "", text[slice(*match.span())], spelled=True
            )
    for match in CHINESE_NUMBER.finditer(text):
        value = value_of_chinese(match[0])
        if value is not None and not (match.start() and text[match.start() - 1] in "第.0123456789"):
            yield Quantity(match.start(), match.end(), frozenset({value}), "", match[0], spelled=True)


def _digits(text: str, match: re.Match[str]) -> Iterator[Quantity]:
    values = _readings(match[0])
    end = match.end()
    scale = _SCALE.match(text, end)
    if scale:
        values = frozenset(value * _scale_value(scale) for value in values)
        end = scale.end()
    elif (
        text[end : end + 1].isalpha()
        and text[end : end + 1].isascii()
        and not re.match(r"(?:st|nd|rd|th)\b", text[end:])
    ):
        return
    if values:
        yield Quantity(match.start(), end, values, "", text[match.start() : end], spelled=False)


def _scale_value(scale: re.Match[str]) -> Decimal:
    word = scale[0].strip().lower().rstrip(".")
    if scale["chinese"]:
        return Decimal(_product(_CHINESE_SCALES[character] for character in word))
    if scale["russian"]:
        return Decimal(next(value for form, value in SCALES.items() if form[:3] == word[:3] or form == word))
    return Decimal(_SHORT_SCALES.get(word) or SCALES[word])


def _product(factors: Iterator[int]) -> int:
    total = 1
    for factor in factors:
        total *= factor
    return total


def _readings(digits: str) -> frozenset[Decimal]:
    """The values that a number in digits may have; none for 4.2.1, which is no number."""
    plain = re.sub(r"[ \u00a0\u202f\u2009'’]", "", digits)
    if re.fullmatch(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?", plain):
        return frozenset({Decimal(plain.replace(",", ""))})
    if re.fullmatch(r"\d{1,3}(?:\.\d{3})+(?:,\d+)?", plain):
        grouped = Decimal(plain.replace(".", "").replace(",", "."))
        return frozenset(
            {grouped, Decimal(plain)} if plain.count(".") == 1 and "," not in plain else {grouped}
        )
    if plain.count(".") > 1:
        return frozenset()
    return frozenset({Decimal(plain.replace(",", "."))})


def _unit_of(text: str, number: Quantity) -> tuple[str, int | Decimal, int]:
    """The unit of a number, the factor to its smallest equal unit, and where its word ends."""
    before = _CURRENCY_BEFORE.search(text, max(0, number.start - 8), number.start)
    if before:
        return _CURRENCY_SIGNS.get(before[1], before[1]), 1, number.end
    if parts := _PERCENT_BEFORE.search(text, max(0, number.start - 4), number.start):
        return "%", Decimal(1) / _PARTS[parts["parts"]], number.end
    filler = _FILLER.match(text, number.end)
    unit = _UNIT.match(text, filler.end() if filler else number.end) or _UNIT.match(text, number.end)
    if not unit:
        return "", 1, number.end
    _, name, factor = _UNITS[int(str(unit.lastgroup)[1:])]
    return name, factor, unit.end()


def _borrowed(text: str, number: Quantity, following: Quantity) -> tuple[str, int | Decimal, int]:
    """The unit of "thirty (30) to sixty (60) days" for its first numbers."""
    between = text[number.end : following.start]
    joined = len(between) <= _LONGEST_JOINT and (_JOINED.fullmatch(between) or not between.strip(" ()"))
    if not (joined and following.unit):
        return "", 1, number.end
    unit, factor, end = _unit_of(text, following)
    return (unit, factor, end) if unit else ("", 1, number.end)
