"""The defined terms that a place uses, found one by one as one pattern of all of them would find them."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from ingest.context.references import References
from ingest.context.terms import Terms
from ingest.outline.model import Definition, Outline

NAMES = ("Rent", "Base Rent", "Rent Day", "Day", "Услуги", "Акт", "Акт Услуги", "服务", "Fee")
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
}
"""How each term may be written, as the module's own words say it."""


def terms(text: str) -> Terms:
    """Terms that are defined behind the text, each in a sentence of its own."""
    definitions, said = list[Definition](), text
    for name in NAMES:
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
