"""Characters with boxes → printed rows. Pure; serves every reader that knows where characters stand."""

from __future__ import annotations

from array import array
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

_SPACE, _NEWLINE, _HYPHEN, _BULLET = 0x20, 0x0A, 0x2D, 0x2022
_LEAST = 0.1
"""Points: no character is narrower or lower, so that every box has an area."""
_LONGEST_BOLD = 100
"""Characters of a row: whether longer ones are bold tells nothing, and asking takes time."""


def _canonical() -> NDArray[np.uint32]:
    """What each code point of the basic plane becomes; 0 is dropped."""
    table = np.arange(0x10000, dtype=np.uint32)
    dropped = (*range(_SPACE), *range(0x7F, 0xA0), 0x200B, 0x200E, 0x200F, *range(0x202A, 0x202F))
    table[[*dropped, *range(0x2060, 0x2070), *range(0xD800, 0xE000), 0xFEFF, 0xFFFF]] = 0
    spaces = (0x09, 0x0B, 0x0C, 0x85, 0xA0, 0x1680, *range(0x2000, 0x200B))
    table[[*spaces, 0x2028, 0x2029, 0x202F, 0x205F, 0x3000]] = _SPACE
    table[_NEWLINE] = _NEWLINE
    # pdfium writes U+FFFE for the hyphen that breaks a word at the end of a line.
    table[[0xAD, 0xFFFE]] = _HYPHEN
    # The bullets of Symbol and Wingdings stand in the private use area.
    table[[0xF0A7, 0xF0B7]] = _BULLET
    return table


_CANONICAL = _canonical()


@dataclass(frozen=True, slots=True)
class Glyphs:
    """The n characters of a page in reading order.

    ``boxes`` is [n, 4]: left, top, right, bottom in points of the page as displayed, the origin at the top
    left. The boxes of white space mean nothing. A line feed ends a row; a row may also end without one.
    """

    codes: NDArray[np.uint32]
    boxes: Floats
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Run:
    """Characters of a row that stand side by side; ``start`` and ``end`` count in the row's text."""

    start: int
    end: int
    top: float
    bottom: float
    edges: array[float]


@dataclass(frozen=True, slots=True)
class Row:
    """A printed row. Every character of ``text`` that is not a space stands in exactly one run."""

    text: str
    runs: tuple[Run, ...]
    x0: float
    top: float
    x1: float
    bottom: float
    size: float
    """Mean height of its characters: the font size."""
    gaps: int = 0
    """Blanks inside it that are wider than two characters are high."""
    first_word: float = 0.0
    """Width of the first word."""
    glued: bool = False
    """It goes on with a word that the row before left off."""
    bold: bool = False


@dataclass(frozen=True, slots=True)
class PrintedPage:
    """A page with its rows in reading order; lengths in points."""

    number: int
    width: float
    height: float
    rows: tuple[Row, ...]
    shown: tuple[float, float] | None = None
    """Width and height of the page as it is shown, where the rows are those of the page turned upright."""


def is_dense(character: str) -> bool:
    """Whether it is written without spaces between words: Chinese and Japanese, with their signs."""
    return (
        "\u2e80" <= character <= "\ua4cf"
        or "\uf900" <= character <= "\ufaff"
        or "\uff00" <= character <= "\uffef"
    )


def rows_of(glyphs: Glyphs, is_bold: Callable[[int], bool]) -> list[Row]:
    """Cut a page into printed rows.

    White space is one space or a break of the row; what cannot be seen (control characters, characters
    outside the page) is dropped. ``is_bold`` is asked for few characters, by their index in ``glyphs``.
    """
    kept = _Kept.of(glyphs)
    return list(kept.rows(is_bold)) if kept.ink.size else []


