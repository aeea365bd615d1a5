"""Columns of elements are read like the tuple that they stand for."""

from __future__ import annotations

import pickle
import sys
from array import array

import pytest
from hypothesis import given

from ingest.elements import Elements
from ingest.model import Document, Element, Line
from tests.fakes.documents import documents


@given(documents())
def test_they_equal_the_tuple(document: Document) -> None:
    packed = Elements.of(document.elements, document.text)

    assert packed == document.elements
    assert document.elements == packed
    assert (len(packed), list(packed), packed[:]) == (
        len(document.elements),
        list(document.elements),
        document.elements,
    )
    assert packed[1:3] == document.elements[1:3]
    assert packed[-1:] == document.elements[-1:]
    assert [packed.kind(i) for i in range(len(packed))] == [e.kind for e in document.elements]
    assert list(packed.of_kind("heading")) == [e for e in document.elements if e.kind == "heading"]


@given(documents())
def test_they_survive_pickling(document: Document) -> None:
    packed = Document(document.text, "", Elements.of(document.elements, document.text))

    copy = pickle.loads(pickle.dumps(packed))

    assert copy == packed
    assert copy.elements.text is copy.text


def test_other_elements_are_not_equal() -> None:
    one = Elements.of((Element(0, 1, "a", "paragraph"),), "ab")

    assert one != (Element(0, 1, "a", "heading"),)
    assert one != ()
    assert one != [Element(0, 1, "a", "paragraph")]
    with pytest.raises(IndexError):
        one[1]


def test_malformed_ones_are_refused() -> None:
    with pytest.raises(ValueError, match="no slice"):
        Elements.of((Element(0, 1, "b", "paragraph"),), "ab")
    line = Line(0, 2, 1, 0.0, 1.0, array("f", [0.0]))
    with pytest.raises(ValueError, match="edges"):
        Elements.of((Element(0, 2, "ab", "paragraph", lines=(line,)),), "ab")


def test_an_element_takes_a_few_bytes() -> None:
    text = "ab\n" * 100_000
    columns = Elements.of([Element(i, i + 2, "ab", "paragraph") for i in range(0, 300_000, 3)], text).columns

    held = (columns.starts, columns.ends, columns.kinds, columns.levels, columns.pages, columns.line_ends)
    assert sum(map(sys.getsizeof, held)) < 25 * 100_000
