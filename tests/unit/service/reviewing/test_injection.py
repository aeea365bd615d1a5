"""Nothing that is written into a table is computed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.reviewing.injection import defuse, is_dangerous, undo

TRIGGERS = "=+-@\t\r\n＝＋－＠' "


@pytest.mark.parametrize(
    "text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", " =1", "'=1", "＝1", "\r=1", '=HYPERLINK("http://x")']
)
def test_what_a_spreadsheet_computes_is_found(text: str) -> None:
    assert is_dangerous(text)
    assert defuse(text) == f"'{text}"


@pytest.mark.parametrize("text", ["", "4,200", "a=b", "'tis", "1-2", "—", "$5"])
def test_other_texts_stay_as_they_are(text: str) -> None:
    assert defuse(text) == text
    assert undo(text) == text


@given(st.text(alphabet=TRIGGERS + "a1", max_size=8) | st.text(max_size=20))
def test_a_written_text_reads_back_and_begins_with_nothing_dangerous(text: str) -> None:
    written = defuse(text)

    assert undo(written) == text
    assert written[:1] not in {"=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠"}
