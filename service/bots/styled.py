"""Text with marks beside it: what a platform's own formatting is made from.

Nothing is escaped because nothing is parsed: a mark is a range, and the text stays text.
"""

from __future__ import annotations

import itertools
import re
import unicodedata
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

Kind = Literal["bold", "italic", "strike", "code", "block", "quote", "link"]
"""``block`` is monospace over whole lines, ``quote`` a quotation."""
WHOLE: frozenset[Kind] = frozenset({"code", "link"})
"""Marks that no message border should cut."""
_TURNING = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_JOINERS = "\u200d\ufe0e\ufe0f"
_LEAST_SHARE = 0.5
"""Of a message that may stay empty so that a paragraph or word is not cut."""


@dataclass(frozen=True, slots=True)
class Mark:
    """A range of a text, in code points, and how it looks."""

    start: int
    end: int
    kind: Kind
    url: str = ""
    """Where a link leads."""


@dataclass(frozen=True, slots=True)
class Styled:
    """A text with its marks, in order of their starts."""

    text: str = ""
    marks: tuple[Mark, ...] = ()

    def __add__(self, other: Styled) -> Styled:
        """One after the other."""
        shifted = (
            replace(m, start=m.start + len(self.text), end=m.end + len(self.text)) for m in other.marks
        )
        return Styled(self.text + other.text, (*self.marks, *shifted))

    def cut(self, start: int, end: int) -> Styled:
        """A piece with what of its marks lies in it."""
        inside = ((mark, max(mark.start, start), min(mark.end, end)) for mark in self.marks)
        marks = (replace(mark, start=a - start, end=b - start) for mark, a, b in inside if a < b)
        return Styled(self.text[start:end], tuple(marks))

    def edited(self, edits: Sequence[tuple[int, int, str]]) -> Styled:
        """With other words in place of some ranges: start, end, words; in order, not overlapping.

        A mark that begins or ends inside of such a range does so before it; one that is left empty goes.
        """
        pieces, at, end = list[str](), list[int](), 0
        length = 0
        for start, stop, words in (*edits, (len(self.text), len(self.text), "")):
            at += range(length, length + start - end)
            length += start - end
            at += [length] * (stop - start)
            pieces += self.text[end:start], words
            length, end = length + len(words), stop
        at.append(length)
        moved = (replace(mark, start=at[mark.start], end=at[mark.end]) for mark in self.marks)
        return Styled("".join(pieces), tuple(mark for mark in moved if mark.start < mark.end))

    def upright(self) -> Styled:
        """Without the invisible characters that turn the order of others round."""
        found = [(match.start(), match.end(), "") for match in _TURNING.finditer(self.text)]
        return self.edited(found) if found else self

    def stripped(self) -> Styled:
        """Without white space at both ends."""
        start = len(self.text) - len(self.text.lstrip())
        return self.cut(start, max(start, len(self.text.rstrip())))

    def runs(self) -> Iterator[tuple[str, frozenset[Kind], str]]:
        """Pieces of one look each: text, kinds, and where a link leads."""
        borders = sorted({0, len(self.text), *(m.start for m in self.marks), *(m.end for m in self.marks)})
        for start, end in itertools.pairwise(borders):
            here = [mark for mark in self.marks if mark.start <= start and end <= mark.end]
            url = next((mark.url for mark in here if mark.kind == "link"), "")
            yield self.text[start:end], frozenset(mark.kind for mark in here), url


def plain(text: str) -> Styled:
    """Text without marks."""
    return Styled(text)


def marked(text: str, kind: Kind, url: str = "") -> Styled:
    """Text that is marked from end to end."""
    return Styled(text, (Mark(0, len(text), kind, url),) if text else ())


def joined(parts: Iterable[Styled], between: str = "") -> Styled:
    """One after the other, with ``between`` between them."""
    whole = Styled()
    for number, part in enumerate(parts):
        whole += plain(between) + part if number else part
    return whole


def merged(marks: Iterable[Mark]) -> tuple[Mark, ...]:
    """The same marks with those joined that touch and look alike."""
    last: dict[tuple[Kind, str], Mark] = {}
    found: list[Mark] = []
    for mark in marks:
        before = last.get((mark.kind, mark.url))
        if before is not None and before.end == mark.start and mark.kind != "link":
            found.remove(before)
            mark = replace(mark, start=before.start)  # noqa: PLW2901 — it is the longer mark from here on
        last[mark.kind, mark.url] = mark
        found.append(mark)
    return tuple(sorted(found, key=lambda mark: (mark.start, -mark.end)))


def trim(text: str, mark: Mark) -> Mark:
    """The mark without white space at its ends."""
    words = text[mark.start : mark.end]
    start = mark.start + len(words) - len(words.lstrip())
    return replace(mark, start=start, end=start + len(words.strip()))


def split(content: Styled, longest: int, measure: Callable[[str], int]) -> list[Styled]:
    """Pieces that fit a message each, at least one; white space at their borders goes.

    Borders are taken between paragraphs, else lines, else words, and never inside a link or a code word
    where these fit a message at all.

    Args:
        content: the whole.
        longest: of a piece, in units of ``measure``.
        measure: length of a text, as the platform counts it.
    """
    pieces: list[Styled] = []
    rest = content.stripped()
    while measure(rest.text) > longest:
        border = _border(rest, _room(rest.text, longest, measure))
        pieces.append(rest.cut(0, border).stripped())
        rest = rest.cut(border, len(rest.text)).stripped()
    return [piece for piece in (*pieces, rest) if piece.text] or [rest]


def _room(text: str, longest: int, measure: Callable[[str], int]) -> int:
    """Code points from the beginning that fit."""
    low, high = 1, min(len(text), longest)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if measure(text[:middle]) <= longest else (low, middle - 1)
    return low


def _border(content: Styled, room: int) -> int:
    text, least = content.text, int(room * _LEAST_SHARE)
    for sign in ("\n\n", "\n", ". ", "。", " "):
        border = text.rfind(sign, least, room + 1)
        while border >= 0:
            end = border + len(sign.rstrip())
            if 0 < end <= room and not _is_inside(content, end):
                return end
            border = text.rfind(sign, least, border)
    return _anywhere(content, room)


def _anywhere(content: Styled, room: int) -> int:
    """In a word that is longer than half a message, or in text that has no spaces."""
    for border in range(room, max(1, room // 2), -1):
        follower = content.text[border]
        joins = (
            follower in _JOINERS or content.text[border - 1] == "\u200d" or unicodedata.combining(follower)
        )
        if not joins and not _is_inside(content, border):
            return border
    return room


def _is_inside(content: Styled, border: int) -> bool:
    return any(mark.kind in WHOLE and mark.start < border < mark.end for mark in content.marks)
