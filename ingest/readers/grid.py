"""Cells of a sheet → its tables: blocks of rows without an empty one between them, and what heads them."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from ingest.readers.composing import Part, table_parts

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

Row = tuple[int, "Mapping[int, str]"]
"""A row's number and its cells by column, both from 0; only those that show something."""

_LONGEST_NAME = 80
"""Code points of a cell that names a column."""
_LONGEST_HEADER = 600
_FEWEST_FILLED = 4
"""A sheet is written as a grid if at least one in so many of its cells shows something."""


def sheet_parts(name: str, rows: Iterable[Row]) -> Iterator[Part]:
    """The sheet's name as a heading; under it each table, its header row as a heading of the next level.

    So every citation of a row, and the search for it, knows the names of its columns.
    """
    yield Part(name, "heading", 1)
    filled = ((number, {c: t for c, t in cells.items() if t.strip()}) for number, cells in rows)
    numbered = enumerate(row for row in filled if row[1])
    for _, block in groupby(numbered, key=lambda pair: pair[1][0] - pair[0]):
        yield from _table([cells for _, (_, cells) in block])


def is_header(first: Sequence[str], second: Sequence[str]) -> bool:
    """Whether a row names the columns of those below it: short, different names, few of them numbers."""
    names = [cell.strip() for cell in first if cell.strip()]
    if len(names) < 2 or len(set(names)) < len(names) or not any(map(str.strip, second)):  # noqa: PLR2004
        return False
    if max(map(len, names)) > _LONGEST_NAME or sum(map(len, names)) > _LONGEST_HEADER:
        return False
    return 2 * sum(not _is_number(name) for name in names) > len(names)


def _is_number(cell: str) -> bool:
    return cell[0].isdigit() or (cell[0] in "+-−(.$€£¥" and any(map(str.isdigit, cell)))


def _table(rows: Sequence[Mapping[int, str]]) -> Iterator[Part]:
    lines = list(_lines(rows))
    if len(lines) > 1 and len(rows[0]) == 1 < len(rows[1]):
        (caption,) = filter(None, lines[0])
        if len(caption) <= _LONGEST_NAME and not _is_number(caption.strip()):
            yield Part(" ".join(caption.split()), "heading", 2)
            lines = lines[1:]
    if len(lines) > 1 and is_header(lines[0], lines[1]):
        yield Part(" | ".join(" ".join(cell.split()) for cell in lines[0]), "heading", 3)
        lines = lines[1:]
    yield from table_parts(lines)


def _lines(rows: Sequence[Mapping[int, str]]) -> Iterator[list[str]]:
    """Cells under each other as in the sheet, without columns that are empty in all of these rows.

    A few cells that lie far apart are not padded: a hostile sheet would grow a thousandfold.
    """
    columns = sorted({column for row in rows for column in row})
    grid = len(rows) * len(columns) <= _FEWEST_FILLED * sum(map(len, rows))
    for row in rows:
        yield [row.get(c, "") for c in columns if c <= max(row)] if grid else [row[c] for c in sorted(row)]
