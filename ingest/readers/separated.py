"""CSV and TSV: the characters of the file stay as they are; records become rows of tables."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from itertools import accumulate
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from ingest.model import Document, Element
from ingest.readers.composing import LONGEST_TABLE
from ingest.readers.grid import is_header

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ingest.model import ElementKind

READER = "csv/1"

_DELIMITERS = ",;\t|"
_SAMPLE_LINES = 50
_MOST_LINES = 200
"""Lines of one record: beyond, a quote was opened and forgotten."""


@dataclass(frozen=True, slots=True)
class _Record:
    start: int
    end: int
    cells: Sequence[str]


def read_separated(text: str, path: str) -> Document:
    """Mark the records of a table; a row that names the columns becomes a heading. The title is the stem.

    Line ends inside quotes do not end a record.
    """
    # Only line feeds end lines: ``decode`` has left no other line end, and cells may hold the rarer ones.
    lines = [line + "\n" for line in text.split("\n")]
    records = list(_records(lines, _delimiter(lines)))
    return Document(text, PurePosixPath(path).stem, tuple(_elements(text, records)), reader=READER)


def _delimiter(lines: Sequence[str]) -> str:
    """The one that cuts most of the first records into equally many cells, and into the most of them."""

    def fitness(delimiter: str) -> tuple[float, int]:
        counts = [len(record.cells) for record in _records(lines[:_SAMPLE_LINES], delimiter)]
        usual = max(set(counts), key=counts.count, default=1)
        return (counts.count(usual) / len(counts) if usual > 1 else 0.0, usual)

    return max(_DELIMITERS, key=fitness)


def _records(lines: Sequence[str], delimiter: str) -> Iterator[_Record]:
    """The records that hold anything, and where they stand."""
    starts = list(accumulate(map(len, lines), initial=0))
    line = 0
    while line < len(lines):
        height, cells = _record(lines, line, delimiter)
        if any(map(str.strip, cells)):
            yield _Record(starts[line], starts[line + height] - 1, cells)
        line += height


def _record(lines: Sequence[str], line: int, delimiter: str) -> tuple[int, list[str]]:
    """How many lines the record that begins here has, and its cells."""
    most = _MOST_LINES if '"' in lines[line] else 1
    reader = csv.reader(lines[line : line + most], delimiter=delimiter)
    try:
        cells = next(reader)
    except csv.Error:  # a cell beyond all measure
        return 1, lines[line].split(delimiter)
    if reader.line_num == _MOST_LINES or (reader.line_num > 1 and line + reader.line_num >= len(lines)):
        return 1, lines[line].split(delimiter)
    return reader.line_num, cells


def _elements(text: str, records: Sequence[_Record]) -> Iterator[Element]:
    named = len(records) > 1 and is_header(records[0].cells, records[1].cells)
    if named:
        yield _element(text, records[0], records[0], "heading")
    first = last = None
    for record in records[named:]:
        if first and last and record.end - first.start > LONGEST_TABLE:
            yield _element(text, first, last, "table")
            first = None
        first, last = first or record, record
    if first and last:
        yield _element(text, first, last, "table")


def _element(text: str, first: _Record, last: _Record, kind: ElementKind) -> Element:
    """From one record to another, without the white space around them."""
    written = text[first.start : last.end]
    start = first.start + len(written) - len(written.lstrip())
    written = written.strip()
    return Element(start, start + len(written), written, kind, 1 if kind == "heading" else None)
