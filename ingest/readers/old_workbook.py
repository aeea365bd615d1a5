"""Excel workbooks of before 2007, through ``xlrd``, which is imported here and nowhere else."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, cast

from ingest.errors import UnreadableFile
from ingest.readers import number_formats
from ingest.readers.composing import composed
from ingest.readers.grid import sheet_parts
from ingest.readers.package import damage_named

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from ingest.model import Document
    from ingest.readers.composing import Part
    from ingest.readers.grid import Row

READER = "xls/1"

_TEXT, _NUMBER, _DATE, _BOOLEAN, _ERROR = 1, 2, 3, 4, 5


class _Cell(Protocol):
    ctype: int
    value: str | float
    xf_index: int


class _Sheet(Protocol):
    name: str
    nrows: int

    def row(self, number: int) -> Sequence[_Cell]: ...


class _Format(Protocol):
    format_str: str


class _Style(Protocol):
    format_key: int


class _Book(Protocol):
    datemode: int
    format_map: Mapping[int, _Format]
    xf_list: Sequence[_Style]

    def sheets(self) -> Sequence[_Sheet]: ...


def read_xls(location: Path) -> Document:
    """Read a workbook: cells as people see them, formulas by their last results. The title is the stem.

    Raises:
        UnreadableFile: ``encrypted``, ``broken``, or ``no_text`` where no cell holds anything.
    """
    import xlrd.biffh  # noqa: PLC0415 — 20 ms that only these files are worth
    import xlrd.compdoc  # noqa: PLC0415 — the same

    opened = cast("Callable[..., _Book]", xlrd.open_workbook)
    with damage_named(), Path(os.devnull).open("w", encoding="ascii") as silence:
        try:
            book = opened(str(location), logfile=silence, formatting_info=True)
        except xlrd.biffh.XLRDError as error:
            locked = "encrypted" in str(error).lower()
            raise UnreadableFile("encrypted" if locked else "broken", str(error)) from error
        except (xlrd.compdoc.CompDocError, AssertionError) as error:
            raise UnreadableFile("broken", str(error) or "a record is not what it should be") from error
        parts = list(_parts(book))
    shown = parts if any(part.kind == "table" for part in parts) else ()
    return composed(shown, title=location.stem, reader=READER)


def _parts(book: _Book) -> Iterator[Part]:
    for sheet in book.sheets():
        yield from sheet_parts(sheet.name, _rows(book, sheet))


def _rows(book: _Book, sheet: _Sheet) -> Iterator[Row]:
    for number in range(sheet.nrows):
        shown = enumerate(_shown(book, cell) for cell in sheet.row(number))
        yield number, {column: text for column, text in shown if text}


def _shown(book: _Book, cell: _Cell) -> str:
    if cell.ctype == _TEXT:
        return str(cell.value)
    if cell.ctype == _BOOLEAN:
        return "TRUE" if cell.value else "FALSE"
    if cell.ctype == _ERROR:
        return _ERRORS.get(int(cell.value), "#N/A")
    if cell.ctype not in {_NUMBER, _DATE}:
        return ""
    key = book.xf_list[cell.xf_index].format_key
    code = number_formats.BUILT_IN.get(key) or book.format_map[key].format_str
    return number_formats.shown(float(cell.value), code, since_1904=book.datemode == 1)


_ERRORS = {0: "#NULL!", 7: "#DIV/0!", 15: "#VALUE!", 23: "#REF!", 29: "#NAME?", 36: "#NUM!", 42: "#N/A"}
