"""Programs: symbols with their signatures and documentation, and blocks as their authors cut them."""

from __future__ import annotations

import inspect
import re
from bisect import bisect_left, bisect_right
from dataclasses import dataclass, field
from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING, cast

import numpy as np
from tree_sitter import Parser, Query, QueryCursor
from tree_sitter_language_pack import get_language

from ingest.model import Document, Element, Symbol
from ingest.readers.grammars import QUERIES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from tree_sitter import Node
    from tree_sitter_language_pack import SupportedLanguage

    from ingest.model import SymbolKind

READER = "code/1"

_SIGNATURE_BYTES = 1000
_SIGNATURE_CHARACTERS = 240
_NAME_CHARACTERS = 200
_DEPTH = 20
"""Definitions nested deeper come from generators and attackers; their names would grow without end."""
_GAP_BYTES = 200
"""The white space that a definition may have before it and still belong to the comment above."""
_ERROR_CHILDREN = 10_000
"""A file that is one flood of stray tokens has no definitions, and would cost the query quadratic time."""

_KINDS: Mapping[str, SymbolKind] = {
    "class": "class",
    "function": "function",
    "prototype": "function",
    "method": "method",
    "module": "module",
    "variable": "variable",
}
_SCOPES = frozenset({"class", "module", "scope"})
_WRAPPERS = frozenset({"wrapper", "decorated"})
_QUALIFIER = re.compile(r".*(?:\.|::)\s*", re.DOTALL)
_TEMPLATE = re.compile(r"<[^<>]*>(?=::)")
_COMMENT_OPENING = re.compile(r"^\s*(?:/\*+!?|//[/!]*|\*+(?!/)|#+)? ?", re.MULTILINE)
_COMMENT_CLOSING = re.compile(r"\s*\*+/\s*$")


def read_code(text: str, path: str, language: str) -> Document:
    """Read a program; broken syntax costs symbols, never text.

    Args:
        text: without lone surrogates.
        path: becomes the title.
        language: a key of ``QUERIES``.
    """
    data = text.encode()
    root = Parser(get_language(cast("SupportedLanguage", language))).parse(data).root_node
    marks = _mark(root, language, data)
    to_offset = _offsets(text, data)
    cuts = [to_offset(cut) for cut in _cut(root, marks)]
    return Document(
        text=text,
        title=path,
        elements=tuple(_elements(text, cuts)),
        symbols=tuple(_symbol(definition, marks, to_offset) for definition in marks.symbols),
        reader=READER,
    )


@dataclass(slots=True)
class _Definition:
    """A definition, or a scope, as the query found it and as its surroundings complete it."""

    node: Node
    capture: str
    name: str
    name_start: int
    body: Node | None
    owner: str = ""
    start: int = 0
    signature_start: int = 0
    qualified: str = ""
    kind: SymbolKind = "function"


@dataclass(slots=True)
class _Marks:
    """What the query says about the nodes of one file, by node id."""

    data: bytes
    definitions: dict[int, _Definition] = field(default_factory=dict[int, _Definition])
    wrappers: list[tuple[Node, str]] = field(default_factory=list["tuple[Node, str]"])
    unwrapped: dict[int, _Definition] = field(default_factory=dict[int, _Definition])
    containers: set[int] = field(default_factory=set[int])
    imports: set[int] = field(default_factory=set[int])
    notes: set[int] = field(default_factory=set[int])
    """Comments and attributes: they belong to what follows."""
    notes_in_order: list[Node] = field(default_factory=list["Node"])
    note_ends: list[int] = field(default_factory=list[int])
    docstrings: dict[int, Node] = field(default_factory=dict[int, "Node"])
    symbols: list[_Definition] = field(default_factory=list[_Definition])

    def text(self, start: int, end: int) -> str:
        return self.data[start:end].decode(errors="ignore")

    def notes_between(self, start: int, end: int) -> list[Node]:
        first = bisect_left(self.notes_in_order, start, key=lambda note: note.start_byte)
        last = bisect_left(self.notes_in_order, end, key=lambda note: note.start_byte)
        return self.notes_in_order[first:last]

    def notes_before(self, start: int) -> Iterator[tuple[Node, int]]:
        """The notes that end before a byte, the last one first, each with its end."""
        for index in range(bisect_right(self.note_ends, start) - 1, -1, -1):
            yield self.notes_in_order[index], self.note_ends[index]


