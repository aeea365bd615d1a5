"""A model's Markdown as text with marks; HTML in it is text, and so are the addresses of its links."""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from typing import TYPE_CHECKING
from urllib.parse import unquote

from service.bots.styled import Mark, Styled, merged, trim

if TYPE_CHECKING:
    from collections.abc import Sequence

    from markdown_it import MarkdownIt
    from markdown_it.token import Token

    from service.bots.styled import Kind

_HELD_BACK = re.compile("\ue000(\\d+)\ue001")
_OURS = re.compile("[\ue000\ue001]")
_BULLET = "•"
_RULE = "———"
_STYLES: dict[str, Kind] = {"strong": "bold", "em": "italic", "s": "strike"}
_LIST_INDENT = "   "


def styled_markdown(text: str, inserts: Sequence[tuple[int, int, Styled]] = ()) -> Styled:
    """The text as it is to be shown.

    Args:
        text: Markdown. Bold, italic, struck, code, lists, quotations, headings and tables keep their look;
            a link becomes its words with its address in brackets, an image its description.
        inserts: start, end and what takes the place of that range; code points of ``text``, in order, not
            overlapping. No Markdown is seen in what is put in, nor across its borders.
    """
    clean = _OURS.sub("\ufffd", text)
    pieces, at = list[str](), 0
    for number, (start, end, _) in enumerate(inserts):
        pieces += [clean[at:start], f"\ue000{number}\ue001"]
        at = end
    source = "".join([*pieces, clean[at:]])
    writer = _Writer([insert for _, _, insert in inserts])
    writer.blocks(_parser().parse(source))
    return writer.result()


@cache
def _parser() -> MarkdownIt:
    from markdown_it import MarkdownIt  # noqa: PLC0415 — a tenth of a second; only bots that answer need it

    return MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])


