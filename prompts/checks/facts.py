"""The hard facts of a claim: what its source must hold, or must imply by unit or format alone."""

from __future__ import annotations

import re
from decimal import Decimal
from functools import cached_property
from typing import TYPE_CHECKING

from prompts.checks.code import bare_values, looks_like_code, with_units
from prompts.checks.dates import dates
from prompts.checks.names import Lexicon, chinese_names, identifiers, names
from prompts.checks.quantities import bare_numbers, currencies, implied, quantities
from prompts.words import script_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from prompts.checks.dates import Date
    from prompts.checks.quantities import Quantity

_SECTION = re.compile(
    r"(?:\b(?:sections?|secs?\.|articles?|arts?\.|clauses?|cl\.|paragraphs?|para\.|exhibit|schedule"
    r"|annex|appendix|chapter|step|line|page|item"
    r"|стат\w+|ст\.|пункт\w*|пп?\.|раздел\w*|глав\w+|приложени\w+)\s*|§+\s*|第\s*)(?:no\.?\s*|№\s*)?"
    r"(?P<number>\d+(?:\.\d+)*|[一二三四五六七八九十百]+(?=条|款|章|节|项))(?:\([a-z0-9]+\))*(?:\s*(?:and|or|,|и|to|-"
    r"|–)\s*\d+(?:\.\d+)*(?:\([a-z0-9]+\))*)*",
    re.IGNORECASE,
)
_REFERENCE = re.compile(
    r"\b(?:pursuant\s+to|(?:in\s+)?accordance\s+with|(?:the\s+)?provisions\s+of|subject\s+to"
    r"|set\s+forth\s+in|specified\s+in|provided\s+in"
    r"|defined\s+in|required\s+by|those\s+(?:under|in|of)|согласно|в\s+соответствии\s+с)\s+(?:the\s+)?"
    r"(?:sections?|articles?|clauses?|paragraphs?|стать\w+|пункт\w*|п\.)\s*(?P<number>\d+(?:\.\d+)*)",
    re.IGNORECASE,
)
"""What a clause refers to; "under Section 4" may also say where the clause itself stands."""
_NUMBERED_LINE = re.compile(
    r"^\s*(?:(?:section|article|clause|статья|раздел|пункт)\s+|第)?(?:\d+(?:\.\d+)+\.?|\d+\.)\s",
    re.IGNORECASE | re.MULTILINE,
)
_SECONDS = {"second": 1, "minute": 60, "hour": 3600}
_COUNTS_MILLISECONDS = re.compile(
    r"ms\b|milli|setTimeout|setInterval|Thread\.sleep|fixedDelay|fixedRate", re.IGNORECASE
)
"""Where a program's bare numbers are milliseconds."""
_MILLISECONDS = re.compile(r"^.*(?:ms\b|milli).*$", re.MULTILINE | re.IGNORECASE)
_ELSEWHERE = "elsewhere"
"""The unit of a number inside a date or a section's number: no amount and no share."""
_YEARS = (1800, 2200)
_BOTH = re.compile(r"\b(?:both|either|neither|оба|обе|обеих|обоих)\b|双方|两", re.IGNORECASE)


