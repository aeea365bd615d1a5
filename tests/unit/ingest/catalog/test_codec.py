from __future__ import annotations

import random
import time
import zlib
from array import array

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.catalog.codec import (
    decode_layout,
    decode_passages,
    decode_text,
    encode_layout,
    encode_passages,
    encode_text,
)
from ingest.catalog.columns import pack, unpack
from ingest.errors import UnsupportedStore
from ingest.model import Document, Element, Line, Passage
from tests.fakes.documents import NUMBERS, TEXTS, documents

PASSAGES = st.builds(Passage, NUMBERS, NUMBERS, NUMBERS, st.lists(TEXTS, max_size=3).map(tuple))


@given(documents())
def test_a_document_survives(document: Document) -> None:
    text = decode_text(encode_text(document.text))

    assert decode_layout(encode_layout(document), text) == document


@given(st.lists(PASSAGES, max_size=5).map(tuple))
def test_passages_survive(passages: tuple[Passage, ...]) -> None:
    assert decode_passages(encode_passages(passages)) == passages


def test_a_section_that_repeats_is_kept_once() -> None:
    section = tuple(random.Random(7).randbytes(20).hex() for _ in range(5))
    once = encode_passages([Passage(1, 0, 9, section)])
    twice = encode_passages([Passage(1, 0, 9, section), Passage(2, 9, 12, section)])

    assert len(twice) < len(once) + 40


def test_an_element_that_is_no_slice_is_refused() -> None:
    document = Document("abc", "", (Element(0, 2, "xx", "paragraph"),))

    with pytest.raises(ValueError, match="no slice"):
        encode_layout(document)


@pytest.mark.parametrize("edges", [array("f", [0.0, 1.0]), array("d", [0.0, 1.0, 2.0, 3.0])])
def test_edges_that_do_not_fit_are_refused(edges: array[float]) -> None:
    line = Line(0, 3, 1, 0.0, 1.0, edges)
    document = Document("abc", "", (Element(0, 3, "abc", "paragraph", lines=(line,)),))

    with pytest.raises(ValueError, match="edges"):
        encode_layout(document)


def test_a_layout_without_imports_is_still_read() -> None:
    document = Document("x = 1", "a.py", (Element(0, 5, "x = 1", "code"),), reader="code/1")
    packed, edges = unpack(encode_layout(document)[1:])
    columns = unpack(zlib.decompress(packed))[:20]
    old = b"\x01" + pack(array("B", zlib.compress(pack(*columns), 1)), edges)

    assert decode_layout(old, "x = 1") == document


def test_a_format_of_the_future_is_refused() -> None:
    with pytest.raises(UnsupportedStore, match="format 02"):
        decode_text(b"\x02" + encode_text("abc")[1:])


def contract(characters: int) -> Document:
    """Lines of a contract with uneven glyph widths: nothing that compresses for free."""
    clause = "The Supplier shall indemnify and hold harmless the Buyer, its officers and its agents.\n"
    text = (clause * (characters // len(clause) + 1))[:characters]
    built: list[Element] = []
    for start in range(0, characters, 870):
        end = min(start + 870, characters)
        rows = tuple(printed_line(text, row, min(row + 87, end)) for row in range(start, end, 87))
        built.append(Element(start, end, text[start:end], "paragraph", None, 1 + start // 3000, rows))
    return Document(text, "Agreement", tuple(built), reader="pdf/1")


def printed_line(text: str, start: int, end: int) -> Line:
    edges = array("f", [72.024])
    for character in text[start:end]:
        edges.append(edges[-1] + 2.61803 + ord(character) % 17 / 3.7)
    return Line(start, end, 1 + start // 3000, 100.0 + start, 111.04 + start, edges)


def test_a_long_contract_is_coded_in_milliseconds() -> None:
    document = contract(300_000)

    spent: list[float] = []
    for _ in range(3):
        before = time.process_time()
        text, layout = encode_text(document.text), encode_layout(document)
        decoded = decode_layout(layout, decode_text(text))
        spent.append(time.process_time() - before)
        assert decoded == document

    assert min(spent) < 0.15  # about 0.03 on an idle core; the ceiling is for a loaded one
