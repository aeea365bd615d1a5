"""What a program imports: the statements, the modules, and what is taken from them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ingest.model import Import

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tree_sitter import Node

    from ingest.readers.syntax import Marks, Use

_NAME_CHARACTERS = 300
_QUOTES = "\"'`<>"


def list_imports(marks: Marks, to_offset: Callable[[int], int]) -> tuple[Import, ...]:
    """The imports in the order of the text; ``to_offset`` leads from bytes to code points.

    A statement that imports several modules gives one import for each, without names.
    """
    found: list[Import] = []
    for use in sorted(marks.uses.values(), key=lambda use: (use.node.start_byte, use.node.end_byte)):
        modules = _modules(use, marks)
        names = _names(use, marks) if len(modules) == 1 else ()
        start, end = (to_offset(byte) for byte in _range(use.node, marks))
        found.extend(Import(start, end, module, names) for module in modules)
    return tuple(found)


def _range(statement: Node, marks: Marks) -> tuple[int, int]:
    """A statement without the white space and the comments behind it that some grammars count into it."""
    ends = (part.end_byte for part in reversed(statement.children) if part.id not in marks.notes)
    written = marks.data[statement.start_byte : next(ends, statement.end_byte)]
    start = statement.start_byte + len(written) - len(written.lstrip())
    return start, start + len(written.strip())


def _modules(use: Use, marks: Marks) -> tuple[str, ...]:
    if not use.path:
        return _spoken(use.sources, marks)
    start = min(part.start_byte for part in use.path)
    end = max(part.end_byte for part in use.path)
    return (marks.text(start, end),) if end - start <= _NAME_CHARACTERS else ()


def _names(use: Use, marks: Marks) -> tuple[str, ...]:
    words = (word for each in use.words for word in marks.text(*each.byte_range).split())
    return *_spoken(use.imported, marks), *words


def _spoken(nodes: Sequence[Node], marks: Marks) -> tuple[str, ...]:
    """The nodes' texts in order, each once, without quotes and line breaks."""
    ranges = sorted({node.byte_range for node in nodes})
    texts = (" ".join(marks.text(*each).split()).strip(_QUOTES) for each in ranges)
    return tuple(text for text in dict.fromkeys(texts) if text and len(text) <= _NAME_CHARACTERS)
