"""Recognised words → a printed page, as a text layer would give it. Pure.

Tesseract's rectangles hug the ink: a line without tall letters is low. Rows of one font must have one
height, or their paragraph falls apart; so the baseline and the font size are estimated from the letters.
"""

from __future__ import annotations

import re
from array import array
from collections import Counter
from dataclasses import dataclass, replace
from itertools import groupby
from statistics import median
from typing import TYPE_CHECKING

import numpy as np

from ingest.readers.rows import Glyphs, PrintedPage, Run, is_dense, rows_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from ingest.readers.recognition import Recognised
    from ingest.readers.rows import Row
    from ingest.readers.tesseract import Word

    Rectangle = tuple[float, float, float, float]

_BELOW = re.compile(r"[gjpqyQ,;()\[\]{}|/@$_§ДЦЩдрущцфў]")
_ABOVE = re.compile(r"[A-ZА-ЯЁ0-9bdfhklit()\[\]{}|/@&%!?бфйё]")
_CAPITAL, _SMALL, _DENSE = 0.72, 0.53, 0.92
"""Share of the font size that a capital, a small letter and a Chinese character are high."""
_DESCENT = 0.22
"""Share of the font size below the baseline."""
_ALIKE = 0.17
"""Sizes that differ less are one font's: an estimate is that unsure."""
_SEEN_GAP, _COLUMN_GAP = 0.45, 1.0
"""In font sizes: a blank beside a Chinese character, and one between two of them, that are meant."""
_LONGEST_PIECE = 12
_FULL_WIDTH = str.maketrans("():;,?!", "（）：；，？！")
_HAN = r"[\u3400-\u9fff]"
_NARROW_IN_DENSE = re.compile(
    rf"(?<={_HAN})[:;,?!)]|(?<=[）》”])[:;,]|(?<!\w)[(](?={_HAN})|(?<={_HAN})[(](?={_HAN})|(?<={_HAN})[.·'`•](?={_HAN})"
)
"""Signs that Chinese prints as wide as a character; a parenthesis only around Chinese."""
_HALF_ANGLE = re.compile(r"〈(?=[^〈〉\n]{0,60}(?:[）)\n]|\Z))")
"""An angle that a parenthesis closes, or nothing in its line, was one."""


@dataclass(frozen=True, slots=True)
class _Line:
    words: tuple[Word, ...]
    baseline: float
    size: float
    """The font size in pixels."""


def printed_page(page: Recognised, number: int, shown: tuple[int, int], scale: float) -> PrintedPage:
    """Lay recognised words out.

    Args:
        page: the words, upright.
        number: of the page, from 1.
        shown: width and height in pixels of the picture as it is shown, which may not be upright.
        scale: points a pixel.
    """
    width, height = shown[0] * scale, shown[1] * scale
    upright = (height, width) if page.turn in (90, 270) else (width, height)
    rows = rows_of(_glyphs(_lines(page.words), *upright, scale), lambda _: False)
    if page.turn:
        place = _turned_back(page.turn, width, height)
        rows = [replace(row, runs=tuple(_placed(row, place))) for row in rows]
    return PrintedPage(number, *upright, tuple(rows), (width, height))


def _lines(words: Sequence[Word]) -> list[_Line]:
    """The lines of a page; sizes that differ by what an estimate is unsure of are made one."""
    lines = [_measured(tuple(group)) for _, group in groupby(words, key=lambda word: word.line)]
    weights: Counter[int] = Counter()
    for line in lines:
        weights[round(line.size)] += sum(len(word.text) for word in line.words)
    common = _common_sizes(weights)
    return [replace(line, size=common[round(line.size)]) for line in lines]


def _measured(words: tuple[Word, ...]) -> _Line:
    bases = [
        word.bottom for word in words if not _BELOW.search(word.text) and any(map(str.isalnum, word.text))
    ]
    baseline = median(bases) if bases else max(word.bottom for word in words)
    sizes = [size for word in words for size in _sizes(word, baseline)]
    size = median(sizes) if sizes else median(word.bottom - word.top for word in words) / _CAPITAL
    if any(map(is_dense, (word.text[0] for word in words))):
        baseline = max(baseline, median(word.bottom for word in words)) - 0.1 * size
    return _Line(words, baseline, max(size, 1.0))


