from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ingest.readers.composing import LONGEST_TABLE, Part
from ingest.readers.grid import sheet_parts


def test_a_sheet_falls_into_tables_under_the_names_of_their_columns() -> None:
    rows = [
        (1, {1: "Prices of 2024"}),
        (2, {1: "Item", 3: "Price"}),
        (3, {1: "Seat", 3: "5.00"}),
        (4, {1: "Two\nlines", 2: " ", 3: ""}),
        (9, {0: "Signed"}),
    ]
    assert list(sheet_parts("Annex 2", rows)) == [
        Part("Annex 2", "heading", 1),
        Part("Prices of 2024", "heading", 2),
        Part("Item | Price", "heading", 3),
        Part("Seat | 5.00\nTwo lines", "table"),
        Part("Signed", "table"),
    ]


def test_a_row_of_numbers_names_no_columns() -> None:
    parts = list(sheet_parts("S", [(0, {0: "1", 1: "2"}), (1, {0: "3", 1: "4"})]))
    assert parts[1:] == [Part("1 | 2\n3 | 4", "table")]


def test_empty_cells_keep_columns_apart() -> None:
    rows = [(n, {0: "1", 2: "c"}) for n in (0, 2)] + [(1, {0: "2", 1: "y", 2: "z"})]
    (table,) = list(sheet_parts("S", sorted(rows)))[1:]
    assert table.text == "1 |  | c\n2 | y | z\n1 |  | c"


def test_cells_far_apart_are_not_padded() -> None:
    rows = [(n, {n * 17: f"value {n}"}) for n in range(900)]
    assert sum(len(part.text) for part in sheet_parts("S", rows)) < 20_000


@given(
    st.lists(
        st.dictionaries(st.integers(0, 6), st.text(max_size=300), max_size=5),
        max_size=30,
    )
)
def test_every_word_is_kept_in_parts_of_bounded_size(rows: list[dict[int, str]]) -> None:
    parts = list(sheet_parts("Sheet", enumerate(rows)))
    assert "".join("".join(part.text.split()) for part in parts[1:]).replace("|", "") == "".join(
        "".join(text.split()) for row in rows for _, text in sorted(row.items())
    ).replace("|", "")
    for part in parts:
        assert len(part.text) <= LONGEST_TABLE or "\n" not in part.text
