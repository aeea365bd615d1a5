"""The symbols of a program: their qualified names, signatures and documentation."""

from __future__ import annotations

import inspect
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ingest.model import Symbol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from tree_sitter import Node

    from ingest.model import SymbolKind
    from ingest.readers.syntax import Definition, Marks

_DEPTH = 20
"""Definitions nested deeper come from generators and attackers; their names would grow without end."""
_SIGNATURE_BYTES = 1000
_SIGNATURE_CHARACTERS = 240
_GAP_BYTES = 200
"""The white space that may stand between a definition and its comment, or its wrapper's end."""

_KINDS: Mapping[str, SymbolKind] = {
    "class": "class",
    "function": "function",
    "clause": "function",
    "prototype": "function",
    "target": "function",
    "method": "method",
    "rule": "class",
    "module": "module",
    "section": "module",
    "variable": "variable",
}
_LINE_OPENING = re.compile(r"^\s*(?://[/!]*|#+'?|--+(?: \|)?|;+|%+|!+[<>]?|\"\s)? ?", re.MULTILINE)
_BLOCK_OPENING = re.compile(r'/\*+!?|\(\*+|\{-+ ?\|?|<#|--\[=*\[|=\w+|(?:@\w+\s+(?:~[sS])?)?"(?:"")?|@\w+\s')
_BLOCK_CLOSING = re.compile(r'\s*(?:\*+/|\*+\)|-+\}|#>|\]=*\]|"(?:"")?|=(?:end|cut)\b.*)\s*$')
_BLOCK_LINE = re.compile(r"^\s*(?:\*+ ?|//[/!]* ?|#+ )?", re.MULTILINE)
_STRING_CONTENTS = frozenset({"string_content", "quoted_content"})


@dataclass(slots=True)
class Named:
    """A definition in its surroundings. Offsets are bytes, and include the wrappers that belong to it.

    ``end`` moves while further clauses, or the next section, are found.
    """

    definition: Definition
    qualified: str
    kind: SymbolKind
    start: int
    signature_start: int
    end: int


@dataclass(frozen=True, slots=True)
class Nesting:
    """Definitions in the order of the text; ``unwrapped`` leads from a wrapper's id to its definition.

    ``continued`` are the nodes that belong to the definition before them.
    """

    named: list[Named] = field(default_factory=list[Named])
    unwrapped: dict[int, Definition] = field(default_factory=dict[int, "Definition"])
    continued: set[int] = field(default_factory=set[int])


@dataclass(slots=True)
class _Frame:
    """An open node on the way down, and the definition that encloses it."""

    end: int
    names: tuple[str, ...]
    capture: str
    wrapper: Node | None = None
    signed: bool = True
    taken: bool = False
    section: Named | None = None
    clause: Named | None = None
    """The function whose clauses are being read directly under this node."""


def nest(marks: Marks) -> Nesting:
    """Give each definition its qualified name, its kind and the wrappers that belong to it."""
    nesting = Nesting(continued=set(marks.tails))
    opened: list[tuple[Node, str, Definition | None]] = [
        *((node, capture, None) for node, capture in marks.wrappers),
        *((definition.node, definition.capture, definition) for definition in marks.definitions.values()),
    ]
    opened.sort(key=lambda item: (item[0].start_byte, -item[0].end_byte, item[2] is not None))
    stack = [_Frame(len(marks.data) + 1, (), "")]
    for node, capture, definition in opened:
        while stack[-1].end <= node.start_byte:
            stack.pop()
        if capture == "section":
            _close_section(stack, node.start_byte, marks)
        outer = stack[-1]
        if definition is None:
            stack.append(
                _Frame(node.end_byte, outer.names, outer.capture, node, signed=capture != "decorated")
            )
            continue
        start, signature_start = _unwrap(marks, definition, stack, nesting)
        if len(outer.names) < _DEPTH:
            frame = _Frame(definition.end, (*outer.names, definition.name), capture)
            if not _is_local(definition, outer):
                qualified, kind = _qualify(definition, outer)
                named = Named(definition, qualified, kind, start, signature_start, definition.end)
                _add(named, outer, nesting)
                if capture == "section" and definition.body is None:
                    frame.section, frame.end = named, outer.end
                    named.end = _without_space(min(outer.end, len(marks.data)), marks)
            stack.append(frame)
    return nesting


def _close_section(stack: list[_Frame], end: int, marks: Marks) -> None:
    """A section ends where the next one begins."""
    section = stack[-1].section
    if section:
        section.end = _without_space(end, marks)
        stack.pop()