def _mark(root: Node, language: str, data: bytes) -> _Marks:
    marks = _Marks(data)
    if root.is_error and root.child_count > _ERROR_CHILDREN:
        return marks
    for _, captured in QueryCursor(_query(language)).matches(root):
        _note(marks, captured)
    marks.notes_in_order.sort(key=lambda node: node.start_byte)
    marks.note_ends = [_end(node, data) for node in marks.notes_in_order]
    _nest(marks)
    return marks


@cache
def _query(language: str) -> Query:
    return Query(get_language(cast("SupportedLanguage", language)), QUERIES[language])


def _note(marks: _Marks, captured: Mapping[str, list[Node]]) -> None:
    """Sort one match of the query into the marks."""
    for capture, (node, *_) in captured.items():
        if capture in _KINDS or capture == "scope":
            definition = _definition(marks, capture, node, captured)
            # ``const f = () => …`` is found twice: the function says more.
            if definition and (capture != "variable" or node.id not in marks.definitions):
                marks.definitions[node.id] = definition
                marks.containers.update({node.id} if capture in _SCOPES else ())
        elif capture in _WRAPPERS:
            marks.wrappers.append((node, capture))
        elif capture == "container":
            marks.containers.add(node.id)
        elif capture == "import":
            marks.imports.add(node.id)
        elif capture in ("comment", "attribute"):
            marks.notes.add(node.id)
            marks.notes_in_order.append(node)
        elif capture == "documented":
            marks.docstrings[node.id] = captured["docstring"][0]


def _definition(
    marks: _Marks, capture: str, node: Node, captured: Mapping[str, list[Node]]
) -> _Definition | None:
    name_node = captured["name"][0] if "name" in captured else _declared(captured["declarator"][0])
    written = marks.text(name_node.start_byte, name_node.end_byte)
    if not written or len(written) > _NAME_CHARACTERS:
        return None
    qualifier = _QUALIFIER.match(written)
    bare = qualifier.end() if qualifier else 0
    return _Definition(
        node=node,
        capture=capture,
        name=_TEMPLATE.sub("", "".join(written.split())).replace("::", "."),
        name_start=name_node.start_byte + len(written[:bare].encode()),
        body=captured["body"][0] if "body" in captured else node.child_by_field_name("body"),
        owner=marks.text(*captured["owner"][0].byte_range) if "owner" in captured else "",
    )


def _declared(declarator: Node) -> Node:
    """The name inside C's pointers, references, parentheses and parameters."""
    inner: Node | None = declarator
    while inner:
        declarator = inner
        inner = declarator.child_by_field_name("declarator")
        if not inner and declarator.type in ("reference_declarator", "parenthesized_declarator"):
            inner = declarator.named_child(0)
    return declarator


def _end(node: Node, data: bytes) -> int:
    """Where a node ends, without the line break that some grammars count into comments and macros."""
    return node.end_byte - (data[node.end_byte - 1 : node.end_byte] == b"\n")


@dataclass(slots=True)
class _Frame:
    """An open node on the way down, and the definition that encloses it."""

    end: int
    names: tuple[str, ...]
    capture: str
    wrapper: Node | None = None
    signed: bool = True
    taken: bool = False


