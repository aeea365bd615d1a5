"""Markdown: blocks as CommonMark and its tables see them, as exact slices of the text."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import cache
from itertools import chain
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from markdown_it import MarkdownIt

from ingest.model import Document, Element

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from markdown_it.token import Token

    from ingest.model import ElementKind

READER = "markdown/1"

_LONGEST_TITLE = 200
_LINE_END = re.compile(r"\r\n?|\n")
"""What the parser counts as the end of a line."""
_FRONT_MATTER = re.compile(
    r"---[ \t]*\n(?=[\w-]+[ \t]*:)(?P<fields>(?:.*\n){1,200}?)(?:---|\.\.\.)[ \t]*(?:\n|\Z)"
)
_TITLE_FIELD = re.compile(r"""^title[ \t]*:[ \t]*(["']?)(?P<title>\S.*?)\1[ \t]*$""", re.MULTILINE)
_LEAVES: Mapping[str, ElementKind] = {
    "heading_open": "heading",
    "paragraph_open": "paragraph",
    "table_open": "table",
    "fence": "code",
    "code_block": "code",
    "html_block": "paragraph",
}
_LISTS = {"bullet_list_open": 1, "ordered_list_open": 1, "bullet_list_close": -1, "ordered_list_close": -1}


@dataclass(frozen=True, slots=True)
class _Block:
    """A leaf of the parse, from its first line up to the line after its last."""

    first: int
    last: int
    kind: ElementKind
    level: int | None = None


def read_markdown(text: str, path: str) -> Document:
    """Mark the blocks of a Markdown text; the text itself stays as it is, marks included.

    What stands between blocks (rules, link definitions, empty items) belongs to an element too. The title is
    that of the front matter, else the first heading, else the stem of ``path``.
    """
    front = _FRONT_MATTER.match(text)
    begin = front.end() if front else 0
    tokens = _blocks_parser().parse(text[begin:])
    elements: list[Element] = []
    if front:
        _append(elements, text, 0, begin, _Block(0, 0, "code"))
    _mark(elements, text, begin, _blocks(tokens))
    title = _title(front["fields"] if front else "", tokens) or PurePosixPath(path).stem
    return Document(text, title, tuple(elements), reader=READER)


@cache
def _blocks_parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark").enable("table")
    parser.core.ruler.enableOnly(["normalize", "block"])  # words inside blocks are nobody's business here
    return parser


def _blocks(tokens: Sequence[Token]) -> Iterator[_Block]:
    depth, opens_item = 0, False
    for token in tokens:
        depth += _LISTS.get(token.type, 0)
        if token.type in {"list_item_open", "list_item_close"}:
            opens_item = token.nesting > 0
        kind = _LEAVES.get(token.type)
        if kind is None or token.map is None:
            continue
        first, last = token.map
        if kind == "heading":
            yield _Block(first, last, kind, int(token.tag[1:]))
        elif kind == "paragraph" and opens_item:
            yield _Block(first, last, "list_item", depth)
        else:
            yield _Block(first, last, kind)
        opens_item = False


def _mark(elements: list[Element], text: str, begin: int, blocks: Iterator[_Block]) -> None:
    starts = [begin, *(found.end() for found in _LINE_END.finditer(text, begin)), len(text)]
    position = begin
    for block in chain(blocks, (_Block(len(starts), len(starts), "paragraph"),)):
        start = starts[min(block.first, len(starts) - 1)]
        end = starts[min(block.last, len(starts) - 1)]
        _fill(elements, text, position, start)
        _append(elements, text, max(start, position), end, block)
        position = max(end, position)


def _fill(elements: list[Element], text: str, start: int, end: int) -> None:
    """Give the characters between two blocks to an element: rules to the last one, words to their own."""
    between = text[start:end].strip()
    last = elements[-1] if elements else None
    if last and between and last.kind != "heading" and not any(map(str.isalnum, between)):
        stop = start + len(text[start:end].rstrip())
        elements[-1] = replace(last, end=stop, text=text[last.start : stop])
    else:
        _append(elements, text, start, end, _Block(0, 0, "paragraph"))


def _append(elements: list[Element], text: str, start: int, end: int, block: _Block) -> None:
    piece = text[start:end]
    start += len(piece) - len(piece.lstrip())
    piece = piece.strip()
    if piece:
        elements.append(Element(start, start + len(piece), piece, block.kind, block.level))


def _title(fields: str, tokens: Sequence[Token]) -> str:
    if named := _TITLE_FIELD.search(fields):
        return named["title"][:_LONGEST_TITLE]
    headings = (tokens[i + 1] for i, token in enumerate(tokens) if token.type == "heading_open")
    return next(filter(None, (_words(heading.content) for heading in headings)), "")


def _words(inline: str) -> str:
    """The words of a heading without emphasis and links."""
    tokens = MarkdownIt("commonmark").parseInline(inline[: 2 * _LONGEST_TITLE])
    parts = (child.content or " " for token in tokens for child in token.children or ())
    shown = "".join(part for part in parts if not part.startswith("<"))
    return " ".join(shown.split())[:_LONGEST_TITLE]
