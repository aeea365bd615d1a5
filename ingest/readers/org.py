"""Org files: headings, lists, tables and blocks, told line by line; the text stays as it is."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from ingest.model import Document, Element
from ingest.readers.composing import LONGEST_TABLE, LONGEST_TITLE

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ingest.model import ElementKind

READER = "org/1"

_HEADING = re.compile(r"(?P<stars>\*+)[ \t]+(?=\S)")
_ITEM = re.compile(r"(?P<indent>[ \t]*)(?:[-+]|(?<=[ \t])\*|(?:\d{1,4}|[A-Za-z])[.)])[ \t]+\S")
_BEGIN = re.compile(r"[ \t]*(?:#\+begin_(?P<block>\w+)|:(?P<drawer>[\w-]+):[ \t]*$)", re.IGNORECASE)
_PROSE = frozenset({"quote", "verse", "center"})
_LONGEST_BLOCK = 2_000
"""Lines of a block: one that does not end among so many is none."""
_TITLE = re.compile(r"^#\+title:[ \t]*(\S.*)$", re.IGNORECASE | re.MULTILINE)
_INDENT = 2


@dataclass(frozen=True, slots=True)
class _Block:
    """Lines ``first`` to ``last``, both of them its own."""

    first: int
    last: int
    kind: ElementKind
    level: int | None = None


def read_org(text: str, path: str) -> Document:
    """Mark the blocks of an Org text, marks and drawers included.

    The title is that of ``#+TITLE``, else the first heading, else the stem of ``path``.
    """
    lines = text.split("\n")
    elements = tuple(_placed(lines, _bounded(lines, _blocks(lines))))
    named = _TITLE.search(text)
    heading = next((each.text for each in elements if each.kind == "heading"), "")
    title = named[1] if named else _HEADING.sub("", heading) or PurePosixPath(path).stem
    return Document(text, " ".join(title.split())[:LONGEST_TITLE], elements, reader=READER)


def _blocks(lines: Sequence[str]) -> Iterator[_Block]:
    current: _Block | None = None
    ends = frozenset(line.strip().lower() for line in lines if line.lstrip().startswith(("#+", ":")))
    number = 0
    while number < len(lines):
        opening = _opening(lines, number, current, ends)
        if current and (opening or not lines[number].strip()):
            yield current
            current = None
        if opening:
            current = opening
        elif current:
            current = _Block(current.first, number, current.kind, current.level)
        number = opening.last + 1 if opening else number + 1
    if current:
        yield current


def _opening(
    lines: Sequence[str], number: int, current: _Block | None, ends: frozenset[str]
) -> _Block | None:
    """The block that a line begins; None where it is empty or goes on with the current one."""
    line = lines[number]
    if not line.strip():
        return None
    if heading := _HEADING.match(line):
        return _Block(number, number, "heading", len(heading["stars"]))
    if begin := _BEGIN.match(line):
        last = _last(lines, number, begin, ends)
        if last:
            return _Block(number, last, "paragraph" if (begin["block"] or "").lower() in _PROSE else "code")
    if item := _ITEM.match(line):
        return _Block(number, number, "list_item", 1 + len(item["indent"].expandtabs()) // _INDENT)
    kind: ElementKind = "table" if line.lstrip().startswith("|") else "paragraph"
    goes_on = current and (current.kind == kind or (current.kind == "list_item" and kind == "paragraph"))
    return None if goes_on else _Block(number, number, kind)


def _last(lines: Sequence[str], number: int, begin: re.Match[str], ends: frozenset[str]) -> int:
    """The line that ends a block or drawer; 0 where there is none before the next heading."""
    end = f"#+end_{begin['block']}".lower() if begin["block"] else ":end:"
    if end not in ends:
        return 0
    for last in range(number + 1, min(len(lines), number + _LONGEST_BLOCK)):
        if lines[last].strip().lower() == end:
            return last
        if _HEADING.match(lines[last]):
            return 0
    return 0


def _bounded(lines: Sequence[str], blocks: Iterator[_Block]) -> Iterator[_Block]:
    """Long tables in pieces."""
    for block in blocks:
        first, length = block.first, 0
        for number in range(block.first, block.last + 1) if block.kind == "table" else ():
            length += len(lines[number]) + 1
            if length > LONGEST_TABLE and number > first:
                yield _Block(first, number - 1, block.kind)
                first, length = number, len(lines[number]) + 1
        yield _Block(first, block.last, block.kind, block.level)


def _placed(lines: Sequence[str], blocks: Iterator[_Block]) -> Iterator[Element]:
    position = line = 0
    for block in blocks:
        position += sum(len(lines[number]) + 1 for number in range(line, block.first))
        written = "\n".join(lines[block.first : block.last + 1])
        start = position + len(written) - len(written.lstrip())
        position += len(written) + 1
        line = block.last + 1
        written = written.strip()
        yield Element(start, start + len(written), written, block.kind, block.level)
