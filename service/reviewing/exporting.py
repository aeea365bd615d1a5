"""A review as a file: a workbook, or a table with a row for each cell."""

from __future__ import annotations

import csv
import io
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Literal

from service.links import source_link
from service.reviewing.injection import defuse, undo
from service.reviewing.spreadsheet import Sheet, SheetCell, write_workbook

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ingest.catalog.records import VersionRecord
    from prompts.typed_values import CellValue
    from service.reviewing.cells import Cell, CellSource
    from service.reviewing.report import ReportedCell, ReviewReport
    from service.reviewing.spreadsheet import Look

Format = Literal["xlsx", "csv", "json"]
MEDIA_TYPES: dict[Format, str] = {
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "csv": "text/csv; charset=utf-8",
    "json": "application/json",
}
CSV_COLUMNS = (
    *("document", "document_id", "version_number", "question_id", "question", "type", "state", "value"),
    *("date", "number", "currency", "words", "supported", "marks", "read", "answer", "citations", "reason"),
)
_FULL_DATE = 10
_WIDE = 48
_NARROW = 16


def to_csv(report: ReviewReport) -> str:
    """A row for each cell, the first one names the columns; no text in it is a formula."""
    written = io.StringIO(newline="")
    table = csv.writer(written, quoting=csv.QUOTE_ALL)
    table.writerow(CSV_COLUMNS)
    for version, cell in report.cells():
        table.writerow([defuse(value) for value in _csv_row(version, cell)])
    return written.getvalue()


def from_csv(text: str) -> list[dict[str, str]]:
    """The rows of what `to_csv` wrote, by column."""
    rows = csv.DictReader(io.StringIO(text, newline=""))
    return [{name: undo(value) for name, value in row.items()} for row in rows]


def to_xlsx(report: ReviewReport, *, server: str = "") -> bytes:
    """The grid of documents and questions, a sheet of citations, a sheet of costs and failures.

    Args:
        report: the review.
        server: address of a server whose page shows the sources; empty where none is known.
    """
    return write_workbook([_grid(report, server), _citations(report, server), _costs(report)])


def place_of(source: CellSource) -> str:
    """``p. 12, Article 4 › 4.2 Payment``; the line where there are no pages."""
    if source.page_start is None:
        place = f"line {source.line_start}"
    elif source.page_end in {None, source.page_start}:
        place = f"p. {source.page_start}"
    else:
        place = f"pp. {source.page_start}–{source.page_end}"
    return ", ".join([place, " › ".join(source.section)] if source.section else [place])


def _csv_row(version: VersionRecord, reported: ReportedCell) -> Iterator[str]:
    question, cell = reported.question, reported.cell
    yield from (version.path, version.document, f"D{reported.number}")
    yield from (question.id, question.text, question.type, reported.standing)
    value = cell.value if cell else None
    if cell is None or value is None:
        yield from ("",) * 6
    else:
        yield from (value.shown, value.date or "", value.number or "", value.currency or "", value.words)
        yield "yes" if cell.supported else "no"
    if cell is None:
        yield from ("",) * 5
        return
    yield from ("; ".join(cell.marks), cell.read, cell.text)
    yield " | ".join(
        f"[{s.index}] {s.marker}, {place_of(s)}: {' '.join(s.text.split())}" for s in cell.sources
    )
    yield cell.reason