@dataclass(frozen=True, slots=True)
class _Kept:
    """The characters that stay. ``ink`` are the positions of those that are not white space."""

    text: str
    source: NDArray[np.intp]
    ink: NDArray[np.intp]
    left: Floats
    top: Floats
    right: Floats
    bottom: Floats
    edges: Floats
    """The left edge of every character, spaces too."""
    breaks: NDArray[np.intp]
    """Line feeds before each character of ``ink``."""

    @classmethod
    def of(cls, glyphs: Glyphs) -> _Kept:
        codes = np.where(glyphs.codes < len(_CANONICAL), _CANONICAL[glyphs.codes & 0xFFFF], glyphs.codes)
        left, top, right, bottom = glyphs.boxes.T
        outside = (right <= 0) | (left >= glyphs.width) | (bottom <= 0) | (top >= glyphs.height)
        source = np.flatnonzero((codes != 0) & ((codes <= _SPACE) | ~outside))
        visible = codes[source] > _SPACE
        after_visible = np.concatenate(([False], visible[:-1]))
        source = source[visible | (codes[source] == _NEWLINE) | after_visible]
        codes = codes[source]
        ink = np.flatnonzero(codes > _SPACE)
        left, top, right, bottom = _inside(glyphs, source[ink])
        return cls(
            text=codes.astype("<u4").tobytes().decode("utf-32-le", "replace"),
            source=source,
            ink=ink,
            left=left,
            top=top,
            right=right,
            bottom=bottom,
            edges=_edges(len(codes), ink, left, right),
            breaks=np.cumsum(codes == _NEWLINE)[ink],
        )

    def rows(self, is_bold: Callable[[int], bool]) -> Iterator[Row]:
        height = self.bottom - self.top
        row_break, run_break = self._breaks(height)
        starts = np.flatnonzero(np.concatenate(([True], row_break)))
        ends = np.append(starts[1:], len(self.ink))
        run_starts = np.flatnonzero(np.concatenate(([True], run_break)))
        wide = np.concatenate(((self.left[1:] - self.right[:-1] > 2 * height[1:]) & ~run_break, [False]))
        columns = zip(
            self.ink[starts].tolist(),
            self.ink[ends - 1].tolist(),
            self._runs(run_starts, starts),
            np.minimum.reduceat(self.left, starts).tolist(),
            np.minimum.reduceat(self.top, starts).tolist(),
            np.maximum.reduceat(self.right, starts).tolist(),
            np.maximum.reduceat(self.bottom, starts).tolist(),
            (np.add.reduceat(height, starts) / (ends - starts)).tolist(),
            np.add.reduceat(wide, starts, dtype=np.intp).tolist(),
            [False, *(np.diff(self.ink)[starts[1:] - 1] == 1).tolist()],
            strict=True,
        )
        edges, source = self.edges.tolist(), self.source.tolist()
        for begin, end, runs, x0, top, x1, bottom, size, gaps, glued in columns:
            text = self.text[begin : end + 1]
            space = 1 if is_dense(text[0]) else text.find(" ")
            first_word = abs((edges[begin + space] if 0 < space < len(text) else x1) - edges[begin])
            bold = len(text) <= _LONGEST_BOLD and is_bold(source[begin]) and is_bold(source[end])
            yield Row(text, runs, x0, top, x1, bottom, size, gaps, first_word, glued, bold)

    def _breaks(self, height: Floats) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """Between each two characters: does a row end, does a run end?"""
        shared = np.minimum(self.bottom[:-1], self.bottom[1:]) - np.maximum(self.top[:-1], self.top[1:])
        apart = shared < 0.25 * np.minimum(height[:-1], height[1:])
        back = self.left[:-1] - self.left[1:]
        high = np.maximum(height[:-1], height[1:])
        # A word hyphenated at the end of a row goes on without a line feed.
        wrapped = apart & (back > 2 * high) & (self.top[1:] > self.top[:-1])
        row_break = (np.diff(self.breaks) > 0) | wrapped
        return row_break, row_break | apart | (back > 1.5 * high)

    def _runs(self, run_starts: NDArray[np.intp], starts: NDArray[np.intp]) -> list[tuple[Run, ...]]:
        """The runs of every row."""
        ends = np.append(run_starts[1:], len(self.ink))
        first, last = self.ink[run_starts], self.ink[ends - 1]
        row = np.searchsorted(starts, run_starts, side="right") - 1
        offset = first - self.ink[starts][row]
        tops = np.minimum.reduceat(self.top, run_starts).tolist()
        bottoms = np.maximum.reduceat(self.bottom, run_starts).tolist()
        stuck = np.diff(self.edges) < _LEAST
        stuck_until = np.concatenate(([0], np.cumsum(stuck)))
        uneven = (stuck_until[last] - stuck_until[first]) > 0
        found: list[list[Run]] = [[] for _ in range(len(starts))]
        for at, (begin, end) in enumerate(zip(first.tolist(), last.tolist(), strict=True)):
            reach = slice(int(run_starts[at]), int(ends[at]))
            edges = np.concatenate((self.edges[begin : end + 1], self.right[reach.stop - 1 : reach.stop]))
            if uneven[at]:
                edges = self._even(edges, begin, reach)
            edge_array = array("f")
            edge_array.frombytes(edges.tobytes())
            start = int(offset[at])
            found[int(row[at])].append(Run(start, start + end - begin + 1, tops[at], bottoms[at], edge_array))
        return [tuple(runs) for runs in found]

    def _even(self, edges: Floats, begin: int, reach: slice) -> Floats:
        """Edges that always move on: the characters of a ligature share its width.

        In a run from right to left an edge is the right edge of its character, so that the edges around
        a span still enclose it.
        """
        left, right = self.left[reach], self.right[reach]
        if left[-1] < left[0]:
            backward = np.full(len(edges) - 1, np.inf, dtype=np.float32)
            backward[self.ink[reach] - begin] = right
            return -_advancing(-np.append(np.minimum.accumulate(backward), left.min()))
        end = right.max()
        # A space may begin where the page ends; its edge makes room for the last one.
        forward = np.minimum(np.maximum.accumulate(edges[:-1]), end - np.float32(_LEAST))
        return _advancing(np.append(forward, end))


