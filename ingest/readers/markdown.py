"""Markdown: blocks as CommonMark and its tables see them, as exact slices of the text."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from itertools import chain, islice
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from markdown_it import MarkdownIt

from ingest.elements import ElementColumns, Elements
from ingest.model import Document

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from markdown_it.token import Token

    from ingest.model import ElementKind
    from ingest.readers.progress import OnPage

READER = "markdown/1"

_LONGEST_TITLE = 200
WINDOW = 1 << 18
"""Code points of a long text that are parsed at once."""
LONGEST_WINDOWS = 4
"""Windows that one block on the top level may reach through."""
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


def read_markdown(
    text: str,
    path: str,
    on_page: OnPage | None = None,
    *,
    window: int = WINDOW,
) -> Document:
    """Mark the blocks of a Markdown text; the text itself stays as it is, marks included.

    What stands between blocks (rules, link definitions, empty items) belongs to an element too. The title is
    that of the front matter, else the first heading, else the stem of ``path``. A long text is parsed in
    windows of about ``window`` code points; ``on_page`` is told how many are behind, and of how many.
    """
    front = _FRONT_MATTER.match(text)
    begin = front.end() if front else 0
    columns = ElementColumns()
    if front:
        _append(columns, text, 0, begin, _Block(0, 0, "code"))
    title = _front_title(front["fields"] if front else "")
    for start, end, tokens in _windows(text, begin, window):
        _mark(columns, text, start, end, _blocks(tokens))
        title = title or _first_heading(tokens)
        if on_page and end < len(text):
            on_page(end, len(text))
    return Document(text, title or PurePosixPath(path).stem, Elements(text, columns), reader=READER)


def _windows(text: str, begin: int, window: int) -> Iterator[tuple[int, int, Sequence[Token]]]:
    """Parse piece after piece, each up to where its last block on the top level begins.

    That block may go on beyond the window, so the next piece begins with it; all before it are complete.
    """
    size = window
    while begin < len(text):
        stop = _line_after(text, begin + size)
        tokens = _blocks_parser().parse(text[begin:stop])
        if stop >= len(text):
            yield begin, len(text), tokens
            return
        last = next((i for i in reversed(range(len(tokens))) if _is_top(tokens[i])), 0)
        line = (tokens[last].map or [0])[0] if tokens else 0
        border = _line_start(text, begin, stop, line)
        if border > begin:
            yield begin, border, tokens[:last]
            begin, size = border, window
        elif size < LONGEST_WINDOWS * window:
            size *= 2
        else:  # no block is that long: it is cut, however it would have gone on
            yield begin, stop, tokens
            begin, size = stop, window


def _is_top(token: Token) -> bool:
    return token.level == 0 and token.map is not None and token.nesting >= 0


def _line_after(text: str, position: int) -> int:
    border = text.find("\n", position) if position < len(text) else -1
    return len(text) if border < 0 else border + 1


def _line_start(text: str, begin: int, end: int, line: int) -> int:
    """Where a line, counted from 0, begins in a window."""
    ends = (found.end() for found in _LINE_END.finditer(text, begin, end))
    return next(islice(chain([begin], ends), line, None), end)


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


def _mark(columns: ElementColumns, text: str, begin: int, end: int, blocks: Iterator[_Block]) -> None:
    starts = [begin, *(found.end() for found in _LINE_END.finditer(text, begin, end)), end]
    position = begin
    for block in chain(blocks, (_Block(len(starts), len(starts), "paragraph"),)):
        start = starts[min(block.first, len(starts) - 1)]
        stop = starts[min(block.last, len(starts) - 1)]
        _fill(columns, text, position, start)
        _append(columns, text, max(start, position), stop, block)
        position = max(stop, position)


def _fill(columns: ElementColumns, text: str, start: int, end: int) -> None:
    """Give the characters between two blocks to an element: rules to the last one, words to their own."""
    between = text[start:end].strip()
    follows = len(columns.starts) and columns.last_kind != "heading"
    if between and follows and not any(map(str.isalnum, between)):
        columns.extend_last(start + len(text[start:end].rstrip()))
    else:
        _append(columns, text, start, end, _Block(0, 0, "paragraph"))


def _append(columns: ElementColumns, text: str, start: int, end: int, block: _Block) -> None:
    piece = text[start:end]
    start += len(piece) - len(piece.lstrip())
    piece = piece.strip()
    if piece:
        columns.append(start, start + len(piece), block.kind, block.level)


def _front_title(fields: str) -> str:
    named = _TITLE_FIELD.search(fields)
    return named["title"][:_LONGEST_TITLE] if named else ""


def _first_heading(tokens: Sequence[Token]) -> str:
    headings = (tokens[i + 1] for i, token in enumerate(tokens) if token.type == "heading_open")
    return next(filter(None, (_words(heading.content) for heading in headings)), "")


def _words(inline: str) -> str:
    """The words of a heading without emphasis and links."""
    tokens = MarkdownIt("commonmark").parseInline(inline[: 2 * _LONGEST_TITLE])
    parts = (child.content or " " for token in tokens for child in token.children or ())
    shown = "".join(part for part in parts if not part.startswith("<"))
    return " ".join(shown.split())[:_LONGEST_TITLE]