def _grid(report: ReviewReport, server: str) -> Sheet:
    questions = report.order.questions
    rows = [[_heading("Document"), *(_heading(question.heading) for question in questions)]]
    for row in report.rows:
        version = row.version
        name = SheetCell(version.path, link=_link(server, version.document, version.number))
        rows.append([name, *(_grid_cell(cell) for cell in row.cells)])
    return Sheet("Review", rows, [_WIDE, *([_WIDE // 2] * len(questions))])


def _grid_cell(reported: ReportedCell) -> SheetCell:
    cell = reported.cell
    if cell is None:
        return SheetCell(None)
    comment = "\n\n".join(_comment(reported, cell))
    if cell.state == "failed" or cell.value is None:
        return SheetCell(f"failed: {cell.reason}", "bad", comment=comment)
    look: Look = "plain" if cell.supported else "doubtful"
    if reported.standing == "stale":
        look = "doubtful"
    elif cell.state == "absent":
        look = "muted"
    value, number_format = _typed(cell.value)
    return SheetCell(value, look, number_format, comment)


def _typed(value: CellValue) -> tuple[str | float | date, str]:
    """What Excel can sort and add up, with its format; else the text."""
    if value.date is not None and len(value.date) == _FULL_DATE:
        return date.fromisoformat(value.date), "yyyy-mm-dd"
    if value.number is not None:
        unit = value.currency or ""
        pattern = '#,##0.##"%"' if unit == "%" else "#,##0.00"
        return float(Decimal(value.number)), f'"{unit}" {pattern}' if unit.isalpha() else pattern
    return value.shown, ""


def _comment(reported: ReportedCell, cell: Cell) -> Iterator[str]:
    if reported.standing == "stale":
        yield "The document has changed since this was answered."
    yield from (f"Not proven: {mark}" if not cell.supported else mark for mark in cell.marks)
    if cell.state == "answered" and cell.value is not None and cell.value.shown != cell.text:
        yield cell.text
    for source in cell.sources:
        yield f"[{source.index}] {place_of(source)}:\n“{' '.join(source.text.split())}”"


def _citations(report: ReviewReport, server: str) -> Sheet:
    names = (
        "Document",
        "Question",
        "Value",
        "Citation",
        "Page",
        "Section",
        "Cited text",
        "Quoted",
        "Support",
    )
    rows = [[_heading(name) for name in (*names, "Start", "End")]]
    for version, reported in report.cells():
        cell = reported.cell
        for source in cell.sources if cell else ():
            assert cell is not None
            rows.append(
                [
                    SheetCell(
                        version.path,
                        link=_link(server, version.document, reported.number, source.start, source.end),
                    ),
                    SheetCell(reported.question.heading),
                    SheetCell(cell.value.shown if cell.value else ""),
                    SheetCell(f"[{source.index}] {source.marker}"),
                    SheetCell(source.page_start),
                    SheetCell(" › ".join(source.section)),
                    SheetCell(source.text),
                    SheetCell(
                        source.quoted, "plain" if source.quoted in {"exact", "normalized"} else "doubtful"
                    ),
                    SheetCell(source.support),
                    SheetCell(source.start),
                    SheetCell(source.end),
                ]
            )
    return Sheet("Citations", rows, [_WIDE, _WIDE // 2, _WIDE // 2, _NARROW, 8, _WIDE // 2, _WIDE])


def _costs(report: ReviewReport) -> Sheet:
    spent, counts = report.review.spent, report.counts()
    sums: Sequence[tuple[str, str | int | float]] = (
        ("Review", report.review.id),
        ("State", report.review.state),
        *((f"Cells {standing}", count) for standing, count in counts.items()),
        ("Calls of the model", spent.calls),
        ("Tokens read", spent.prompt_tokens),
        ("Tokens read from the cache", spent.cached_tokens),
        ("Tokens written", spent.completion_tokens),
        ("Dollars", spent.usd),
        ("Dollars saved by the cache", spent.saved_usd),
        ("Calls without a known price", spent.unpriced),
    )
    rows = [[_heading("What"), _heading("How much")]]
    rows += [[SheetCell(name), SheetCell(value)] for name, value in sums]
    names = ("Document", "Question", "State", "Reason", "Model", "Tokens read", "From the cache", "Written")
    rows += [[], [_heading(name) for name in (*names, "Dollars")]]
    for version, reported in report.cells():
        cell = reported.cell
        if cell is None:
            continue
        rows.append(
            [
                SheetCell(version.path),
                SheetCell(reported.question.heading),
                SheetCell(reported.standing, "bad" if cell.state == "failed" else "plain"),
                SheetCell(cell.reason),
                SheetCell(cell.model),
                SheetCell(cell.prompt_tokens),
                SheetCell(cell.cached_tokens),
                SheetCell(cell.completion_tokens),
                SheetCell(cell.usd),
            ]
        )
    return Sheet("Costs", rows, [_WIDE, _WIDE // 2, _NARROW, _WIDE // 2, *([_NARROW] * 5)])


def _heading(text: str) -> SheetCell:
    return SheetCell(text, "heading")


def _link(server: str, document: str, number: int, start: int = 0, end: int = 0) -> str:
    """To the page's viewer; without a range, the document's beginning."""
    return source_link(server, document, number, start, end) if server else ""
