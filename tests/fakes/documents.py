"""Documents of any shape that the types allow."""

from __future__ import annotations

from array import array
from typing import get_args

from hypothesis import strategies as st

from ingest.model import Document, Element, ElementKind, Import, Line, Page, Symbol, SymbolKind

TEXTS = st.text(st.characters(), max_size=80)
"""Lone surrogates too: a PDF may hold them."""
SINGLE = st.floats(width=32, allow_nan=False)
DOUBLE = st.floats(allow_nan=False)
NUMBERS = st.integers(1, 2**32 - 1)


@st.composite
def ranges(draw: st.DrawFn, text: str) -> tuple[int, int]:
    start, end = sorted((draw(st.integers(0, len(text))), draw(st.integers(0, len(text)))))
    return start, end


@st.composite
def lines(draw: st.DrawFn, text: str) -> Line:
    start, end = draw(ranges(text))
    edges = draw(st.lists(SINGLE, min_size=end - start + 1, max_size=end - start + 1))
    return Line(start, end, draw(NUMBERS), draw(DOUBLE), draw(DOUBLE), array("f", edges))


@st.composite
def elements(draw: st.DrawFn, text: str) -> Element:
    start, end = draw(ranges(text))
    return Element(
        start,
        end,
        text[start:end],
        draw(st.sampled_from(get_args(ElementKind))),
        draw(st.none() | st.integers(1, 9)),
        draw(st.none() | NUMBERS),
        tuple(draw(st.lists(lines(text), max_size=3))),
    )


@st.composite
def documents(draw: st.DrawFn) -> Document:
    text = draw(TEXTS)
    offsets = st.integers(0, len(text))
    kinds = st.sampled_from(get_args(SymbolKind))
    symbol = st.builds(Symbol, offsets, offsets, TEXTS, kinds, TEXTS, TEXTS, offsets)
    page = st.builds(Page, NUMBERS, offsets, offsets, DOUBLE, DOUBLE)
    imports = st.builds(Import, offsets, offsets, TEXTS, st.lists(TEXTS).map(tuple))
    return Document(
        text,
        draw(TEXTS),
        tuple(draw(st.lists(elements(text), max_size=4))),
        tuple(draw(st.lists(page, max_size=3))),
        tuple(draw(st.lists(symbol, max_size=3))),
        draw(TEXTS),
        imports=tuple(draw(st.lists(imports, max_size=3))),
    )
