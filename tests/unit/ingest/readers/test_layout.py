from __future__ import annotations

from array import array
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.model import Document
from ingest.readers.layout import compose
from ingest.readers.rows import PrintedPage, Row, Run

LEFT, LETTER, PITCH = 50.0, 5.0, 12.0
FULL = "Each party keeps the information of the other party secret for as long as it is secret, and"


def row(
    text: str, top: float, *, x: float = LEFT, size: float = 10.0, gaps: int = 0, bold: bool = False
) -> Row:
    """A row whose characters are half as wide as they are high."""
    letter = size / 2
    edges = array("f", (x + letter * index for index in range(len(text) + 1)))
    run = Run(0, len(text), top, top + size, edges)
    first_word = letter * len(text.split(" ", maxsplit=1)[0])
    return Row(text, (run,), x, top, edges[-1], top + size, size, gaps, first_word, bold=bold)


def page(*rows: Row, number: int = 1) -> PrintedPage:
    return PrintedPage(number, 600, 800, rows)


def below(*texts: str, top: float = 200.0) -> list[Row]:
    return [row(text, top + PITCH * index) for index, text in enumerate(texts)]


def laid_out(*pages: PrintedPage, named: str = "", fallback: str = "file") -> Document:
    text, title, elements, ranges = compose(pages, named, fallback)
    return Document(text, title, elements, ranges)


def kinds(document: Document) -> list[tuple[str, str]]:
    return [(element.kind, element.text) for element in document.elements]


def test_a_row_broken_for_lack_of_room_goes_on_after_a_space() -> None:
    document = laid_out(page(*below(FULL, FULL, "for ever.")))
    assert document.text == f"{FULL} {FULL} for ever."


def test_rows_that_end_on_purpose_keep_their_line_feed() -> None:
    address = ["Ann Lee", "12 Long Street", "Springfield"]
    document = laid_out(page(*below(FULL, FULL, "for ever."), *below(*address, top=300)))
    assert document.elements[-1].text == "\n".join(address)


def test_a_hyphenated_word_is_joined_without_a_space() -> None:
    first, second = below("the cross-", "reference")
    assert laid_out(page(first, replace(second, glued=True))).text == "the cross-reference"


def test_more_room_than_usual_separates_paragraphs() -> None:
    rows = [*below(FULL, FULL, FULL), *below(FULL, FULL, top=200 + 5 * PITCH)]
    document = laid_out(page(*rows))
    assert document.text.split("\n\n") == [f"{FULL} {FULL} {FULL}", f"{FULL} {FULL}"]


def test_an_indented_row_after_a_short_one_begins_a_paragraph() -> None:
    rows = [*below(FULL, "for ever"), row(FULL, 200 + 2 * PITCH, x=LEFT + 20)]
    assert len(laid_out(page(*rows)).elements) == 2


def test_two_columns_stay_apart() -> None:
    columns = [
        row(f"column {column} row {index}", 200 + PITCH * index, x=LEFT + 250 * column)
        for column in range(2)
        for index in range(3)
    ]
    document = laid_out(page(*columns))
    assert [element.text.count("column 0") for element in document.elements] == [3, 0]


@pytest.mark.parametrize(
    ("text", "level"),
    [
        ("ARTICLE IV TERM AND TERMINATION", 1),
        ("Section 4.2 Term of Agreement", 2),
        ("4.2 Term and Termination.", 2),
        ("4. Confidentiality", 1),
        ("4.2.1 Survival of Obligations", 3),
        ("RECITALS", 1),
        ("Статья 5. Ответственность Сторон", 2),
        ("第三条 保密义务", 2),
    ],
)
def test_headings_have_the_level_of_their_number(text: str, level: int) -> None:
    document = laid_out(page(*below(FULL * 2), *below(text, top=260), *below(FULL, FULL, top=300)))
    heading = document.elements[1]
    assert (heading.kind, heading.level, heading.text) == ("heading", level, text)


@pytest.mark.parametrize(
    "text",
    [
        "12 Long Street",
        "4.2 Nothing in this contract keeps the seller from selling.",
        "Section 4.2 of this contract does not apply here,",
        "ACME INC.",
        "NAME: ____________",
        "EMAIL: ANN@EXAMPLE.COM",
        "4.2 Term and Termination ........ 17",
        "4.2 Term and Termination 17",
        "lower case only",
        "12/31/2011",
    ],
)
def test_what_only_looks_like_a_heading_is_none(text: str) -> None:
    document = laid_out(page(*below(FULL * 2), *below(text, top=260), *below(FULL, FULL, top=300)))
    assert document.elements[1].kind != "heading"


def test_size_and_weight_make_headings() -> None:
    rows = [
        row("Supply Contract", 100, size=20),
        *below(FULL, FULL, top=150),
        row("Delivery", 200, size=14),
        *below(FULL, FULL, top=230),
        row("Late delivery", 280, bold=True),
        *below(FULL, FULL, top=310),
    ]
    headings = [e for e in laid_out(page(*rows)).elements if e.kind != "paragraph"]
    assert [(e.kind, e.level, e.text) for e in headings] == [
        ("title", 1, "Supply Contract"),
        ("heading", 2, "Delivery"),
        ("heading", 3, "Late delivery"),
    ]


