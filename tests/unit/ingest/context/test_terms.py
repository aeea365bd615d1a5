"""The defined terms that a place uses, found one by one as one pattern of all of them would find them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.context.references import References
from ingest.context.terms import Terms
from ingest.outline.model import Definition, Outline

if TYPE_CHECKING:
    from collections.abc import Sequence

NAMES = (
    "Rent",
    "Base Rent",
    "Rent Day",
    "Day",
    "Услуги",
    "Акт",
    "Акт Услуги",
    "服务",
    "Fee",
    "Parts",
    "Subsidiary",
    "Duties",
)
WRITTEN = (
    "Rent",
    "Rents",
    "Rental",
    "Base\nRent",
    "Base",
    "Day",
    "Days",
    "Услугами",
    "Акта",
    "Акт",
    "服务费",
    "Fees",
    "Part",
    "Parts",
    "Party",
    "Subsidiary",
    "Subsidiaries",
    "Duty",
    "Duties",
    "Dutie",
)
TEXTS = st.lists(st.sampled_from((*WRITTEN, " ", " ", ".", "x")), max_size=12).map("".join)
PATTERNS = {
    "Rent": r"\bRent(?:e?s)?\b",
    "Base Rent": r"\bBase(?:e?s)?\b\s+Rent(?:e?s)?\b",
    "Rent Day": r"\bRent(?:e?s)?\b\s+Day(?:e?s)?\b",
    "Day": r"\bDay(?:e?s)?\b",
    "Услуги": r"\bУслу[а-яё]{0,4}",
    "Акт": r"\bАкт\b",
    "Акт Услуги": r"\bАкт\b\s+Услу[а-яё]{0,4}",
    "服务": "服务",
    "Fee": r"\bFee(?:e?s)?\b",
    "Parts": r"\b(?:Parts\b|Part\b(?!\s+[A-Z]))",
    "Subsidiary": r"\bSubsidiar(?:y|ies)\b",
    "Duties": r"\b(?:Duties\b|Duty\b(?!\s+[A-Z]))",
}
"""How each term may be written, as the module's own words say it."""


def terms(text: str, names: Sequence[str] = NAMES) -> Terms:
    """Terms that are defined behind the text, each in a sentence of its own."""
    definitions, said = list[Definition](), text
    for name in names:
        said += "\n"
        start = len(said)
        said += f"{name}: it."
        definitions.append(Definition(name, "term", start, start + len(name), start, len(said)))
    outline = Outline((), tuple(definitions), (), (), ())
    return Terms(said, outline, References(said, (), ()))


@given(TEXTS, st.data())
def test_each_place_uses_what_one_pattern_of_all_terms_finds(text: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))
    longest_first = sorted(NAMES, key=lambda name: (-len(name), name))
    all_at_once = re.compile("|".join(f"({PATTERNS[name]})" for name in longest_first))
    expected = {longest_first[(found.lastindex or 1) - 1] for found in all_at_once.finditer(text, start, end)}
    used = terms(text).used((start, end), (0, len(text)))
    assert {companion.label for companion in used} == expected


@pytest.mark.parametrize(
    ("names", "text", "used"),
    [
        (("Affiliates",), "each Affiliate", ["Affiliates"]),
        (("Net Losses",), "a Net Loss", ["Net Losses"]),
        (("Goods",), "in Good faith", []),
        (("Business",), "each Busines", []),
        (("Fee", "Fees"), "the Fee", ["Fee"]),
        (("Fee", "Fees"), "the Fees", ["Fees"]),
        (("Key",), "the Keys", ["Key"]),
        (("Services",), "a Service Level and each Service rendered", ["Services"]),
        (("Services",), "a Service Level", []),
    ],
)
def test_a_term_is_found_in_the_other_number(names: tuple[str, ...], text: str, used: list[str]) -> None:
    found = terms(text, names).used((0, len(text)), (0, len(text)))
    assert [companion.label for companion in found] == used


@pytest.mark.parametrize(
    ("meaning", "is_brought"),
    [
        ("means the price list as described in Section 9, less what was paid.", True),
        ("shall mean all that is set forth below, as defined in Section 9.", True),
        ("means as defined in Section 9.", False),
        ("has the meaning set forth in Section 9.", False),
    ],
)
def test_a_definition_that_says_something_is_brought_wherever_it_points(
    meaning: str, is_brought: bool
) -> None:
    text = "The Tariff applies.\n"
    said = f'{text}"Tariff" {meaning}'
    defined = Definition("Tariff", "term", len(text) + 1, len(text) + 7, len(text), len(said))
    outline = Outline((), (defined,), (), (), ())
    found = Terms(said, outline, References(said, (), ())).used((0, len(text)), (0, len(text)))
    assert [said[companion.start : companion.end] for companion in found] == [said[len(text) :]] * is_brought