def _without_space(end: int, marks: Marks) -> int:
    while marks.data[end - 1 : end].isspace():
        end -= 1
    return end


def _add(named: Named, outer: _Frame, nesting: Nesting) -> None:
    """Note a definition, or one more clause of the definition before it."""
    is_clause = named.definition.capture == "clause"
    if is_clause and outer.clause and outer.clause.qualified == named.qualified:
        outer.clause.end = named.end
        nesting.continued.add(named.definition.node.id)
        return
    outer.clause = named if is_clause else None
    nesting.named.append(named)


def _unwrap(
    marks: Marks, definition: Definition, stack: Sequence[_Frame], nesting: Nesting
) -> tuple[int, int]:
    """Where a definition and its signature begin, with the wrappers that hold nothing else."""
    start = signature_start = definition.node.start_byte
    end = definition.node.end_byte
    whole = True
    for frame in reversed(stack):
        if frame.wrapper is None or frame.taken:
            break
        frame.taken = True
        whole = whole and frame.end - end < _GAP_BYTES and not marks.data[end : frame.end].strip(b"; \t\r\n")
        if whole:
            nesting.unwrapped[frame.wrapper.id] = definition
            start = frame.wrapper.start_byte
            signature_start = start if frame.signed else signature_start
    return start, signature_start


def _is_local(definition: Definition, outer: _Frame) -> bool:
    """A scope is nothing by itself, and what looks like a prototype in a function is a variable."""
    in_function = outer.capture in ("function", "method")
    return definition.capture == "scope" or (definition.capture == "prototype" and in_function)


def _qualify(definition: Definition, outer: _Frame) -> tuple[str, SymbolKind]:
    names = (definition.owner,) if definition.owner else outer.names
    kind = _KINDS[definition.capture]
    if (
        kind == "function"
        and definition.capture != "target"
        and (outer.capture in ("class", "scope") or "." in definition.name)
    ):
        kind = "method"
    return (" " if definition.capture == "rule" else ".").join((*names, definition.name)), kind


def describe(named: Named, marks: Marks, to_offset: Callable[[int], int]) -> Symbol:
    """Make a symbol; ``to_offset`` leads from bytes to code points."""
    definition = named.definition
    return Symbol(
        start=to_offset(named.start),
        end=to_offset(named.end),
        name=named.qualified,
        kind=named.kind,
        signature=_signature(named, marks),
        docstring=_docstring(named, marks),
        name_start=to_offset(definition.name_start),
    )


def _signature(named: Named, marks: Marks) -> str:
    start, body = named.signature_start, named.definition.body
    end = body.start_byte if body else named.definition.node.end_byte
    end = min(end, start + _SIGNATURE_BYTES)
    written = ""
    for note in marks.notes_between(start, end):
        written += marks.text(start, note.start_byte) + " "
        start = note.end_byte
    written += marks.text(start, end)
    return " ".join(written.split()).rstrip(" {:;," if body else " {:;")[:_SIGNATURE_CHARACTERS]


def _docstring(named: Named, marks: Marks) -> str:
    string = marks.docstrings.get(named.definition.node.id)
    if string is None:
        return _comment_above(named.start, marks)
    parts = [part for part in string.children if part.type in _STRING_CONTENTS]
    written = "".join(marks.text(*part.byte_range) for part in parts) or marks.text(*string.byte_range).strip(
        '"'
    )
    return inspect.cleandoc(written)


def _comment_above(start: int, marks: Marks) -> str:
    notes = [(note, end) for note, end in notes_above(start, marks) if note.id not in marks.attributes]
    written = [_uncomment(marks.text(note.start_byte, end)) for note, end in notes]
    return "\n".join(reversed(written)).strip()


def notes_above(start: int, marks: Marks) -> Iterator[tuple[Node, int]]:
    """The comments and attributes directly above, with no empty line between, the last one first."""
    for note, end in marks.notes_before(start):
        gap = marks.data[end:start] if start - end <= _GAP_BYTES else b"?"
        if gap.strip() or gap.count(b"\n") > 1 or not _starts_line(note, marks.data):
            break
        yield note, end
        start = note.start_byte


def _starts_line(node: Node, data: bytes) -> bool:
    column = node.start_point.column
    return column <= _GAP_BYTES and not data[node.start_byte - column : node.start_byte].strip()


def _uncomment(comment: str) -> str:
    block = _BLOCK_OPENING.match(comment)
    if block is None:
        return _LINE_OPENING.sub("", comment).strip()
    return _BLOCK_LINE.sub("", _BLOCK_CLOSING.sub("", comment[block.end() :])).strip()
