"""Programs: their symbols, and blocks as their authors cut them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from ingest.elements import ElementColumns, Elements
from ingest.model import Document
from ingest.readers.apart import CAN_COPY, do_apart
from ingest.readers.importing import list_imports
from ingest.readers.symbols import describe, nest, notes_above
from ingest.readers.syntax import mark, prepare

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from tree_sitter import Node

    from ingest.model import Import, Symbol
    from ingest.readers.symbols import Nesting
    from ingest.readers.syntax import Marks

READER = "code/3"

_VISIBLE = re.compile(r"\S")
LARGEST_PROGRAM = 10 * 2**20
"""Bytes: what is larger was generated, and its syntax tree would take gigabytes; it is read as one block."""
_SMALL_PROGRAM = 16 * 2**10
"""Bytes: even a grammar that needs quadratic time is done with them in about a second."""
_SECONDS, _SECONDS_PER_MEGABYTE = 3.0, 4.0
"""Of the processor, for a program's syntax: five times what the slowest language takes, or more."""
NOT_IN_TIME = "its syntax took too long to read: it has no symbols"


@dataclass(frozen=True, slots=True)
class _Syntax:
    """What the syntax of a program says; offsets are code points."""

    cuts: Sequence[int] = ()
    symbols: tuple[Symbol, ...] = ()
    imports: tuple[Import, ...] = ()


def read_code(text: str, path: str, language: str) -> Document:
    """Read a program; broken syntax costs symbols, never text.

    Args:
        text: without lone surrogates.
        path: becomes the title.
        language: one of ``LANGUAGES``.
    """
    data = text[: LARGEST_PROGRAM + 1].encode()
    if len(data) > LARGEST_PROGRAM:
        return Document(text, path, _elements(text, []), reader=READER)
    syntax = _syntax_in_time(text, data, language)
    found = syntax or _Syntax()
    return Document(
        text=text,
        title=path,
        elements=_elements(text, found.cuts),
        symbols=found.symbols,
        reader=READER,
        imports=found.imports,
        warnings=() if syntax else (NOT_IN_TIME,),
    )


def _syntax_in_time(text: str, data: bytes, language: str) -> _Syntax | None:
    """None where a grammar runs wild: some need quadratic time for marks in endless rows."""
    if len(data) <= _SMALL_PROGRAM or not CAN_COPY:
        return _syntax(text, data, language)
    prepare(language)
    seconds = _SECONDS + _SECONDS_PER_MEGABYTE * len(data) / 2**20
    return do_apart(lambda: _syntax(text, data, language), seconds=seconds)


def _syntax(text: str, data: bytes, language: str) -> _Syntax:
    to_offset = _offsets(text, data)
    marks = mark(data, language)
    nesting = nest(marks)
    return _Syntax(
        [to_offset(cut) for cut in _cut(marks, nesting)],
        tuple(describe(named, marks, to_offset) for named in nesting.named),
        list_imports(marks, to_offset),
    )


def _cut(marks: Marks, nesting: Nesting) -> list[int]:
    """The bytes at which elements begin: definitions, members, runs of imports, paragraphs of the rest."""
    cuts = set(marks.borders)
    pending = [marks.root]
    while pending:
        block = pending.pop()
        definition = marks.definitions.get(block.id)
        body = (definition and definition.body) or block.child_by_field_name("body")
        # A brace alone ends the signature; the members are its neighbours.
        body = body if body and body.child_count else block
        pending.extend(_cut_block(body.children, block.start_byte, marks, nesting, cuts))
    return sorted(cuts)


def _cut_block(
    children: Sequence[Node], begin: int, marks: Marks, nesting: Nesting, cuts: set[int]
) -> Iterator[Node]:
    """Cut between the children of a block that begins at a byte; yields those that are blocks themselves."""
    before: str | None = None
    last_row = -1
    lead: Node | None = None
    for child in children:
        if child.id in marks.notes:
            # A comment at the end of a line speaks of that line, any other of what follows.
            if lead is None and child.start_point.row != last_row:
                lead = child
            continue
        if child.id in nesting.continued:
            lead, last_row = None, _last_row(child)
            continue
        first = lead or child
        block = _block_in(child, marks, nesting)
        sort = "import" if child.id in marks.imports else "block" if block else "rest"
        apart = first.start_point.row - last_row > 1
        if (block and first.start_byte > begin) or (
            child.is_named and before and (sort != before or (sort == "rest" and apart))
        ):
            # Some grammars count a comment into what stands before it.
            above = notes_above(first.start_byte, marks) if block and before and not lead else ()
            cuts.add(min((note.start_byte for note, _ in above), default=first.start_byte))
        if block and block.id in marks.containers:
            yield block
        before, lead = sort, None
        last_row = _last_row(child)


def _last_row(node: Node) -> int:
    return node.end_point.row - (node.end_point.column == 0)


def _block_in(node: Node, marks: Marks, nesting: Nesting) -> Node | None:
    """The definition or container that a node is, or stands around; None for a statement."""
    if node.id in marks.containers:
        return node
    definition = nesting.unwrapped.get(node.id) or marks.definitions.get(node.id)
    return definition.node if definition and definition.is_block else None


def _elements(text: str, cuts: Sequence[int]) -> Elements:
    """Blocks without empty lines around them; the first line keeps its indentation, which has a meaning."""
    columns = ElementColumns()
    for start, end in pairwise((0, *(_line_start(text, cut) for cut in cuts), len(text))):
        found = _VISIBLE.search(text, start, end)
        if found:
            last = end
            while text[last - 1].isspace():
                last -= 1
            columns.append(max(text.rfind("\n", start, found.start()) + 1, start), last, "code")
    return Elements(text, columns)


def _line_start(text: str, cut: int) -> int:
    """Where the line of a cut begins, if only its indentation stands before the cut."""
    begin = cut
    while begin > 0 and text[begin - 1] in " \t":
        begin -= 1
    return begin if begin == 0 or text[begin - 1] == "\n" else cut


def _offsets(text: str, data: bytes) -> Callable[[int], int]:
    """From bytes of UTF-8 to code points."""
    if len(text) == len(data):
        return int
    begins = (np.frombuffer(data, dtype=np.uint8) & 0xC0) != 0x80  # noqa: PLR2004 — not a continuation byte
    before = np.concatenate(([0], np.cumsum(begins)))
    return lambda byte: int(before[byte])
