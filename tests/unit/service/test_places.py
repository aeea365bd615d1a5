"""Pages, lines, sections and boxes of a range."""

from __future__ import annotations

import json
from array import array
from dataclasses import replace

import pytest

from ingest.model import Box, Document, Element, Line, Page, Passage, Section
from ingest.outline.sections import find_sections
from ingest.passages import cut_passages
from ingest.readers.code import read_code
from ingest.readers.notebook import read_notebook
from service.places import NoSuchRange, locate

TEXT = "First line\nsecond line\n\nOn page two"
FIRST = Line(0, 10, 1, 100.0, 112.0, array("f", [10.0 * i for i in range(11)]))
SECOND = Line(11, 22, 1, 112.0, 124.0, array("f", [10.0 * i for i in range(12)]))
THIRD = Line(24, 35, 2, 50.0, 62.0, array("f", [10.0 * i for i in range(12)]))
DOCUMENT = Document(
    TEXT,
    "",
    (
        Element(0, 22, TEXT[:22], "paragraph", page=1, lines=(FIRST, SECOND)),
        Element(24, 35, TEXT[24:], "paragraph", page=2, lines=(THIRD,)),
    ),
    pages=(Page(1, 0, 24, 600.0, 800.0), Page(2, 24, 35, 600.0, 800.0)),
)
PASSAGES = (Passage(1, 0, 24, ("1. Opening",)), Passage(2, 24, 35, ("2. Rest",)))


def test_a_range_on_one_line() -> None:
    place = locate(DOCUMENT, PASSAGES, 11, 17)
    assert place.text == "second"
    assert (place.page_start, place.page_end, place.line_start, place.line_end) == (1, 1, 2, 2)
    assert place.section == ("1. Opening",)
    assert place.boxes == (Box(1, 0.0, 112.0, 60.0, 124.0),)


def test_a_range_over_pages_has_a_box_on_each_line() -> None:
    place = locate(DOCUMENT, PASSAGES, 6, 26)
    assert (place.page_start, place.page_end) == (1, 2)
    assert (place.line_start, place.line_end) == (1, 4)
    assert [(b.page, b.x0, b.x1) for b in place.boxes] == [(1, 60.0, 100.0), (1, 0.0, 110.0), (2, 0.0, 20.0)]


def test_a_text_without_pages_has_lines_alone() -> None:
    place = locate(Document(TEXT, "", DOCUMENT.elements[:1]), PASSAGES, 24, 26)
    assert (place.page_start, place.page_end, place.line_start, place.boxes) == (None, None, 4, ())


@pytest.mark.parametrize(("start", "end"), [(-1, 3), (3, 3), (5, 4), (0, 36)])
def test_a_range_outside_is_refused(start: int, end: int) -> None:
    with pytest.raises(NoSuchRange, match="no range"):
        locate(DOCUMENT, PASSAGES, start, end)


RUN_ON = "1. Term. One year. 2. Rent. 2.1 Amount. Six pounds. 2.2 Interest. None."


def _run_on(words: str) -> tuple[str, ...]:
    """The section of words in a text that has lost its line breaks: one passage, five sections."""

    def section(begin: str, after: str, level: int, *path: str) -> Section:
        end = RUN_ON.index(after) if after else len(RUN_ON)
        return Section(RUN_ON.index(begin), end, level, path[-1], "", 0, path)

    sections = (
        section("1. Term", "2. Rent", 1, "1. Term"),
        section("2. Rent", "", 1, "2. Rent"),
        section("2.1", "2.2", 2, "2. Rent", "2.1 Amount"),
        section("2.2", "", 2, "2. Rent", "2.2 Interest"),
    )
    document = Document(RUN_ON, "", (Element(0, len(RUN_ON), RUN_ON, "paragraph"),))
    passages = (Passage(1, 0, len(RUN_ON), ("1. Term",)),)
    start = RUN_ON.index(words)
    return locate(document, passages, start, start + len(words), lambda: sections).section


@pytest.mark.parametrize(
    ("words", "section"),
    [
        ("1. Term", ("1. Term",)),
        ("One year", ("1. Term",)),
        (" 2. Rent", ("2. Rent",)),
        ("Six pounds. 2.2", ("2. Rent", "2.1 Amount")),
        ("None", ("2. Rent", "2.2 Interest")),
    ],
)
def test_a_range_stands_in_its_own_section_not_in_the_first_of_its_passage(
    words: str, section: tuple[str, ...]
) -> None:
    assert _run_on(words) == section


def test_what_stands_in_no_section_is_said_to_stand_where_its_passage_does() -> None:
    assert locate(DOCUMENT, PASSAGES, 11, 17, lambda: ()).section == ("1. Opening",)


def test_a_range_of_code_stands_in_its_own_symbol_not_in_its_passage_s() -> None:
    text = (
        "LIMIT = 3\n\n\ndef alpha():\n    return 1\n\n\nclass Fee:\n    def late(self):\n        return 2\n"
    )
    read = read_code(text, "m.py", "python")
    passages = (Passage(1, 0, len(text), ("alpha",)),)

    def section(words: str) -> tuple[str, ...]:
        return locate(read, passages, text.index(words), text.index(words) + len(words)).section

    assert section("return 1") == ("alpha",)
    assert section("        return 2") == ("Fee", "late")
    assert section("class Fee") == ("Fee",)
    assert section("\n\nclass Fee:") == ("Fee",)
    assert section("LIMIT = 3") in {(), ("LIMIT",)}


def test_of_two_symbols_that_begin_together_the_inner_one_is_told() -> None:
    read = read_code("def late():\n    return 2\n", "m.py", "python")
    whole = read.symbols[0]
    both = (replace(whole, name="Fee"), replace(whole, name="Fee.late", end=whole.end - 2))
    for symbols in (both, both[::-1]):
        nested = replace(read, symbols=symbols)
        assert locate(nested, (Passage(1, 0, len(read.text), ()),), 0, 3).section == ("Fee", "late")


def test_prose_beside_a_program_stands_in_its_section_not_in_a_symbol() -> None:
    cells = [
        {"cell_type": "markdown", "source": "# Fees\n\nLate fees are due."},
        {"cell_type": "code", "source": "def late():\n    return 2"},
    ]
    notebook = read_notebook(json.dumps({"cells": cells}), "fees.ipynb")
    passages = cut_passages(notebook, find_sections(notebook))
    place = notebook.text.index("Late")
    assert locate(notebook, passages, place, place + 4).section == ("Fees",)
    program = notebook.text.index("return")
    assert locate(notebook, passages, program, program + 6).section == ("late",)
