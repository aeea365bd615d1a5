"""Workbooks that are sent to be read: a small file may hold very much."""

from __future__ import annotations

import io
from zipfile import ZIP_DEFLATED, ZipFile

import openpyxl
import pytest

from service.reviewing.spreadsheet import UnreadableWorkbook, read_rows


def workbook(*rows: tuple[str | int | None, ...]) -> bytes:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for row in rows:
        sheet.append(list(row))
    written = io.BytesIO()
    book.save(written)
    return written.getvalue()


def test_rows_are_texts() -> None:
    assert read_rows(workbook(("question", "type"), ("Who signs?", None))) == [
        ("question", "type"),
        ("Who signs?", ""),
    ]


def test_a_row_that_is_wider_than_any_list_of_questions_is_cut() -> None:
    [row] = read_rows(workbook(tuple(range(400))))

    assert len(row) == 50


def test_what_unpacks_to_very_much_is_refused_before_it_is_unpacked() -> None:
    bomb = io.BytesIO(workbook(("question",)))
    with ZipFile(bomb, "a", ZIP_DEFLATED) as archive:
        archive.writestr("xl/media/padding.bin", b"\0" * (65 * 2**20))

    assert len(bomb.getvalue()) < 2**20
    with pytest.raises(UnreadableWorkbook, match="it unpacks to"):
        read_rows(bomb.getvalue())
