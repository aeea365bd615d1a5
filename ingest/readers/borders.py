"""Where a structured text is cut into elements: the deeper a border lies, the more must stand before it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import TYPE_CHECKING

from ingest.model import Element

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ingest.model import ElementKind

DEEPEST = 4
"""Depths at which borders and headings are looked for."""
_ENOUGH = 200
"""Code points below which neighbours at the outermost border stay together; each depth doubles it."""
_WORTH_A_HEADING = 600
"""Code points of a value that its key becomes the heading of."""


class NotWellFormed(Exception):
    """The text is not what its name says, as far as a scanner looks."""


@dataclass(slots=True)
class Borders:
    """What a scanner finds on its one way through a text."""

    cuts: list[int] = field(default_factory=lambda: [0])
    headings: list[tuple[int, int, int]] = field(default_factory=list["tuple[int, int, int]"])
    """Start, end and level."""

    def cut(self, position: int, depth: int) -> None:
        """A border ``depth`` levels below the outermost ones; positions ascend."""
        if depth < DEEPEST and position - self.cuts[-1] >= _ENOUGH << depth:
            self.cuts.append(position)

    def head(self, start: int, end: int, level: int, *, until: int) -> None:
        """A key that stands over what follows up to ``until``, if that is long."""
        if level <= DEEPEST and until - start >= _WORTH_A_HEADING:
            self.headings.append((start, end, level))

    def elements(self, text: str, kind: ElementKind) -> Iterator[Element]:
        """The text between the borders, without white space around it; code keeps its indentation."""
        levels = {start: level for start, _, level in self.headings}
        ends = (border for start, end, _ in self.headings for border in (start, end))
        for start, end in pairwise(sorted({*self.cuts, *ends, len(text)})):
            element = _trimmed(text, start, end, kind)
            if element and start in levels:
                yield replace(element, kind="heading", level=levels[start])
            elif element:
                yield element


def lines(text: str) -> Iterator[tuple[int, int]]:
    """Start and end of every line, without its break."""
    begin = 0
    while begin < len(text):
        border = text.find("\n", begin)
        stop = len(text) if border < 0 else border
        yield begin, stop
        begin = stop + 1


def _trimmed(text: str, start: int, end: int, kind: ElementKind) -> Element | None:
    piece = text[start:end].rstrip()
    words = piece.lstrip()
    if not words:
        return None
    blank = len(piece) - len(words)
    first = blank if kind != "code" else piece.rfind("\n", 0, blank) + 1
    return Element(start + first, start + len(piece), piece[first:], kind)
