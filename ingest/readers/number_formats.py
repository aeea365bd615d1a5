"""Numbers as a spreadsheet shows them: its number formats applied to its values."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

GENERAL = "General"
BUILT_IN = {
    1: "0",
    2: "0.00",
    3: "#,##0",
    4: "#,##0.00",
    9: "0%",
    10: "0.00%",
    11: "0.00E+00",
    14: "yyyy-mm-dd",
    15: "d-mmm-yy",
    16: "d-mmm",
    17: "mmm-yy",
    18: "h:mm AM/PM",
    19: "h:mm:ss AM/PM",
    20: "h:mm",
    21: "h:mm:ss",
    22: "yyyy-mm-dd h:mm",
    37: "#,##0;-#,##0",
    38: "#,##0;-#,##0",
    39: "#,##0.00;-#,##0.00",
    40: "#,##0.00;-#,##0.00",
    45: "mm:ss",
    46: "[h]:mm:ss",
    47: "mm:ss.0",
    48: "##0.0E+0",
    49: "@",
}
"""Formats that files refer to by number (ECMA-376, 18.8.30). 14 and 22 look as the reader's country wants;
here they are written year first, which no country misreads."""

_TOKEN = re.compile(
    r'"(?P<quoted>[^"]*)"?|\\(?P<escaped>.)|_.|\*.|\[(?P<bracket>[^\]]*)\]|(?P<half>AM/PM|A/P)'
    r"|(?P<date>y+|m+|d+|h+|s+)|(?P<fraction>(?<=s)\.0+)|(?P<number>[#?0][#?0.,]*|[.][#?0]+|E[+-]|/)"
    r"|(?P<other>.)",
    re.IGNORECASE | re.DOTALL,
)
_MONTHS = "January February March April May June July August September October November December".split()
_DAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()
_NOON = 12
_SHORTENED, _WHOLE, _INITIAL = 3, 4, 5
_DISPLAYED_DIGITS, _EXACT_INTEGERS = 10, 1e15
_NO_LEAP_DAY = 60
"""Serial number of 29 February 1900, which Lotus 1-2-3 believed in; before it, days count one higher."""


def shown(value: float, code: str, *, since_1904: bool = False) -> str:
    """A number as its format shows it; as ``General`` where the format is not understood.

    Args:
        value: a number, or days since the epoch.
        code: such as ``#,##0.00;[Red]-#,##0.00``.
        since_1904: whether days count from 1904, as old Macintosh programs had it.
    """
    section, value = _section(code, value)
    tokens = _tokens(section)
    dated = any(name == "date" for name, _ in tokens)
    if dated and all(text == "/" for name, text in tokens if name == "number"):
        return _date(value, tokens, since_1904=since_1904) or general(value)
    return _number(value, tokens) or general(value)


def general(value: float) -> str:
    """A number without a format: whole ones exactly, others to ten digits."""
    if value == int(value) and abs(value) < _EXACT_INTEGERS:
        return str(int(value))
    return f"{value:.{_DISPLAYED_DIGITS}g}"


def _section(code: str, value: float) -> tuple[str, float]:
    """The part of a format for positive, negative or zero values, and what it is applied to."""
    sections = _sections(code)
    if value < 0 and len(sections) > 1:
        return sections[1], -value
    if value == 0 and len(sections) > 2:  # noqa: PLR2004 — positive; negative; zero
        return sections[2], value
    return sections[0], value


@cache
def _sections(code: str) -> Sequence[str]:
    sections: list[str] = [""]
    for found in _TOKEN.finditer(code):
        if found[0] == ";":
            sections.append("")
        else:
            sections[-1] += found[0]
    return sections


@cache
def _tokens(section: str) -> tuple[tuple[str, str], ...]:
    if section.strip().lower() in {"general", "standard", "@", ""}:
        return ()
    tokens: list[tuple[str, str]] = []
    for found in _TOKEN.finditer(section):
        kind = found.lastgroup
        if kind == "bracket":
            tokens += _bracket(found["bracket"])
        elif kind in {"quoted", "escaped", "other"}:
            tokens.append(("literal", found[kind]))
        elif kind:
            tokens.append((kind, found[kind]))
    return tuple(tokens)


def _bracket(content: str) -> list[tuple[str, str]]:
    """``[$€-407]`` is a currency, ``[h]`` hours that do not start again each day; colours are not seen."""
    if content.startswith("$"):
        return [("literal", content[1:].partition("-")[0])]
    if content and set(content.lower()) in ({"h"}, {"m"}, {"s"}):
        return [("date", f"[{content.lower()}]")]
    return []


def _number(value: float, tokens: Sequence[tuple[str, str]]) -> str:
    pattern = "".join(text for name, text in tokens if name == "number")
    if not tokens or "/" in pattern:
        return ""
    percent = sum(text == "%" for name, text in tokens if name == "literal")
    digits = _digits(value * 100**percent, pattern)
    sign, placed, pieces = "-" if value < 0 and digits.strip("0.,-") else "", False, list[str]()
    for name, text in tokens:
        if name == "number":
            pieces += [] if placed else [digits.lstrip("-")]
            placed = True
        else:
            pieces.append(text)
    written = "".join(pieces).strip()
    return f"{sign}{written}"


def _digits(value: float, pattern: str) -> str:
    whole, _, decimals = pattern.partition(".")
    if "E" in pattern.upper():
        return f"{value:.{len(re.split('[Ee]', decimals)[0])}E}"
    scaled = decimals or pattern.rstrip("#?0.")
    value /= 1000 ** (len(scaled) - len(scaled.rstrip(",")))
    places = sum(character in "0#?" for character in decimals)
    text = f"{value:{',' if re.search('[#?0],[#?0]', whole) else ''}.{places}f}"
    optional = len(decimals.rstrip(",")) - len(decimals.rstrip(",").rstrip("#?"))
    for _ in range(optional):
        text = text.removesuffix("0") if "." in text else text
    text = text.removesuffix(".")
    least = whole.replace(",", "").count("0")
    missing = least - len(re.sub(r"\D", "", text.partition(".")[0]))
    return "0" * missing + text.lstrip("-") if missing > 0 else text


def _date(value: float, tokens: Sequence[tuple[str, str]], *, since_1904: bool) -> str:
    moment = _moment(value, since_1904=since_1904)
    if moment is None:
        return ""
    halves = any(name == "half" for name, _ in tokens)
    pieces: list[str] = []
    for index, (name, text) in enumerate(tokens):
        if name == "date":
            minutes = text.lower().startswith("m") and _is_minutes(tokens, index)
            pieces.append(_field(moment, value, text.lower(), minutes=minutes, halves=halves))
        elif name == "half":
            pieces.append("AM" if moment.hour < _NOON else "PM")
        elif name == "fraction":
            pieces.append(f".{moment.microsecond // 1000:03}"[: len(text)])
        else:
            pieces.append(text)
    return "".join(pieces).strip()


def _moment(value: float, *, since_1904: bool) -> datetime | None:
    days = value + 1 if not since_1904 and value < _NO_LEAP_DAY else value
    epoch = datetime(1904, 1, 1) if since_1904 else datetime(1899, 12, 30)  # noqa: DTZ001 — as printed, in no zone
    try:
        return epoch + timedelta(milliseconds=round(days * 86_400_000))
    except OverflowError:
        return None


def _is_minutes(tokens: Sequence[tuple[str, str]], index: int) -> bool:
    """``m`` after hours or before seconds."""
    dates = [i for i, (name, _) in enumerate(tokens) if name == "date"]
    place = dates.index(index)
    before = tokens[dates[place - 1]][1].lower() if place else ""
    after = tokens[dates[place + 1]][1].lower() if place + 1 < len(dates) else ""
    return "h" in before or after.startswith("s")


def _field(moment: datetime, value: float, text: str, *, minutes: bool, halves: bool) -> str:
    if text.startswith("["):
        unit = {"h": 24, "m": 1_440, "s": 86_400}[text[1]]
        return str(int(value * unit + 1e-6)).zfill(len(text) - 2)
    if text.startswith("y"):
        return f"{moment.year:04}" if len(text) > 2 else f"{moment.year % 100:02}"  # noqa: PLR2004 — yy
    if text.startswith("m") and not minutes:
        return _named(moment.month, text, _MONTHS[moment.month - 1])
    if text.startswith("d"):
        return _named(moment.day, text, _DAYS[moment.weekday()])
    hour = (moment.hour % _NOON or _NOON) if halves else moment.hour
    return str({"h": hour, "m": moment.minute, "s": moment.second}[text[0]]).zfill(min(2, len(text)))


def _named(number: int, text: str, name: str) -> str:
    if len(text) < _SHORTENED:
        return str(number).zfill(len(text))
    if len(text) == _SHORTENED:
        return name[:3]
    return name[0] if len(text) == _INITIAL else name
