"""Blocks of plain text, told from blank lines, markers and numbers."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.readers.plain import is_heading, read_plain

if TYPE_CHECKING:
    from ingest.model import Document

CONTRACT = """MASTER SERVICES
AGREEMENT

This Agreement is made on 1 May 2024
between the parties named below.

ARTICLE IV
PAYMENT
4.1 Fees. The Customer shall pay the fees within
thirty days of the invoice.
4.2 Late payment shall bear interest
at 1.5% a month, as Section
4.3 provides.

Section 4.4 Taxes

The Supplier bears:
(a) its income taxes; and
(b) its payroll taxes,
including contributions.
- stamp duty
- customs

Exhibit A
"""
LINES = st.sampled_from(
    [
        *CONTRACT.splitlines(),
        "  (b) indented",
        "1. Milk",
        "第三条 定义",
        "Статья 5. Предмет договора",
        "\t",
        "\x0c",
        "\u2028x\u2028",
        "- ",
        "...",
    ]
)


def check_document(document: Document) -> None:
    end = 0
    for element in document.elements:
        assert element.start >= end
        assert element.text == document.text[element.start : element.end]
        assert element.text
        assert element.text == element.text.strip()
        assert not document.text[end : element.start].strip()
        end = element.end
    assert not document.text[end:].strip()


def shape(text: str) -> list[tuple[str, str]]:
    return [(element.kind, element.text.split("\n")[0]) for element in read_plain(text, "a.txt").elements]


@given(st.text() | st.lists(LINES | st.text(max_size=20)).map("\n".join))
def test_every_character_that_is_not_space_stands_in_one_element(text: str) -> None:
    document = read_plain(text, "a.txt")
    assert document.text == text
    check_document(document)


def test_a_contract_falls_into_its_blocks() -> None:
    assert shape(CONTRACT) == [
        ("heading", "MASTER SERVICES"),
        ("paragraph", "This Agreement is made on 1 May 2024"),
        ("heading", "ARTICLE IV"),
        ("paragraph", "4.1 Fees. The Customer shall pay the fees within"),
        ("paragraph", "4.2 Late payment shall bear interest"),
        ("heading", "Section 4.4 Taxes"),
        ("paragraph", "The Supplier bears:"),
        ("list_item", "(a) its income taxes; and"),
        ("list_item", "(b) its payroll taxes,"),
        ("list_item", "- stamp duty"),
        ("list_item", "- customs"),
        ("heading", "Exhibit A"),
    ]


@pytest.mark.parametrize(
    "line",
    [
        "ARTICLE IV",
        "Article 4. Definitions",
        "SECTION 9.  Indemnification.",
        "Section 4.2",
        "4.2 Payment of Expenses",
        "4.2. Payment",
        "1. DEFINITIONS.",
        "Exhibit A",
        "EXHIBIT 10.3",
        "Schedule 2 - Prices",
        "Статья 5",
        "Статья 5. Предмет договора",
        "Приложение № 1",
        "第三条",
        "第三条 定义",
        "第十二章 违约责任",
        "附件一",
        "CONFIDENTIAL TREATMENT REQUESTED",
        "AMENDMENT NO. 1",
    ],
)
def test_headings_are_recognised(line: str) -> None:
    assert is_heading(line, alone=True)


@pytest.mark.parametrize(
    "line",
    [
        "Section 4.2 of the Agreement",
        "Section 4.2 The Company shall pay the fees.",
        "4.2 of the Agreement",
        "4.2 million dollars",
        "3.5% a year",
        "10 March 2020",
        "Article 5 applies, and so does the rest,",
        "ARTICLE 13 MISCELLANEOUS 68",
        "1.1 Term ............ 7",
        "SIGNED BY: ______________",
        "$1,200.00 A 17,4",
        "第三条 乙方应当在收到发票后三十日内支付全部费用。",
        "Статья 5 обязывает стороны, а",
        "an ordinary line",
        "A" * 101,
        "USA",
    ],
)
def test_lines_that_only_look_like_headings_are_not(line: str) -> None:
    assert not is_heading(line, alone=True)


def test_an_item_is_a_heading_only_between_empty_lines() -> None:
    assert is_heading("1. Milk", alone=True)
    assert not is_heading("1. Milk", alone=False)
    assert is_heading("1. MILK", alone=False)


def test_numbered_items_without_stops_stay_apart() -> None:
    assert shape("To buy:\n1. Milk\n2. Bread\n3. Salt") == [
        ("paragraph", "To buy:"),
        ("list_item", "1. Milk"),
        ("list_item", "2. Bread"),
        ("list_item", "3. Salt"),
    ]


def test_a_wrapped_reference_does_not_split_its_sentence() -> None:
    assert len(shape("The fees that are due under Section\n4.2 Payment\n(b) are final.")) == 1


def test_the_title_is_the_first_heading_or_the_name_of_the_file() -> None:
    assert read_plain(CONTRACT, "deals/msa.txt").title == "MASTER SERVICES AGREEMENT"
    assert read_plain("just words, nothing else", "deals/msa.v2.txt").title == "msa.v2"
    assert read_plain("", "empty.txt").title == "empty"


@pytest.mark.parametrize("text", ["a " * 2_500_000, " " * 5_000_000, "\n" * 200_000, "(" * 5_000_000])
def test_a_giant_line_takes_linear_time(text: str) -> None:
    started = time.process_time()
    read_plain(text, "a.txt")
    assert time.process_time() - started < 2