class _Writer:
    """Walks the tokens and writes text and marks."""

    def __init__(self, inserts: Sequence[Styled]) -> None:
        self._inserts = inserts
        self._text: list[str] = []
        self._length = 0
        self._marks: list[Mark] = []
        self._open: list[Kind] = []
        self._lists: list[int | None] = []
        """The number of the next item of each list that is open; None where it has bullets."""
        self._link, self._link_from = "", 0
        """Where the link that is open leads, and where its words begin."""
        self._fresh = True
        """Whether a bullet or nothing at all stands before the place where it goes on."""

    def result(self) -> Styled:
        text = "".join(self._text)
        trimmed = (trim(text, mark) for mark in merged(self._marks))
        return Styled(text, tuple(mark for mark in trimmed if mark.start < mark.end))

    def blocks(self, tokens: Sequence[Token]) -> None:
        at = 0
        while at < len(tokens):
            token = tokens[at]
            if token.type == "table_open":
                end = next(i for i in range(at, len(tokens)) if tokens[i].type == "table_close")
                self._block("\n".join(self._table(tokens[at:end])))
                at = end
            else:
                self._token(token)
            at += 1

    def _token(self, token: Token) -> None:
        match token.type:
            case "heading_open":
                self._begin()
                self._open.append("bold")
            case "heading_close":
                self._open.remove("bold")
            case "paragraph_open":
                self._begin(tight=token.hidden)
            case "inline":
                self._inline(token.children or [])
            case "fence" | "code_block":
                self._block(token.content.rstrip("\n"))
            case "hr":
                self._begin()
                self._write(_RULE)
            case "blockquote_open":
                self._open.append("quote")
            case "blockquote_close":
                self._open.remove("quote")
            case _:
                self._list(token)

    def _list(self, token: Token) -> None:
        match token.type:
            case "bullet_list_open":
                self._lists.append(None)
            case "ordered_list_open":
                self._lists.append(int(token.attrGet("start") or 1))
            case "bullet_list_close" | "ordered_list_close":
                self._lists.pop()
            case "list_item_open":
                self._item()
            case _:
                pass

    def _item(self) -> None:
        number = self._lists[-1]
        if self._length:
            self._write("\n")
        sign = _BULLET if number is None else f"{number}."
        self._write(f"{_LIST_INDENT * (len(self._lists) - 1)}{sign} ")
        if number is not None:
            self._lists[-1] = number + 1
        self._fresh = True

    def _begin(self, *, tight: bool = False) -> None:
        """Go to where a block begins."""
        if not self._fresh:
            indent = _LIST_INDENT * len(self._lists)
            self._write(("\n" if tight or self._lists else "\n\n") + indent)
        self._fresh = False

    def _block(self, text: str) -> None:
        """Lines in monospace, from the beginning of a line."""
        if self._length:
            self._write("\n")
        self._fresh = False
        self._as("block", text)

    def _inline(self, children: Sequence[Token]) -> None:
        for child in children:
            name, _, side = child.type.rpartition("_")
            if name in _STYLES:
                if side == "open":
                    self._open.append(_STYLES[name])
                else:
                    self._open.remove(_STYLES[name])
            elif child.type == "code_inline":
                self._as("code", child.content)
            elif child.type in {"softbreak", "hardbreak"}:
                self._write("\n" + _LIST_INDENT * len(self._lists))
            elif child.type == "link_open":
                self._link = str(child.attrGet("href") or "")
                self._link_from = self._length
            elif child.type == "link_close":
                self._end_link()
            elif child.type == "image":
                self._inline(child.children or [])
                self._write(f" ({child.attrGet('src')})")
            else:
                self._write(child.content)

    def _end_link(self) -> None:
        shown = "".join(self._text)[self._link_from :]
        if unquote(self._link).removeprefix("mailto:") != unquote(shown):
            self._write(f" ({self._link})")

    def _as(self, kind: Kind, text: str) -> None:
        self._open.append(kind)
        self._write(text)
        self._open.remove(kind)

    def _write(self, text: str) -> None:
        at = 0
        for held in _HELD_BACK.finditer(text):
            self._plain(text[at : held.start()])
            self._insert(self._inserts[int(held[1])])
            at = held.end()
        self._plain(text[at:])

    def _plain(self, text: str) -> None:
        if not text:
            return
        kinds = set(self._open)
        alone: set[Kind] = {"code", "block"}  # nothing else may stand in what is monospace
        for kind in sorted(kinds & alone or kinds):
            self._marks.append(Mark(self._length, self._length + len(text), kind))
        self._text.append(text)
        self._length += len(text)

    def _insert(self, insert: Styled) -> None:
        begin = self._length
        self._plain(insert.text)
        if not {"code", "block"} & set(self._open):
            self._marks += (
                Mark(begin + mark.start, begin + mark.end, mark.kind, mark.url) for mark in insert.marks
            )

    def _table(self, tokens: Sequence[Token]) -> list[str]:
        rows: list[list[str]] = []
        for token in tokens:
            if token.type == "tr_open":
                rows.append([])
            elif token.type == "inline":
                rows[-1].append(self._filled("".join(map(_words, token.children or []))))
        count = max(map(len, rows), default=0)
        widths = [max(_width(row[column]) for row in rows if column < len(row)) for column in range(count)]
        lines = [" | ".join(_padded(cell, widths[n]) for n, cell in enumerate(row)).rstrip() for row in rows]
        return [*lines[:1], "-+-".join("-" * width for width in widths), *lines[1:]]

    def _filled(self, text: str) -> str:
        """With the words of what is put in: their lengths count in a table."""
        return _HELD_BACK.sub(lambda held: self._inserts[int(held[1])].text, text)


def _words(token: Token) -> str:
    return " " if token.type in {"softbreak", "hardbreak"} else token.content


def _width(text: str) -> int:
    """Columns of a monospace font: East Asian characters take two."""
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in text)


def _padded(cell: str, width: int) -> str:
    return cell + " " * (width - _width(cell))