class ClaimFacts:
    """What a claim asserts that can be checked to the letter."""

    def __init__(self, claim: str) -> None:
        self._claim = claim
        self._dates = dates(claim)
        self.sections = [match["number"] for match in _SECTION.finditer(claim)]
        self.references = [match["number"] for match in _REFERENCE.finditer(claim)]
        taken = [(date.start, date.end) for date in self._dates]
        taken += [match.span() for match in _SECTION.finditer(claim)]
        self._quantities = [
            quantity
            for quantity in map(_as_year, quantities(claim))
            if not any(start <= quantity.start < end for start, end in taken) and not _is_idle(quantity)
        ]
        self._identifiers = sorted(set(identifiers(claim)))
        code = set(self._identifiers)
        self._names = [name for name in names(claim) if not code.issuperset(name.words)]

    def __len__(self) -> int:
        return len(self._dates) + len(self._quantities) + len(self._identifiers) + len(self._names)

    def holds(self, position: int) -> bool:
        """Whether a character of the claim belongs to one of its numbers or dates."""
        return any(date.start <= position < date.end for date in self._dates) or any(
            quantity.start <= position < quantity.start + len(quantity.written)
            for quantity in self._quantities
        )

    @cached_property
    def _currencies(self) -> frozenset[str]:
        return currencies(self._claim)

    @cached_property
    def _chinese(self) -> Sequence[str]:
        return tuple(chinese_names(self._claim))

    def missing(self, source: SourceFacts) -> list[str]:
        """What the source lacks: ``number 45``, ``date 2024-01-05``, ``name Acme Ltd``, ``section 4.2``."""
        lost = [f"date {date}" for date in self._dates if not source.has_date(date)]
        lost += [_describe(item) for item in self._quantities if not source.has_quantity(item)]
        lost += [f"name {name}" for name in self._identifiers if not source.lexicon.has_identifier(name)]
        lost += [f"name {name.written}" for name in self._names if not source.lexicon.has_name(name)]
        lost += [f"name {name}" for name in self._chinese if not source.has_chinese(name)]
        if not any(item.unit.isupper() for item in self._quantities):
            lost += [f"currency {code}" for code in sorted(source.lacks_currency(self._currencies))]
        lost += [f"section {number}" for number in self.sections if not source.has_section(number)]
        lost += [f"section {number}" for number in self.references if not source.refers_to(number)]
        return list(dict.fromkeys(lost))


