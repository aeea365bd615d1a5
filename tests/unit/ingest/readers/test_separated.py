from __future__ import annotations

import time
from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from ingest.readers.composing import LONGEST_TABLE
from ingest.readers.decoding import decode
from ingest.readers.separated import read_separated
from tests.properties import check_elements, shape
from tests.shared_data import needs_shared, shared

if TYPE_CHECKING:
    from ingest.model import Document


def read(text: str) -> Document:
    document = read_separated(text, "data/prices.csv")
    assert document.text == text
    check_elements(document)
    return document


def test_the_names_of_the_columns_head_the_records() -> None:
    document = read('Item,Price\nSeat,"1,200"\nDesk,"two\nlines, quoted"\n\n')
    assert shape(document) == [
        ("heading", 1, "Item,Price"),
        ("table", None, 'Seat,"1,200"\nDesk,"two\nlines, quoted"'),
    ]
    assert (document.title, document.reader) == ("prices", "csv/1")


def test_the_delimiter_is_found() -> None:
    for delimiter in ",;\t|":
        text = f"Item{delimiter}Price\nSeat{delimiter}5.0"
        assert [each.kind for each in read(text).elements] == ["heading", "table"]


def test_records_are_cut_into_tables_of_bounded_size() -> None:
    document = read("".join(f"{n},{'x' * (n % 90)},{n * n}\n" for n in range(500)))
    assert len(document.elements) > 20
    assert all(len(each.text) <= LONGEST_TABLE for each in document.elements)


def test_a_forgotten_quote_does_not_swallow_the_rest() -> None:
    document = read("a,b\n" + '"c,d\n' + "e,f\n" * 1_000)
    assert len(document.elements) > 3


def test_long_files_are_read_in_time_that_grows_with_their_length() -> None:
    started = time.process_time()
    read("a,b,c\n" * 50_000 + '"d","e",f\n' * 50_000)
    assert time.process_time() - started < 10


def test_one_column_and_one_record_are_tables_too() -> None:
    assert shape(read("alone")) == [("table", None, "alone")]
    assert [each.kind for each in read("Name\nAnn\nBob\n").elements] == ["table"]


@given(st.text(st.characters(exclude_categories=("Cs",)) | st.sampled_from(',;\t|"\n '), max_size=300))
def test_any_text_gives_sound_elements(text: str) -> None:
    read(text.replace("\r", "\n"))


@needs_shared
def test_real_tables_are_read() -> None:
    files = [f for ending in ("csv", "tsv") for f in shared("fixtures").rglob(f"*.{ending}")]
    assert len(files) >= 10
    for file in files:
        assert read(decode(file.read_bytes())).elements
