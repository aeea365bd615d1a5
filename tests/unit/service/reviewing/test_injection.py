"""Nothing that is written into a table is computed."""

from __future__ import annotations

import csv
import io
import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.reviewing.injection import defuse, is_dangerous, undo

TRIGGERS = "=+-@\t\r\n＝＋－＠' \";\ufeff\u200b"
FORMULA = re.compile(r"[=+\-@＝＋－＠]")


@pytest.mark.parametrize(
    "text",
    [
        "=1+1",
        "+1",
        "-1",
        "@SUM(A1)",
        " =1",
        "'=1",
        "＝1",
        "\ufeff=1",
        "\u200b=1",
        '"=1',
        '=HYPERLINK("http://x")',
    ],
)
def test_what_a_spreadsheet_computes_is_found(text: str) -> None:
    assert is_dangerous(text)
    assert defuse(text) == f"'{text}"


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("\t=1", "'\t'=1"),
        ("\r=1", "'\r'=1"),
        ("a;=1+1;b", "a;'=1+1;b"),
        ("x\t=1+1", "x\t'=1+1"),
        ("x\n=1+1\n- 2", "x\n'=1+1\n'- 2"),
        ('x;"=1+1"', 'x;\'"=1+1"'),
        ("x; \u200b\ufeff@SUM(A1)", "x;' \u200b\ufeff@SUM(A1)"),
        ("x;'=1", "x;''=1"),
    ],
)
def test_what_begins_behind_a_separator_is_found_too(text: str, written: str) -> None:
    assert defuse(text) == written
    assert undo(written) == text


@pytest.mark.parametrize("text", ["", "4,200", "a=b", "'tis", "1-2", "—", "$5", "a; b", "a\n\nb\tc", "x;1-2"])
def test_other_texts_stay_as_they_are(text: str) -> None:
    assert defuse(text) == text
    assert undo(text) == text


@given(st.text(alphabet=TRIGGERS + "a1", max_size=8) | st.text(max_size=20))
def test_a_written_text_reads_back_and_begins_with_nothing_dangerous(text: str) -> None:
    written = defuse(text)

    assert undo(written) == text
    assert written[:1] not in {"=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠"}


@given(st.lists(st.text(alphabet=TRIGGERS + "a1", max_size=8), min_size=1, max_size=4))
@pytest.mark.parametrize("separator", [";", "\t"])
def test_no_cell_is_a_formula_where_lists_are_separated_otherwise(separator: str, texts: list[str]) -> None:
    table = io.StringIO(newline="")
    csv.writer(table, quoting=csv.QUOTE_ALL).writerow(map(defuse, texts))

    for row in csv.reader(io.StringIO(table.getvalue(), newline=""), delimiter=separator):
        for cell in row:
            assert not FORMULA.match(cell.strip(" \t\r\n\ufeff\u200b"))


def test_a_text_of_nothing_but_separators_takes_no_longer_than_another() -> None:
    text = ";\n \ufeff" * 200_000

    begun = time.process_time()
    assert undo(defuse(text)) == text
    assert time.process_time() - begun < 5  # with a step for each pair it would be hours