class SourceFacts:
    """What a cited text holds."""

    def __init__(self, text: str) -> None:
        self.text = text

    @cached_property
    def _dates(self) -> list[Date]:
        return dates(self.text)

    @cached_property
    def _by_unit(self) -> dict[str, set[Decimal]]:
        found: dict[str, set[Decimal]] = {}
        taken = [(date.start, date.end) for date in self._dates]
        taken += [
            match.span() for pattern in (_SECTION, _NUMBERED_LINE) for match in pattern.finditer(self.text)
        ]
        for quantity in map(_as_year, self._all_quantities()):
            dated = any(start <= quantity.start < end for start, end in taken)
            found.setdefault(_ELSEWHERE if dated else quantity.unit, set()).update(quantity.values)
        for date in self._dates:
            found.setdefault(_ELSEWHERE, set()).update(Decimal(year) for year, _, _ in date.readings if year)
        if _BOTH.search(self.text):
            found.setdefault("", set()).add(Decimal(2))
        return found

    @cached_property
    def _bare(self) -> frozenset[Decimal]:
        return bare_numbers(self.text)

    def _all_quantities(self) -> Iterator[Quantity]:
        yield from quantities(with_units(self.text) if self._is_code else self.text)
        yield from implied(self.text)

    @cached_property
    def lexicon(self) -> Lexicon:
        """The words of the text."""
        return Lexicon(self.text)

    def has_date(self, date: Date) -> bool:
        """Whether a date of the text is this one; a year that stands apart from day and month counts."""
        years = self._by_unit.get("", set()) | self._by_unit.get(_ELSEWHERE, set())
        return any(
            date.agrees(other)
            and (
                any(mine[0] is None for mine in date.readings)
                or any(reading[0] is not None for reading in other.readings)
                or any(mine[0] in years for mine in date.readings)
            )
            for other in self._dates
        )

    def has_quantity(self, quantity: Quantity) -> bool:
        """Whether the text holds the value with its unit; a bare number needs the value alone."""
        if not quantity.unit:
            return (
                any(quantity.values & values for values in self._by_unit.values())
                or bool(quantity.values & self._bare)
                or self._has_raw(quantity)
            )
        if quantity.values & self._by_unit.get(quantity.unit, set()):
            return True
        if quantity.unit == "%" or quantity.unit.isupper():
            return bool(quantity.values & self._by_unit.get("", set()))
        return self._is_code and self._has_in_code(quantity)

    @cached_property
    def _is_code(self) -> bool:
        return looks_like_code(self.text)

    def _has_in_code(self, quantity: Quantity) -> bool:
        """A program gives seconds as 10.0 or 0.25, milliseconds as 250, and no unit with them."""
        written = set(bare_values(self.text))
        in_code = {Decimal(value) for value in written}
        if quantity.unit == "second":
            in_code -= {Decimal(value) for value in bare_values("\n".join(_MILLISECONDS.findall(self.text)))}
        counts_milliseconds = quantity.unit == "second" and _COUNTS_MILLISECONDS.search(self.text)
        if quantity.values & in_code and not counts_milliseconds:
            return True
        seconds = _SECONDS.get(quantity.unit)
        if seconds is None:
            return False
        in_milliseconds = {value * seconds * 1000 for value in quantity.values}
        hinted = re.search(r"m(?:illi)?s", quantity.written) or _COUNTS_MILLISECONDS.search(self.text)
        return hinted is not None and bool(in_milliseconds & {Decimal(value) for value in written})

    def lacks_currency(self, currencies: frozenset[str]) -> set[str]:
        """The currencies that the text does not name, if it names others."""
        return set(currencies - self.currencies) if currencies and self.currencies else set()

    @cached_property
    def currencies(self) -> frozenset[str]:
        """Whose money it speaks of."""
        return currencies(self.text)

    def has_chinese(self, name: str) -> bool:
        """Whether the text holds a Chinese name, the country's under either of its names."""
        return name in self.text or name.replace("中国", "中华人民共和国").replace("大陆", "") in self.text

    def refers_to(self, number: str) -> bool:
        """Whether the text refers to this section, if it refers to any."""
        return not _REFERENCE.search(self.text) or bool(
            re.search(rf"(?<![\d.]){re.escape(number)}(?!\d)", self.text)
        )

    def has_section(self, number: str) -> bool:
        """Whether the text names this section; a text without numbered clauses cannot tell, and passes."""
        if re.search(rf"(?<![\d.]){re.escape(number)}(?!\d)", self.text):
            return True
        return not _NUMBERED_LINE.search(self.text)

    def _has_raw(self, quantity: Quantity) -> bool:
        """Numbers inside units: the 30 of "30 days" for a bare 30; numbers inside names, as in EX-10."""
        return not quantity.spelled and bool(
            re.search(rf"(?<![\d.,]){re.escape(quantity.written)}(?!\d|[.,]\d)", self.text)
        )


def _as_year(quantity: Quantity) -> Quantity:
    """2024年 and 2024 года are years, not 2,024 years."""
    from_months = {value / 12 for value in quantity.values} if quantity.unit == "month" else set[Decimal]()
    if quantity.spelled or not any(
        _YEARS[0] <= value <= _YEARS[1] and value == int(value) for value in from_months
    ):
        return quantity
    return type(quantity)(
        quantity.start, quantity.end, frozenset(from_months), "", quantity.written, spelled=False
    )


def _is_idle(quantity: Quantity) -> bool:
    """Words that count nothing: "one of the parties", 一方, 三 inside a Chinese word."""
    if quantity.unit or not quantity.spelled:
        return False
    smallest = 11 if script_of(quantity.written) == "cjk" else 2
    return all(value < smallest for value in quantity.values)


def _describe(quantity: Quantity) -> str:
    """``number 45 days``, ``amount USD 5,000``."""
    if not quantity.unit.isupper():
        return f"number {quantity.written}"
    bare = not re.search(r"[^\d.,\s]", quantity.written)
    return f"amount {quantity.unit} {quantity.written}" if bare else f"amount {quantity.written}"
