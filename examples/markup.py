"""The small markup in which the example contracts are written: blocks parted by empty lines.

``^^`` opens a document's title and ``^`` a centred line, ``#`` and ``##`` headings, ``(a)`` a list item,
``|`` a table whose first row is its head; ``---`` is a page break and ``[contents]`` the table of contents.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

ITEM = re.compile(r"\(\w{1,3}\) ")


@dataclass(frozen=True, slots=True)
class Heading:
    """``level`` 0 is the document's title."""

    level: int
    text: str


@dataclass(frozen=True, slots=True)
class Centred:
    text: str


@dataclass(frozen=True, slots=True)
class Paragraph:
    text: str


@dataclass(frozen=True, slots=True)
class Item:
    """``mark`` is the printed number: ``(a)``."""

    mark: str
    text: str


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of equal length; the first is the head."""

    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class PageBreak:
    pass


@dataclass(frozen=True, slots=True)
class Contents:
    pass


Block = Heading | Centred | Paragraph | Item | Table | PageBreak | Contents


def read_blocks(files: Sequence[Path]) -> tuple[Block, ...]:
    """The blocks of a document whose source is spread over files, in their order."""
    return tuple(block for file in files for block in parse(file.read_text(encoding="utf-8")))


def parse(source: str) -> Iterator[Block]:
    for raw in re.split(r"\n\s*\n", source.strip()):
        yield _block([line.strip() for line in raw.splitlines()])


def _block(lines: list[str]) -> Block:
    text = " ".join(lines)
    mark, _, rest = text.partition(" ")
    match mark:
        case "---":
            return PageBreak()
        case "[contents]":
            return Contents()
        case "^^" | "#" | "##":
            return Heading(("^^", "#", "##").index(mark), rest)
        case "^":
            return Centred(rest)
        case "|":
            return _table(lines)
    return Item(mark, rest) if ITEM.match(text) else Paragraph(text)


def _table(lines: list[str]) -> Table:
    rows = tuple(tuple(cell.strip() for cell in line.strip("|").split("|")) for line in lines)
    if len({len(row) for row in rows}) != 1:
        raise ValueError(f"rows of unequal length in the table that starts with {rows[0]}")
    return Table(rows)
