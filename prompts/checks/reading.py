"""A text as the checks compare it: content words as concepts, numbers and dates by value, in order."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from prompts.checks.dates import dates
from prompts.checks.quantities import quantities
from prompts.words import TEXTS, concept, content_words

if TYPE_CHECKING:
    from decimal import Decimal

DATE = "date"
"""The kind of a date."""


@dataclass(frozen=True, slots=True)
class Number:
    """A number or a date of a text; ``token`` is how it stands among the words."""

    start: int
    end: int
    kind: str
    """Its unit, ``date``, or nothing."""
    values: frozenset[Decimal | str]
    token: str
    written: str


@dataclass(frozen=True, slots=True)
class Reading:
    """Words and numbers by the place where each begins."""

    places: tuple[int, ...]
    tokens: tuple[str, ...]
    numbers: tuple[Number, ...]


def is_number(token: str) -> bool:
    """Whether a token is a number or a date."""
    return token[0] == "#"


_DAYS = re.compile(r"day|week|дн|ден|сут|недел|[日天周]", re.IGNORECASE)


def _kind(unit: str, written: str) -> str:
    """The unit, with days apart from hours: they are counted in one unit, but said of other things."""
    if unit == "hour" and _DAYS.search(written):
        return "day"
    return "clock" if unit in {"hour", "minute", "second"} else unit


@lru_cache(maxsize=TEXTS)
def read(text: str) -> Reading:
    """Read a text; a number written twice, as in "thirty (30)", counts once."""
    numbers: list[Number] = []
    for date in dates(text):
        token = f"#{min(date.readings, key=repr)}"
        numbers.append(
            Number(
                date.start,
                date.end,
                DATE,
                frozenset(map(repr, date.readings)),
                token,
                text[date.start : date.end],
            )
        )
    for quantity in quantities(text):
        end = quantity.start + len(quantity.written)
        if any(number.start <= quantity.start < number.end for number in numbers):
            continue
        token = f"#{min(quantity.values)}{quantity.unit}"
        numbers.append(
            Number(
                quantity.start,
                end,
                _kind(quantity.unit, quantity.written),
                frozenset(quantity.values),
                token,
                quantity.written,
            )
        )
    numbers.sort(key=lambda number: number.start)
    marked = {number.start: number.token for number in numbers}
    for word in content_words(text):
        if not any(number.start <= word.start < number.end for number in numbers):
            marked.setdefault(word.start, concept(word.stem))
    places = sorted(marked)
    return Reading(tuple(places), tuple(marked[place] for place in places), tuple(numbers))
