"""The blocks of an answer that arrives: paragraphs, list items, table rows, headings, fenced code."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Literal

from prompts.sentences import CITATION

BlockKind = Literal["paragraph", "item", "row", "heading", "code", "rule"]


@dataclass(frozen=True, slots=True)
class Block:
    """Lines of an answer that belong together; ``end`` is the end of the last line, without its break."""

    start: int
    end: int
    kind: BlockKind


_FENCE = re.compile(r"\s*(?:`{3,}|~{3,})")
_HEADING = re.compile(r"\s{0,3}#{1,6}\s|\s*(?:\*\*|__)[^*_.!?。！？\n]{1,100}(?:\*\*|__)\s*[:：]?\s*$")
_ITEM = re.compile(
    r"\s*(?:[-*+•–—]|\(?\d{1,3}[.)、]|\(?[a-zA-Zа-я][)]|[①-⑳]|[（(][一二三四五六七八九十]+[）)])\s+(?=\S)"
)
_ROW = re.compile(r"\s*\|")
_RULE = re.compile(r"[-*_=]{3,}|\|?:?-{2,}:?(?:\|:?-{2,}:?)*\|?")
"""Of a line without its white space."""


class BlockReader:
    """Splits a text that grows at its end: a line is read once it is complete, only the last one again."""

    def __init__(self) -> None:
        self._blocks: list[Block] = []
        """Of the complete lines."""
        self._line = 0
        """Where the first line begins that is not complete."""
        self._first: BlockKind | None = None
        """The kind of that line, where it begins in the middle of a block."""
        self._fenced = False
        self._apart = True

    def split_blocks(self, masked: str) -> list[Block]:
        """The blocks of all that is not forgotten."""
        while (end := masked.find("\n", self._line)) >= 0:
            self._take(masked, end)
            self._line, self._first = end + 1, None
        last, before = self._blocks[-1:], len(self._blocks[:-1])
        fenced, apart = self._fenced, self._apart
        self._take(masked, len(masked))
        blocks = [*self._blocks]
        self._blocks[before:], self._fenced, self._apart = last, fenced, apart
        return blocks

    def forget(self, place: int, kind: BlockKind | None = None) -> None:
        """Drop what stands before ``place``, which is in a block; of this kind is what is left of that."""
        if place < self._line:
            self._blocks = [block for block in self._blocks if block.end > place]
            first = self._blocks[0]
            self._blocks[0] = replace(first, start=place, kind=kind or first.kind)
        else:
            self._blocks, self._apart = [], True
            if kind:
                self._line, self._first = place, kind

    def _take(self, masked: str, end: int) -> None:
        """Read the line that is next."""
        blocks, start = self._blocks, self._line
        line = masked[start:end]
        if self._fenced:
            blocks[-1] = replace(blocks[-1], end=end, kind="code")
            self._fenced = not _FENCE.match(line)
            self._apart = not self._fenced
        elif not line.strip():
            self._apart = True
        elif not line.strip(CITATION + " \t") and blocks and blocks[-1].kind != "rule":
            blocks[-1] = replace(blocks[-1], end=end)
        else:
            self._begin(start, end, self._first or _kind(line))

    def _begin(self, start: int, end: int, kind: BlockKind) -> None:
        """A line of words: it goes on with the last paragraph or item, or begins a block."""
        blocks = self._blocks
        if kind == "rule" and not self._apart and blocks[-1].kind == "row":
            blocks[-1] = replace(blocks[-1], kind="heading")
        if not self._apart and kind == "paragraph" and blocks[-1].kind in ("paragraph", "item"):
            blocks[-1] = replace(blocks[-1], end=end)
        else:
            if blocks and blocks[-1].kind == "rule":
                blocks.pop()  # it holds no claim: nothing would ever forget it
            blocks.append(Block(start, end, kind))
        self._fenced, self._apart = kind == "code", False


def _kind(line: str) -> BlockKind:
    if line[:2].isalpha():  # as most lines begin, and nothing that marks another kind
        return "paragraph"
    if _FENCE.match(line):
        return "code"
    if _RULE.fullmatch("".join(line.split())):
        return "rule"
    if _HEADING.match(line):
        return "heading"
    if _ROW.match(line):
        return "row"
    return "item" if _ITEM.match(line) else "paragraph"