def _sizes(word: Word, baseline: float) -> Iterator[float]:
    """The font size that a word's height tells, once a character: long words tell more."""
    if any(map(is_dense, word.text)):
        if len(word.text) == sum(map(is_dense, word.text)) and any(map(str.isalnum, word.text)):
            yield from [(word.bottom - word.top) / _DENSE] * len(word.text)
    elif _ABOVE.search(word.text):
        yield from [(baseline - word.top) / _CAPITAL] * len(word.text)
    elif word.text.isalpha():
        yield from [(baseline - word.top) / _SMALL] * len(word.text)


def _common_sizes(weights: Mapping[int, int]) -> Mapping[int, float]:
    """For each size the most frequent one that is like it."""
    taken: dict[int, float] = {}
    for size in sorted(weights, key=lambda size: -weights[size]):
        like = (common for common in set(taken.values()) if abs(common - size) <= _ALIKE * common)
        taken[size] = min(like, key=lambda common: abs(common - size), default=float(size))
    return taken


def _glyphs(lines: Sequence[_Line], width: float, height: float, scale: float) -> Glyphs:
    """The characters of all lines; those of a word share its width."""
    text: list[str] = []
    boxes: list[Rectangle] = []
    for index, line in enumerate(lines):
        bottom = line.baseline + _DESCENT * line.size
        band = (bottom - line.size, bottom)
        for before, word in zip((None, *line.words), line.words, strict=False):
            if before and _is_spaced(before, word, line.size):
                text.append(" ")
                boxes.append((0, 0, 0, 0))
            text.append(word.text)
            step = (word.right - word.left) / len(word.text)
            boxes += [
                (word.left + step * at, band[0], word.left + step * (at + 1), band[1])
                for at in range(len(word.text))
            ]
        if not _is_hyphenated(line, lines[index + 1 : index + 2]):
            text.append("\n")
            boxes.append((0, 0, 0, 0))
    codes = np.frombuffer(_full_width("".join(text)).encode("utf-32-le"), dtype="<u4").astype(np.uint32)
    rectangles = np.array(boxes, dtype=np.float32).reshape(-1, 4) * np.float32(scale)
    return Glyphs(codes, rectangles, width, height)


def _is_spaced(before: Word, word: Word, size: float) -> bool:
    gap = word.left - before.right
    dense = is_dense(before.text[-1]), is_dense(word.text[0])
    if all(dense):
        return gap > _COLUMN_GAP * size
    return gap > _SEEN_GAP * size if any(dense) else True


def _is_hyphenated(line: _Line, following: Sequence[_Line]) -> bool:
    """Whether the next line goes on with a word that the hyphen at the end of this one breaks."""
    last = line.words[-1]
    if not following or len(last.text) < 2 or last.text[-1] != "-" or not last.text[-2].isalpha():  # noqa: PLR2004 — a letter and the hyphen
        return False
    first = following[0].words[0]
    return first.line[:2] == last.line[:2] and first.left < last.left and first.text[0].islower()


def _full_width(text: str) -> str:
    """Signs beside Chinese as Chinese prints them: the model writes them narrow. As long as before."""
    wide = _NARROW_IN_DENSE.sub(
        lambda sign: sign[0].translate(_FULL_WIDTH) if sign[0] in "():;,?!" else "·", text
    )
    return _HALF_ANGLE.sub("（", wide)


def _turned_back(turn: int, width: float, height: float) -> Callable[[Rectangle], Rectangle]:
    """From the upright page to the page as it is shown, ``width`` by ``height`` points."""

    def place(box: Rectangle) -> Rectangle:
        left, top, right, bottom = box
        match turn:
            case 90:
                return top, height - right, bottom, height - left
            case 180:
                return width - right, height - bottom, width - left, height - top
            case _:
                return width - bottom, left, width - top, right

    return place


def _placed(row: Row, place: Callable[[Rectangle], Rectangle]) -> Iterator[Run]:
    """The runs of a row that does not run from left to right: every piece of a word has one box.

    The edges alternate, so that any part of the piece is cited by the whole box.
    """
    for run in row.runs:
        for piece in re.finditer(rf"\S{{1,{_LONGEST_PIECE}}}", row.text[run.start : run.end]):
            start, end = piece.span()
            reach = run.edges[start : end + 1]
            left, top, right, bottom = place((min(reach), run.top, max(reach), run.bottom))
            edges = array("f", [(left, right)[at % 2] for at in range(end - start + 1)])
            yield Run(run.start + start, run.start + end, top, bottom, edges)