@pytest.mark.parametrize("mark", ["•", "(a)", "(iv)", "a.", "1)", "–"])
def test_list_items_begin_with_their_mark(mark: str) -> None:
    rows = below(f"{mark} keep it secret;", f"{mark} give it back;")
    assert [kind for kind, _ in kinds(laid_out(page(*rows)))] == ["list_item", "list_item"]


def test_a_number_printed_after_the_text_returns_to_its_paragraph() -> None:
    rows = [*below(FULL, FULL), row("38.", 200, x=LEFT - 20)]
    assert laid_out(page(*rows)).text == f"38. {FULL} {FULL}"


def test_rows_with_columns_make_a_table() -> None:
    rows = [row(f"Fee {n}      100", 200 + PITCH * n, gaps=1) for n in range(3)]
    assert kinds(laid_out(page(*rows))) == [("table", "\n".join(each.text for each in rows))]


def numbered_pages(count: int) -> list[PrintedPage]:
    return [
        page(
            row("Supply Contract", 20),
            *below(f"{'abcdef'[number]} {FULL}", f"{'ghijkl'[number]} {FULL}"),
            row(f"Page {number} of {count}", 770),
            number=number,
        )
        for number in range(1, count + 1)
    ]


def test_what_repeats_at_the_edges_is_header_and_footer() -> None:
    document = laid_out(*numbered_pages(3))
    assert [kind for kind, _ in kinds(document)] == ["header", "paragraph", "footer"] * 3
    assert document.text.count("Supply Contract") == 3


def test_a_footer_repeats_on_pages_that_are_not_filled() -> None:
    bodies = ["one party", "the other party", "both parties", "no party"]
    pages = [
        page(*below(f"{body} {FULL}", FULL), row("Confidential", 400), number=number)
        for number, body in enumerate(bodies, 1)
    ]
    assert [e.text for e in laid_out(*pages).elements if e.kind == "footer"] == ["Confidential"] * 4


def test_one_page_has_no_furniture() -> None:
    document = laid_out(page(row("Supply Contract", 20), *below(FULL, FULL), row("7", 770)))
    assert not {"header", "footer"} & {element.kind for element in document.elements}


@pytest.mark.parametrize(
    ("named", "title"),
    [
        ("Master Services Agreement", "Master Services Agreement"),
        ("Microsoft Word - final.doc", "SUPPLY CONTRACT"),
        ("acme_0012_final", "SUPPLY CONTRACT"),
        ("untitled", "SUPPLY CONTRACT"),
        ("", "SUPPLY CONTRACT"),
    ],
)
def test_the_claimed_title_wins_unless_it_is_a_file_name(named: str, title: str) -> None:
    rows = [row("EXHIBIT 10.1", 100), row("SUPPLY CONTRACT", 130), *below(FULL, FULL)]
    assert laid_out(page(*rows), named=named).title == title


def test_a_document_without_a_title_has_the_name_of_its_file() -> None:
    assert laid_out(page(*below(FULL, FULL)), fallback="lease").title == "lease"


def test_a_plain_line_may_name_the_document() -> None:
    assert laid_out(page(*below("Contract of sale"), *below(FULL, FULL, top=260))).title == "Contract of sale"


def test_pages_without_text_are_pages_too() -> None:
    document = laid_out(page(), page(*below(FULL), number=2), page(number=3), page(*below(FULL), number=4))
    assert [(each.start, each.end) for each in document.pages] == [
        (0, 0),
        (0, len(FULL) + 2),
        (len(FULL) + 2, len(FULL) + 2),
        (len(FULL) + 2, 2 * len(FULL) + 2),
    ]


words = st.text(alphabet="aB1.(•第Ж)", min_size=1, max_size=12)


@st.composite
def any_row(choose: st.DrawFn) -> Row:
    text = " ".join(choose(st.lists(words, min_size=1, max_size=8)))
    placed = row(
        text,
        choose(st.floats(0, 780)),
        x=choose(st.floats(0, 400)),
        size=choose(st.sampled_from([8.0, 10.0, 14.0])),
        gaps=choose(st.integers(0, 3)),
        bold=choose(st.booleans()),
    )
    return replace(placed, glued=choose(st.booleans()))


@given(st.lists(st.lists(any_row(), max_size=8), min_size=1, max_size=4))
def test_whatever_the_layout_nothing_is_lost_and_every_slice_is_exact(rows: list[list[Row]]) -> None:
    pages = [page(*each, number=number) for number, each in enumerate(rows, 1)]
    document = laid_out(*pages)
    printed = sorted("".join(each.text for part in rows for each in part).replace(" ", ""))
    assert sorted("".join(document.text.split())) == printed
    for element in document.elements:
        assert document.text[element.start : element.end] == element.text
        assert element.page is not None
        stands_on = document.pages[element.page - 1]
        assert stands_on.start <= element.start <= element.end <= stands_on.end
        held = "".join(document.text[line.start : line.end] for line in element.lines)
        assert held.replace(" ", "") == "".join(element.text.split())
        assert all(line.page == element.page for line in element.lines)
    assert all(one.end <= other.start for one, other in pairwise(document.elements))
    assert document.pages[0].start == 0
    assert document.pages[-1].end == len(document.text)
    assert all(one.end == other.start for one, other in pairwise(document.pages))