def _nest(marks: _Marks) -> None:
    """Give each definition its qualified name, its kind and the wrappers that belong to it."""
    opened: list[tuple[Node, str, _Definition | None]] = [
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
        _unwrap(marks, definition, stack)
        if len(outer.names) < _DEPTH:
            _complete(marks, definition, outer)
            stack.append(_Frame(node.end_byte, (*outer.names, definition.name), capture))


def _unwrap(marks: _Marks, definition: _Definition, stack: Sequence[_Frame]) -> None:
    """Widen a definition to the wrappers that hold nothing else."""
    definition.start = definition.signature_start = definition.node.start_byte
    end = definition.node.end_byte
    whole = True
    for frame in reversed(stack):
        if frame.wrapper is None or frame.taken:
            break
        frame.taken = True
        whole = whole and frame.end - end < _GAP_BYTES and not marks.data[end : frame.end].strip(b"; \t\r\n")
        if whole:
            marks.unwrapped[frame.wrapper.id] = definition
            definition.start = frame.wrapper.start_byte
            if frame.signed:
                definition.signature_start = definition.start


def _complete(marks: _Marks, definition: _Definition, outer: _Frame) -> None:
    in_function = outer.capture in ("function", "method")
    if definition.capture == "scope" or (definition.capture == "prototype" and in_function):
        return
    names = (definition.owner,) if definition.owner else outer.names
    is_member = outer.capture in ("class", "scope") or "." in definition.name
    definition.qualified = ".".join((*names, definition.name))
    definition.kind = _KINDS[definition.capture]
    if definition.kind == "function" and is_member:
        definition.kind = "method"
    marks.symbols.append(definition)


def _symbol(definition: _Definition, marks: _Marks, to_offset: Callable[[int], int]) -> Symbol:
    return Symbol(
        start=to_offset(definition.start),
        end=to_offset(_end(definition.node, marks.data)),
        name=definition.qualified,
        kind=definition.kind,
        signature=_signature(definition, marks),
        docstring=_docstring(definition, marks),
        name_start=to_offset(definition.name_start),
    )


def _signature(definition: _Definition, marks: _Marks) -> str:
    start = definition.signature_start
    end = definition.body.start_byte if definition.body else definition.node.end_byte
    end = min(end, start + _SIGNATURE_BYTES)
    written = ""
    for note in marks.notes_between(start, end):
        written += marks.text(start, note.start_byte) + " "
        start = note.end_byte
    written += marks.text(start, end)
    return " ".join(written.split()).rstrip(" {:;")[:_SIGNATURE_CHARACTERS]


def _docstring(definition: _Definition, marks: _Marks) -> str:
    string = marks.docstrings.get(definition.node.id)
    if string is None:
        return _comment_above(definition.start, marks)
    written = [marks.text(*part.byte_range) for part in string.children if part.type == "string_content"]
    return inspect.cleandoc("".join(written))


def _comment_above(start: int, marks: _Marks) -> str:
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


def _cut(root: Node, marks: _Marks) -> list[int]:
    """The bytes at which elements begin: definitions, members, runs of imports, paragraphs of the rest."""
    cuts: set[int] = set()
    pending = [root]
    while pending:
        block = pending.pop()
        body = block.child_by_field_name("body") or block
        pending.extend(_cut_block(body.children, marks, cuts))
    return sorted(cuts)


def _cut_block(children: Sequence[Node], marks: _Marks, cuts: set[int]) -> Iterator[Node]:
    """Cut between the children of one block; yields those that are blocks themselves."""
    before: str | None = None
    last_row = -1
    lead: Node | None = None
    for child in children:
        if child.id in marks.notes:
            # A comment at the end of a line speaks of that line, any other of what follows.
            if lead is None and child.start_point.row != last_row:
                lead = child
            continue
        first = lead or child
        block = _block_in(child, marks)
        sort = "import" if child.id in marks.imports else "block" if block else "rest"
        apart = first.start_point.row - last_row > 1
        if block or (child.is_named and before and (sort != before or (sort == "rest" and apart))):
            cuts.add(first.start_byte)
        if block and block.id in marks.containers:
            yield block
        before, lead = sort, None
        last_row = child.end_point.row - (child.end_point.column == 0)


def _block_in(node: Node, marks: _Marks) -> Node | None:
    """The definition or container that a node is, or stands around; None for a statement."""
    if node.id in marks.containers:
        return node
    definition = marks.unwrapped.get(node.id) or marks.definitions.get(node.id)
    if definition and (definition.capture in _SCOPES or definition.body):
        return definition.node
    return None


def _elements(text: str, cuts: Sequence[int]) -> Iterator[Element]:
    for start, end in pairwise((0, *cuts, len(text))):
        block = text[start:end].rstrip()
        first = start + len(block) - len(block.lstrip())
        if block:
            yield Element(first, start + len(block), text[first : start + len(block)], "code")


def _offsets(text: str, data: bytes) -> Callable[[int], int]:
    """From bytes of UTF-8 to code points."""
    if len(text) == len(data):
        return int
    begins = (np.frombuffer(data, dtype=np.uint8) & 0xC0) != 0x80  # noqa: PLR2004 — not a continuation byte
    before = np.concatenate(([0], np.cumsum(begins)))
    return lambda byte: int(before[byte])
