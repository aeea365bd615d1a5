"""Where tree-sitter meets Lectern: the nodes of a program that mean something, found in one query."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, cast

from tree_sitter import Parser, Query, QueryCursor
from tree_sitter_language_pack import get_language

from ingest.readers.grammars import SCRIPTED, query_of
from ingest.readers.scripts import find_scripts

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from tree_sitter import Language, Node
    from tree_sitter_language_pack import SupportedLanguage

_NAME_CHARACTERS = 200
_STRAY_TOKENS = 10_000
"""A file that is one flood of stray tokens has no definitions, and would cost the query quadratic time."""

_SCOPES = frozenset({"class", "module", "scope", "rule"})
_FLOOD = re.compile(rb"([^\w\s])\1{4999}")
"""One mark thousands of times is no program, and costs some grammars quadratic time."""

_DEFINITIONS = _SCOPES | {"function", "clause", "prototype", "method", "variable", "section", "target"}
_VERBATIM = frozenset({"rule", "target"})
_WRAPPERS = frozenset({"wrapper", "decorated"})
_QUALIFIER = re.compile(r".*(?:\.|::|\\|(?<=\w):(?=\w))\s*", re.DOTALL)
_SEPARATOR = re.compile(r"::|\\|(?<=\w):(?=\w)")
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
    end: int

    @property
    def is_block(self) -> bool:
        """Whether it has a body, not just a name and a value."""
        return self.capture in _SCOPES or (self.capture != "variable" and self.body is not None)

    @property
    def rank(self) -> tuple[bool, bool]:
        """What is found twice is what says more: ``const f = () => …`` is a function."""
        return self.capture != "variable", self.body is not None


@dataclass(frozen=True, slots=True)
class Use:
    """A statement that imports, and the nodes that name modules, parts of one module, and what it takes."""

    node: Node
    sources: list[Node] = field(default_factory=list["Node"])
    path: list[Node] = field(default_factory=list["Node"])
    imported: list[Node] = field(default_factory=list["Node"])
    words: list[Node] = field(default_factory=list["Node"])
    """Several names each, with white space between."""


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
    attributes: set[int] = field(default_factory=set[int])
    tails: set[int] = field(default_factory=set[int])
    """Bodies that belong to the definition before them."""
    uses: dict[int, Use] = field(default_factory=dict[int, Use])
    borders: list[int] = field(default_factory=list[int])
    """Bytes where another language begins."""
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
        language: one of ``LANGUAGES``.
    """
    scripts = find_scripts(data) if language in SCRIPTED else None
    language = SCRIPTED.get(language, language)
    # No range at all would mean the whole file.
    unreadable = scripts == [] or _FLOOD.search(data)
    parser = Parser(_grammar(language), included_ranges=scripts or None)
    root = parser.parse(b"" if unreadable else data).root_node
    borders = [border for script in scripts or () for border in (script.start_byte, script.end_byte)]
    marks = Marks(data, root, borders=borders)
    if root.is_error and root.child_count - root.named_child_count > _STRAY_TOKENS:
        return marks
    for _, captured in QueryCursor(_query(language)).matches(root):
        _note(marks, captured)
    marks.notes_in_order.sort(key=lambda node: node.start_byte)
    marks.note_ends = [end_of(node, data) for node in marks.notes_in_order]
    return marks


def prepare(language: str) -> None:
    """Keep what every program of a language needs, so that copies of this process have it, too."""
    _query(SCRIPTED.get(language, language))


def _grammar(language: str) -> Language:
    return get_language(cast("SupportedLanguage", language))


@cache
def _query(language: str) -> Query:
    return Query(_grammar(language), query_of(language))


def _note(marks: Marks, captured: Mapping[str, list[Node]]) -> None:
    """Sort one match of the query into the marks."""
    for capture, (node, *_) in captured.items():
        if capture in _DEFINITIONS:
            definition = _definition(marks, capture, node, captured)
            known = marks.definitions.get(node.id)
            if definition and (known is None or definition.rank > known.rank):
                marks.definitions[node.id] = definition
                marks.containers.update({node.id} if capture in _SCOPES else ())
                marks.tails.update(tail.id for tail in captured.get("tail", ()))
        elif capture in _WRAPPERS:
            marks.wrappers.append((node, capture))
        elif capture == "container":
            marks.containers.add(node.id)
        elif capture in ("import", "use"):
            marks.imports.update({node.id} if capture == "import" else ())
            use = marks.uses.setdefault(node.id, Use(node))
            use.sources.extend(captured.get("source", ()))
            use.path.extend(captured.get("path", ()))
            use.imported.extend(captured.get("imported", ()))
            use.words.extend(captured.get("words", ()))
        elif capture in ("comment", "attribute"):
            if node.id not in marks.notes:
                marks.notes_in_order.append(node)
            marks.notes.add(node.id)
            marks.attributes.update({node.id} if capture == "attribute" else ())
        elif capture == "documented":
            marks.docstrings[node.id] = captured["docstring"][0]


def _definition(
    marks: Marks, capture: str, node: Node, captured: Mapping[str, list[Node]]
) -> Definition | None:
    names = captured.get("name") or [_declared(captured["declarator"][0])]
    written = [_written(marks, name) for name in sorted(names, key=lambda name: name.start_byte)]
    spoken = _speak(capture, [name for name, _ in written])
    if not spoken or len(spoken) > _NAME_CHARACTERS:
        return None
    name, name_start = written[-1]
    qualifier = None if capture in _VERBATIM else _QUALIFIER.match(name)
    bare = qualifier.end() if qualifier and qualifier.end() < len(name) else 0
    tail = captured["tail"][0] if "tail" in captured else None
    body = captured["body"][0] if "body" in captured else node.child_by_field_name("body") or tail
    return Definition(
        node=node,
        capture=capture,
        name=spoken,
        name_start=name_start + len(name[:bare].encode()),
        body=body,
        owner=marks.text(*captured["owner"][0].byte_range) if "owner" in captured else "",
        end=end_of(tail or node, marks.data),
    )


def _written(marks: Marks, name: Node) -> tuple[str, int]:
    """A name as it stands in the text, without quotes around it, and where it begins."""
    written = marks.text(*name.byte_range)
    bare = written.lstrip("\"'` \t\r\n")
    return bare.rstrip("\"'` \t\r\n") or written, name.start_byte + len(
        written[: -len(bare) or None].encode()
    )


def _speak(capture: str, written: Sequence[str]) -> str:
    """One name of the parts that the query found."""
    if capture in _VERBATIM:
        return " ".join(" ".join(written).split())
    spoken = ".".join("".join(part.split()).removeprefix("::") for part in written)
    return _SEPARATOR.sub(".", _TEMPLATE.sub("", spoken))


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
