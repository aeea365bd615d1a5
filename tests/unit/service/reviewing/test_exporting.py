"""Reviews as files, with whatever documents and models may say in them."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import UTC, date, datetime

import openpyxl
import pytest

from ingest.catalog.records import VersionRecord
from ingest.catalog.review_records import ReviewRecord, Spent
from prompts.reviewing import ReviewQuestion
from prompts.typed_values import CellValue, read_value
from service.reviewing.cells import Cell, CellSource, ReviewOrder
from service.reviewing.exporting import CSV_COLUMNS, from_csv, place_of, to_csv, to_xlsx
from service.reviewing.report import ReportedCell, ReportedDocument, ReviewReport

NOW = datetime(2026, 11, 26, tzinfo=UTC)
SOURCE = CellSource(
    1, "D7:3", 10, 20, "=the words\x07 cited", "the words", "exact", 0.9, 2, 2, 14, 14, ("4", "4.2 Payment")
)
EVIL = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "#N/A", '=HYPERLINK("http://x")', "'=1"]


def version(path: str) -> VersionRecord:
    return VersionRecord(
        "default",
        "docs",
        7,
        "d7",
        1,
        path,
        "ready",
        "aa",
        1,
        1,
        "text/plain",
        path,
        "r",
        "c",
        "e",
        1,
        0,
        1,
        1,
        NOW,
    )


def report(*cells: Cell | None, path: str = "a.txt", title: str = "") -> ReviewReport:
    questions = tuple(ReviewQuestion(f"q{n}", f"Question {n}?", "text", title) for n in range(len(cells)))
    row = tuple(
        ReportedCell(question, "pending" if cell is None else cell.state, 7, cell)
        for question, cell in zip(questions, cells, strict=True)
    )
    review = ReviewRecord(
        *("default", "r1", "docs", "", "done", "{}", ""),
        unattended=False,
        cancelling=False,
        owner="",
        heartbeat=None,
        created_at=NOW,
        finished_at=NOW,
        spent=Spent(2, 0, 100, 80, 10, 0.01, 0.02),
    )
    return ReviewReport(review, ReviewOrder(questions), (ReportedDocument(version(path), row),))


def answered(text: str, **fields: object) -> Cell:
    made = {"value": CellValue(text), "text": text, "supported": True, "sources": (SOURCE,), **fields}
    return Cell("answered", **made)  # pyright: ignore[reportArgumentType] — fields of the test's choice


def workbook(found: ReviewReport, server: str = "") -> openpyxl.Workbook:
    return openpyxl.load_workbook(io.BytesIO(to_xlsx(found, server=server)))


@pytest.mark.parametrize("text", EVIL)
def test_no_text_becomes_a_formula(text: str) -> None:
    found = report(answered(text), Cell("failed", reason=text), path=text, title=text)

    book = workbook(found)

    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row]
    assert {cell.data_type for cell in cells} <= {"s", "n", "inlineStr"}
    grid = book["Review"]
    assert (grid["A2"].value, grid["B1"].value, grid["B2"].value) == (text, text, text)
    assert grid["B2"].quotePrefix is (text != "#N/A")
    assert grid["C2"].value == f"failed: {text}"
    [row, _] = from_csv(to_csv(found))
    assert (row["document"], row["answer"], row["value"]) == (text, text, text)
    written = to_csv(found).splitlines()[1]
    assert not written.removeprefix('"').startswith(("=", "+", "-", "@", "\t"))


def test_typed_values_can_be_sorted_and_added_up() -> None:
    found = report(
        answered("5 January 2024", value=read_value("5 January 2024", "date")),
        answered("January 2024", value=read_value("January 2024", "date")),
        answered("$2.5 million", value=read_value("$2.5 million", "amount")),
        answered("10%", value=read_value("10%", "amount")),
        None,
    )

    row = workbook(found)["Review"][2]

    assert row[1].value is not None
    assert datetime.fromisoformat(str(row[1].value)).date() == date(2024, 1, 5)
    assert row[2].value == "2024-01"
    assert (row[3].value, row[3].number_format) == (2_500_000, '"USD" #,##0.00')
    assert (row[4].value, row[4].number_format) == (10, '#,##0.##"%"')
    assert row[5].value is None


def test_what_a_workbook_cannot_hold_is_left_out_and_the_rest_stays() -> None:
    long = "word " * 10_000
    book = workbook(report(answered("bell\x07 and \ud800 surrogate"), answered(long)))

    assert book["Review"]["B2"].value == "bell and ? surrogate"
    shown = str(book["Review"]["C2"].value)
    assert (len(shown), shown[-1]) == (32_767, "…")
    assert book["Citations"]["G2"].value == "=the words cited"


def test_comments_say_where_and_what_is_doubted() -> None:
    found = report(
        answered("x [1]", value=CellValue("x"), supported=False, marks=("not in the cited text: words",))
    )

    cell = workbook(found)["Review"]["B2"]

    assert cell.comment is not None
    assert cell.comment.text == (
        "Not proven: not in the cited text: words\n\nx [1]\n\n[1] p. 2, 4 › 4.2 Payment:\n“=the words cited”"
    )
    assert cell.fill.fgColor.rgb == "00FFF2CC"


def test_links_are_there_only_where_a_server_is_known() -> None:
    found = report(answered("x"))

    assert workbook(found)["Review"]["A2"].hyperlink is None
    link = workbook(found, "http://127.0.0.1:1/")["Review"]["A2"].hyperlink
    assert link is not None
    assert link.target == "http://127.0.0.1:1/#/document/d7/7/0-0"


def test_a_citation_leads_to_its_place_in_the_version_that_was_read() -> None:
    link = workbook(report(answered("x [1]")), "http://127.0.0.1:1")["Citations"]["A2"].hyperlink

    assert link is not None
    assert link.target == "http://127.0.0.1:1/#/document/d7/7/10-20"


def test_the_third_sheet_tells_costs_and_failures() -> None:
    rows = [
        [cell.value for cell in row]
        for row in workbook(report(answered("x", model="glm-5", usd=0.01), Cell("failed", reason="busy")))[
            "Costs"
        ]
    ]

    assert ["Dollars", 0.01] in [row[:2] for row in rows]
    assert ["Cells failed", 1] in [row[:2] for row in rows]
    assert rows[-2][:6] == ["a.txt", "Question 0?", "answered", None, "glm-5", 0]
    assert rows[-1][:4] == ["a.txt", "Question 1?", "failed", "busy"]


def test_a_table_has_a_row_for_every_cell() -> None:
    value = read_value("$5", "amount")
    cells = (answered("$5 [1]", value=value, marks=("a", "b")), None, Cell("failed", reason="busy"))

    rows = from_csv(to_csv(report(*cells)))

    assert [list(row) for row in rows] == [list(CSV_COLUMNS)] * 3
    assert [row["state"] for row in rows] == ["answered", "pending", "failed"]
    assert rows[0] | {"value": ""} == {
        **dict(
            zip(CSV_COLUMNS, ("a.txt", "d7", "D7", "q0", "Question 0?", "text", "answered"), strict=False)
        ),
        "value": "",
        "date": "",
        "number": "5",
        "currency": "USD",
        "words": "$5",
        "supported": "yes",
        "marks": "a; b",
        "read": "whole",
        "answer": "$5 [1]",
        "reason": "",
        "citations": "[1] D7:3, p. 2, 4 › 4.2 Payment: =the words\x07 cited",
    }
    assert rows[2]["reason"] == "busy"


def test_places_are_pages_or_lines() -> None:
    assert place_of(replace(SOURCE, page_end=3)) == "pp. 2–3, 4 › 4.2 Payment"
    assert place_of(replace(SOURCE, page_start=None, section=())) == "line 14"
