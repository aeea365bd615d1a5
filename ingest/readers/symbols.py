"""The symbols of a program: their qualified names, signatures and documentation."""

from __future__ import annotations

import inspect
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ingest.model import Symbol
from ingest.readers.syntax import end_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

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
    "prototype": "function",
    "method": "method",
    "module": "module",
    "variable": "variable",
}
_COMMENT_OPENING = re.compile(r"^\s*(?:/\*+!?|//[/!]*|\*+(?!/)|#+)? ?", re.MULTILINE)
_COMMENT_CLOSING = re.compile(r"\s*\*+/\s*$")


@dataclass(frozen=True, slots=True)
class Named:
    """A definition in its surroundings. Offsets are bytes, and include the wrappers that belong to it."""

    definition: Definition
    qualified: str
    kind: SymbolKind
    start: int
    signature_start: int


@dataclass(frozen=True, slots=True)
class Nesting:
    """Definitions in the order of the text; ``unwrapped`` leads from a wrapper's id to its definition."""

    named: list[Named] = field(default_factory=list[Named])
    unwrapped: dict[int, Definition] = field(default_factory=dict[int, "Definition"])


@dataclass(slots=True)
class _Frame:
    """An open node on the way down, and the definition that encloses it."""

    end: int
    names: tuple[str, ...]
    capture: str
    wrapper: Node | None = None
    signed: bool = True
    taken: bool = False


def nest(marks: Marks) -> Nesting:
    """Give each definition its qualified name, its kind and the wrappers that belong to it."""
    nesting = Nesting()
    opened: list[tuple[Node, str, Definition | None]] = [
        *((node, capture, None) for node, capture in marks.wrappers),
        *((definition.node, definition.capture, definition) for definition in marks.definitions.values()),
    ]
    opened.sort(key=lambda item: (item[0].start_byte, -item[0].end_byte, item[2] is not None))
    stack = [_Frame(len(marks.data) + 1, (), "")]
    for node, capture, definition in opened:
        while stack[-1].end <= node.start_byte:
            stack.pop()
        outer = stack[-1]
        if definition is None:
            stack.append(
                _Frame(node.end_byte, outer.names, outer.capture, node, signed=capture != "decorated")
            )
            continue
        start, signature_start = _unwrap(marks, definition, stack, nesting)
        if len(outer.names) < _DEPTH:
            if not _is_local(definition, outer):
                qualified, kind = _qualify(definition, outer)
                nesting.named.append(Named(definition, qualified, kind, start, signature_start))
            stack.append(_Frame(node.end_byte, (*outer.names, definition.name), capture))
    return nesting


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
    if kind == "function" and (outer.capture in ("class", "scope") or "." in definition.name):
        kind = "method"
    return ".".join((*names, definition.name)), kind


def describe(named: Named, marks: Marks, to_offset: Callable[[int], int]) -> Symbol:
    """Make a symbol; ``to_offset`` leads from bytes to code points."""
    definition = named.definition
    return Symbol(
        start=to_offset(named.start),
        end=to_offset(end_of(definition.node, marks.data)),
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
    return " ".join(written.split()).rstrip(" {:;")[:_SIGNATURE_CHARACTERS]


def _docstring(named: Named, marks: Marks) -> str:
    string = marks.docstrings.get(named.definition.node.id)
    if string is None:
        return _comment_above(named.start, marks)
    written = [marks.text(*part.byte_range) for part in string.children if part.type == "string_content"]
    return inspect.cleandoc("".join(written))


def _comment_above(start: int, marks: Marks) -> str:
    """The comments directly above, with no empty line between; attributes may stand between too."""
    written: list[str] = []
    for note, end in marks.notes_before(start):
        gap = marks.data[end:start] if start - end <= _GAP_BYTES else b"?"
        if gap.strip() or gap.count(b"\n") > 1 or not _starts_line(note, marks.data):
            break
        if "comment" in note.type:
            written.append(_uncomment(marks.text(note.start_byte, end)))
        start = note.start_byte
    return "\n".join(reversed(written)).strip()


def _starts_line(node: Node, data: bytes) -> bool:
    column = node.start_point.column
    return column <= _GAP_BYTES and not data[node.start_byte - column : node.start_byte].strip()


def _uncomment(comment: str) -> str:
    return _COMMENT_OPENING.sub("", _COMMENT_CLOSING.sub("", comment)).strip()