def _inside(glyphs: Glyphs, indexes: NDArray[np.intp]) -> tuple[Floats, Floats, Floats, Floats]:
    """The boxes of some characters, cut at the page, each with an area."""
    left, top, right, bottom = glyphs.boxes[indexes].T
    # Rounded down: a 32-bit width may be larger than the page's own.
    wide = np.nextafter(np.float32(glyphs.width), np.float32(0))
    high = np.nextafter(np.float32(glyphs.height), np.float32(0))
    left, top = np.clip(left, 0, wide - np.float32(_LEAST)), np.clip(top, 0, high - np.float32(_LEAST))
    right = np.clip(right, left + np.float32(_LEAST), wide)
    return left, top, right, np.clip(bottom, top + np.float32(_LEAST), high)


def _edges(count: int, ink: NDArray[np.intp], left: Floats, right: Floats) -> Floats:
    """The left edge of every character; a space begins where the character before it ends."""
    edges = np.zeros(count, dtype=np.float32)
    edges[ink] = left
    spaced = np.flatnonzero(np.diff(ink) > 1)
    following = left[spaced + 1]
    edges[ink[spaced] + 1] = np.where(
        following > left[spaced], np.minimum(right[spaced], following), right[spaced]
    )
    return edges


def _advancing(edges: Floats) -> Floats:
    """Spread equal edges over the room up to the next larger one."""
    edges[-1] = max(edges[-1], edges[:-1].max() + np.float32(_LEAST))
    moves = np.concatenate(([True], np.diff(edges) >= _LEAST / 2))
    moves[-1] = True
    known = np.flatnonzero(moves)
    return np.interp(np.arange(len(edges)), known, edges[known]).astype(np.float32)
