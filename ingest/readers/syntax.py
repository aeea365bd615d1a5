"""Where tree-sitter meets Lectern: the nodes of a program that mean something, found in one query."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, cast

from tree_sitter import Parser, Query, QueryCursor
from tree_sitter_language_pack import get_language

from ingest.readers.grammars import QUERIES

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tree_sitter import Language, Node
    from tree_sitter_language_pack import SupportedLanguage

_NAME_CHARACTERS = 200
_STRAY_TOKENS = 10_000
"""A file that is one flood of stray tokens has no definitions, and would cost the query quadratic time."""

_DEFINITIONS = frozenset({"class", "function", "prototype", "method", "module", "variable", "scope"})
_SCOPES = frozenset({"class", "module", "scope"})
_WRAPPERS = frozenset({"wrapper", "decorated"})
_QUALIFIER = re.compile(r".*(?:\.|::)\s*", re.DOTALL)
_TEMPLATE = re.compile(r"<[^<>]*>(?=::)")


@dataclass(frozen=True, slots=True)
class Definition:
    """A definition, or a scope, as the query found it. Offsets are bytes."""

    node: Node
    capture: str
    name: str
    name_start: int
    body: Node | None
    owner: str

    @property
    def is_block(self) -> bool:
        """Whether it has a body, not just a name and a value."""
        return self.capture in _SCOPES or (self.capture != "variable" and self.body is not None)


@dataclass(slots=True)
class Marks:
    """What the query says about the nodes of one file, by node id."""

    data: bytes
    root: Node
    definitions: dict[int, Definition] = field(default_factory=dict[int, Definition])
    wrappers: list[tuple[Node, str]] = field(default_factory=list["tuple[Node, str]"])
    containers: set[int] = field(default_factory=set[int])
    imports: set[int] = field(default_factory=set[int])
    notes: set[int] = field(default_factory=set[int])
    """Comments and attributes: they belong to what follows."""
    notes_in_order: list[Node] = field(default_factory=list["Node"])
    note_ends: list[int] = field(default_factory=list[int])
    docstrings: dict[int, Node] = field(default_factory=dict[int, "Node"])

    def text(self, start: int, end: int) -> str:
        """What stands between two bytes."""
        return self.data[start:end].decode(errors="ignore")

    def notes_between(self, start: int, end: int) -> list[Node]:
        """The notes that begin between two bytes."""
        first = bisect_left(self.notes_in_order, start, key=lambda note: note.start_byte)
        last = bisect_left(self.notes_in_order, end, key=lambda note: note.start_byte)
        return self.notes_in_order[first:last]

    def notes_before(self, start: int) -> Iterator[tuple[Node, int]]:
        """The notes that end before a byte, the last one first, each with its end."""
        for index in range(bisect_right(self.note_ends, start) - 1, -1, -1):
            yield self.notes_in_order[index], self.note_ends[index]


def mark(data: bytes, language: str) -> Marks:
    """Parse a program and sort what the query of its language finds.

    Args:
        data: UTF-8.
        language: a key of ``QUERIES``.
    """
    root = Parser(_grammar(language)).parse(data).root_node
    marks = Marks(data, root)
    if root.is_error and root.child_count - root.named_child_count > _STRAY_TOKENS:
        return marks
    for _, captured in QueryCursor(_query(language)).matches(root):
        _note(marks, captured)
    marks.notes_in_order.sort(key=lambda node: node.start_byte)
    marks.note_ends = [end_of(node, data) for node in marks.notes_in_order]
    return marks


def _grammar(language: str) -> Language:
    return get_language(cast("SupportedLanguage", language))


@cache
def _query(language: str) -> Query:
    return Query(_grammar(language), QUERIES[language])


def _note(marks: Marks, captured: Mapping[str, list[Node]]) -> None:
    """Sort one match of the query into the marks."""
    for capture, (node, *_) in captured.items():
        if capture in _DEFINITIONS:
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
    marks: Marks, capture: str, node: Node, captured: Mapping[str, list[Node]]
) -> Definition | None:
    name_node = captured["name"][0] if "name" in captured else _declared(captured["declarator"][0])
    written = marks.text(name_node.start_byte, name_node.end_byte)
    if not written or len(written) > _NAME_CHARACTERS:
        return None
    qualifier = _QUALIFIER.match(written)
    bare = qualifier.end() if qualifier else 0
    return Definition(
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


def end_of(node: Node, data: bytes) -> int:
    """Where a node ends, without the line break that some grammars count into comments and macros."""
    return node.end_byte - (data[node.end_byte - 1 : node.end_byte] == b"\n")
