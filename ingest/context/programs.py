"""What a part of a program stands in: the line that opens its class, the line that opens its function."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ingest.model import Companion

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ingest.model import Symbol

_LONGEST_LABEL = 80


class Enclosing:
    """The symbols of one program, asked for those around a place."""

    def __init__(self, text: str, symbols: Sequence[Symbol]) -> None:
        self._text = text
        self._symbols = [s for s in symbols if s.kind in {"class", "function", "method", "module"}]

    def around(self, passage: tuple[int, int], place: int) -> Iterator[Companion]:
        """The opening lines of what the words at ``place`` stand in, the innermost first."""
        first = passage[1] - len(self._text[place : passage[1]].lstrip())
        around = [symbol for symbol in self._symbols if symbol.start <= first < symbol.end]
        for symbol in sorted(around, key=lambda s: -s.start):
            opening = self._text.rfind("\n", 0, symbol.name_start) + 1
            if not passage[0] <= symbol.name_start < passage[1]:
                yield Companion("enclosing", _label(symbol), opening, self._opened(symbol))

    def _opened(self, symbol: Symbol) -> int:
        """The end of the line with the name or, where documentation follows, of that one's first line."""
        said = symbol.docstring.strip().split("\n", 1)[0]
        at = self._text.find(said, symbol.name_start, symbol.end) if said else symbol.name_start
        border = self._text.find("\n", max(at, symbol.name_start), symbol.end)
        return border if border >= 0 else symbol.end


def _label(symbol: Symbol) -> str:
    words = " ".join((symbol.signature or symbol.name).split())
    return words if len(words) <= _LONGEST_LABEL else words[: _LONGEST_LABEL - 1].rstrip() + "…"
