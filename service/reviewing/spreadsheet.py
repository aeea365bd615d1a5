"""Excel workbooks, through ``openpyxl``: questions are read from them, reviews are written into them.

Whatever a document or a model says is written as text: no cell of ours is ever a formula.
"""

from __future__ import annotations

import io
import warnings
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Literal
from zipfile import BadZipFile, ZipFile

from ingest.errors import PermanentError
from service.reviewing.injection import is_dangerous

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from openpyxl.cell.cell import Cell
    from openpyxl.worksheet.worksheet import Worksheet

Look = Literal["plain", "heading", "muted", "doubtful", "bad"]
_FILLS = {"doubtful": "FFF2CC", "bad": "F8CBAD"}
_LONGEST_TEXT = 32_767
"""Characters that Excel takes in a cell."""
_LONGEST_COMMENT = 2_000
_COMMENT_SIZE = (320, 420)
"""Height and width in points."""
_MOST_ROWS = 10_000
_MOST_COLUMNS = 50
_LARGEST = 64 * 2**20
"""Bytes of a workbook that is read, unpacked: an archive may hold a thousand times what it takes."""
_TRUNCATED = "…"


class UnreadableWorkbook(PermanentError):
    """Not a workbook that can be read."""


@dataclass(frozen=True, slots=True)
class SheetCell:
    """What one cell shows."""

    value: str | int | float | date | None
    look: Look = "plain"
    number_format: str = ""
    """As Excel writes it; of numbers and dates."""
    comment: str = ""
    link: str = ""


@dataclass(frozen=True, slots=True)
class Sheet:
    """A worksheet: its first row names the columns and stays in view, and so does its first column."""

    title: str
    rows: Sequence[Sequence[SheetCell]]
    widths: Sequence[int] = ()
    """Of the columns, in characters."""


def read_rows(data: bytes) -> list[tuple[str, ...]]:
    """The rows of the first worksheet as texts; an empty cell is an empty text.

    Raises:
        UnreadableWorkbook: it is none, or has too many rows.
    """
    import openpyxl  # noqa: PLC0415 — takes a quarter of a second, which only a workbook is worth
    from openpyxl.utils.exceptions import InvalidFileException  # noqa: PLC0415 — likewise

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of what it does not keep, such as validations
            _require_small(data)
            book = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=True)
            found = islice(book.worksheets[0].iter_rows(values_only=True), _MOST_ROWS + 1)
            rows = [tuple(map(_text, row[:_MOST_COLUMNS])) for row in found]
            book.close()
    except (
        InvalidFileException,
        BadZipFile,
        KeyError,
        ValueError,
        IndexError,
        OSError,
        SyntaxError,
    ) as error:
        raise UnreadableWorkbook(f"not an Excel workbook: {error}") from error
    if len(rows) > _MOST_ROWS:
        raise UnreadableWorkbook(f"row {_MOST_ROWS + 1}: there are too many rows")
    return rows


def _require_small(data: bytes) -> None:
    with ZipFile(io.BytesIO(data)) as archive:
        unpacked = sum(entry.file_size for entry in archive.infolist())
    if unpacked > _LARGEST:
        raise UnreadableWorkbook(f"it unpacks to {unpacked:,} bytes; {_LARGEST:,} are read at most")


def write_workbook(sheets: Sequence[Sheet]) -> bytes:
    """An XLSX file."""
    import openpyxl  # noqa: PLC0415 — see above

    book = openpyxl.Workbook()
    for old in book.worksheets:
        book.remove(old)
    for sheet in sheets:
        _write_sheet(book.create_sheet(sheet.title), sheet)
    written = io.BytesIO()
    book.save(written)
    return written.getvalue()


def _write_sheet(into: Worksheet, sheet: Sheet) -> None:
    from openpyxl.utils import get_column_letter  # noqa: PLC0415 — see above

    for number, row in enumerate(sheet.rows, start=1):
        for place, cell in enumerate(row, start=1):
            made = into.cell(number, place)
            assert isinstance(made, _cell_type())  # a new sheet has no merged cells
            _write_cell(made, cell)
    for place, width in enumerate(sheet.widths, start=1):
        into.column_dimensions[get_column_letter(place)].width = width
    into.freeze_panes = "B2"


def _cell_type() -> type[Cell]:
    from openpyxl.cell.cell import Cell  # noqa: PLC0415 — see above

    return Cell


def _write_cell(into: Cell, cell: SheetCell) -> None:
    from openpyxl.comments import Comment  # noqa: PLC0415 — see above
    from openpyxl.styles import Alignment, Font, PatternFill  # noqa: PLC0415 — see above

    into.value = _clean(cell.value) if isinstance(cell.value, str) else cell.value
    if isinstance(cell.value, str):
        into.data_type = "s"  # not a formula, nor an error, whatever it begins with
        into.quotePrefix = is_dangerous(cell.value)  # and it stays a text when somebody edits it
    if cell.number_format:
        into.number_format = cell.number_format
    into.alignment = Alignment(wrap_text=True, vertical="top")
    if cell.link:
        into.hyperlink = cell.link
    if cell.look in _FILLS:
        into.fill = PatternFill("solid", fgColor=_FILLS[cell.look])
    if cell.look in {"heading", "muted"}:
        into.font = Font(bold=cell.look == "heading", color="808080" if cell.look == "muted" else None)
    if cell.comment:
        into.comment = Comment(_clean(cell.comment, _LONGEST_COMMENT), "Lectern", *_COMMENT_SIZE)


def _clean(text: str, longest: int = _LONGEST_TEXT) -> str:
    """A text without the control characters that a workbook cannot hold, and no longer than it may be."""
    from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE  # noqa: PLC0415 — see above

    kept = ILLEGAL_CHARACTERS_RE.sub("", text).encode("utf-8", "replace").decode()
    return kept if len(kept) <= longest else kept[: longest - 1] + _TRUNCATED


def _text(value: object) -> str:
    """A number without a fraction is written without one."""
    if value is None:
        return ""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)
