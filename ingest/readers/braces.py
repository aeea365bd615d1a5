"""JSON: members and items, told by brackets and commas alone."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ingest.readers.borders import DEEPEST, NotWellFormed

if TYPE_CHECKING:
    from ingest.readers.borders import Borders

_TOKEN = re.compile(r'"(?:[^"\\]++|\\.)*+(?:(")|\\?\Z)|[{}\[\]:,]', re.DOTALL)
_CLOSES = {"}": ord("{"), "]": ord("[")}


def scan_json(text: str, borders: Borders) -> None:
    """Find the borders of JSON, or of several values after each other; a key is a heading with its bracket.

    Raises:
        NotWellFormed: brackets do not match, or a string does not end.
    """
    nesting = _Nesting(borders)
    string = key = -1
    for token in _TOKEN.finditer(text):
        sign = text[token.start()]
        if sign == '"':
            string = token.start()
            if token[1] is None:
                raise NotWellFormed
            continue
        if sign == ":":
            key = string
            continue
        if sign == ",":
            borders.cut(token.end(), max(len(nesting.kinds) - 1, 0))
        elif sign in "{[":
            nesting.open(sign, token.start(), token.end(), key)
        else:
            nesting.close(sign, token.end())
        key = -1
    if nesting.kinds or not nesting.seen:
        raise NotWellFormed


@dataclass(slots=True)
class _Nesting:
    """The containers around a place. Only of the outer ones is kept where they begin: depth has no end."""

    borders: Borders
    kinds: bytearray = field(default_factory=bytearray)
    outer: list[tuple[int, int]] = field(default_factory=list["tuple[int, int]"])
    """From a container's key, -1 where it has none, to the end of its bracket."""
    seen: bool = False

    def open(self, sign: str, start: int, end: int, key: int) -> None:
        if self.seen and not self.kinds:
            self.borders.cut(start, 0)
        self.seen = True
        self.kinds.append(ord(sign))
        if len(self.kinds) <= DEEPEST + 1:
            self.outer.append((key, end))

    def close(self, sign: str, until: int) -> None:
        if not self.kinds or self.kinds.pop() != _CLOSES[sign]:
            raise NotWellFormed
        if len(self.kinds) <= DEEPEST:
            key, end = self.outer.pop()
            if key >= 0:
                self.borders.head(key, end, len(self.kinds), until=until)
