"""Signs among Chinese that the model has not learned or mistakes, told by the shape of their ink. Pure.

Tesseract's Chinese model knows neither the dot in foreign names nor the dash: it writes a comma, a quote or
一, or nothing. Corner brackets it takes for others. Between blanks their ink cannot be mistaken.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from itertools import groupby, pairwise
from statistics import median
from typing import TYPE_CHECKING, Final

import numpy as np

from ingest.readers.rows import is_dense

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from ingest.readers.tesseract import Picture, Word

    Ink = NDArray[np.bool_]
    """[height, width]: where there is ink."""

_INKED: Final = 140
"""Grey level below which a pixel is ink."""
_HEIGHT: Final = 0.92
"""Share of the font size that a Chinese character is high. All that follows is in font sizes."""
_MOST_OF_IT: Final = 0.75
"""Of the rows of a line's rectangle that one row of characters takes up."""
_ABOVE, _BESIDE = 0.12, 1.5
"""How far the ink of a line reaches beyond its words: a sign at its end may not have been read at all."""
_DOT, _DOT_OFF_CENTRE, _DOT_ROUND = (0.07, 0.25), 0.14, 1.4
_DASH, _DASH_HEIGHT, _DASH_OFF_CENTRE = 1.5, 0.12, 0.15
_CORNER_WIDTH, _CORNER_HEIGHT = (0.15, 0.5), (0.5, 0.95)
_STEM, _ARM_HEIGHT, _LEAST_ARM = 0.15, 0.25, 0.1
_BLANK: Final = 0.2
"""At either side of a dot that was not read as any sign: a speck has less."""
_MISTAKEN: Final = {
    "·": frozenset("，,'‘’“”\".:：;；、·•-一|。`"),
    "—": frozenset("一-—－~_–"),
    "「": frozenset("「[【|1I站『(〈"),
    "」": frozenset("」]】|1Il』)〉"),
}
"""What is read where a sign stands."""
_REACH: Final = 0.6
_HAN: Final = r"[\u3400-\u9fff]"
_QUOTES: Final = frozenset("“”\"‘’'")
_QUOTE_SIDE: Final = 0.5
"""How wide and high the ink of a quote may be, or of a dot that is taken for one."""
_DOUBLED: Final = re.compile(
    r"(?<=·)['`.:,|“”](?=\w)|(?<=\w)['`.:,|“”](?=·)|〈(?=[（(])|(?<=[（(])〈|(?<=\d%)\d"
)
"""Signs that are read beside the one that is printed, from the same ink."""
_LOW_DOT: Final = re.compile(rf"(?<={_HAN})\.(?={_HAN})")
"""Were it a middle dot, its ink would have told."""
_DASH_OF_FIGURES: Final = re.compile(r"(?<=[0-9A-Za-z])一(?=[0-9A-Za-z])")


@dataclass(frozen=True, slots=True)
class _Sign:
    """A sign that was seen: its text and, in pixels, where its ink starts and ends."""

    text: str
    left: int
    right: int
    alone: bool
    """Whether there is a blank at either side."""


@dataclass(frozen=True, slots=True)
class _Piece:
    """Ink between two blank columns, in pixels of the page."""

    left: int
    right: int
    top: int
    ink: Ink


@dataclass(frozen=True, slots=True)
class _Band:
    """The height of a line's Chinese characters, in pixels, and its font size."""

    top: float
    bottom: float
    size: float


def restored(words: Sequence[Word], picture: Picture) -> tuple[Word, ...]:
    """The words with the signs that their ink tells.

    Args:
        words: in pixels of ``picture``, in reading order; lines without Chinese stay as they are.
        picture: upright.
    """
    found: list[Word] = []
    for _, group in groupby(words, key=lambda word: word.line):
        line = _tightened(list(group), picture)
        band = _band(line)
        if band is None:
            found += line
            continue
        line = _without_phantoms(line, band, picture)
        for sign in _signs(line, band, picture):
            line = _placed(line, sign, band.size)
        found += _tidied(line)
    return tuple(found)


def _tightened(line: list[Word], picture: Picture) -> list[Word]:
    """Words that tesseract gives the rectangle of their line, blank rows and all, are made as high as ink."""
    band = _band(line)
    if band is None:
        return line
    top, bottom = int(band.top), int(band.bottom)
    shown = picture[top:bottom, min(word.left for word in line) : max(word.right for word in line)]
    rows = _runs(np.logical_or.reduce(shown < _INKED, axis=1)).tolist()
    start, end = max(rows, key=lambda run: run[1] - run[0], default=(0, bottom - top))
    if end - start >= _MOST_OF_IT * (bottom - top):
        return line
    return [
        replace(word, top=max(word.top, top + start), bottom=min(word.bottom, top + end))
        if word.top < top + end and word.bottom > top + start
        else word
        for word in line
    ]


def _band(line: Sequence[Word]) -> _Band | None:
    """None where a line has too few Chinese characters to measure."""
    dense = [
        word for word in line if all(character.isalnum() and is_dense(character) for character in word.text)
    ]
    if len(dense) < 2:  # noqa: PLR2004 — one alone may be a misread sign
        return None
    size = median(word.bottom - word.top for word in dense) / _HEIGHT
    return _Band(median(word.top for word in dense), median(word.bottom for word in dense), max(size, 1.0))


def _signs(line: Sequence[Word], band: _Band, picture: Picture) -> Iterator[_Sign]:
    """What stands between blank columns and has the shape of a sign."""
    pieces = list(_pieces(line, band, picture))
    blanks = [band.size, *(after.left - before.right for before, after in pairwise(pieces)), band.size]
    for at, piece in enumerate(pieces):
        off_centre = (piece.top + len(piece.ink) / 2 - (band.top + band.bottom) / 2) / band.size
        if text := _told(piece.ink, off_centre, band.size):
            alone = min(blanks[at], blanks[at + 1]) >= _BLANK * band.size
            yield _Sign(text, piece.left, piece.right, alone)


def _pieces(line: Sequence[Word], band: _Band, picture: Picture) -> Iterator[_Piece]:
    top = max(0, int(band.top - _ABOVE * band.size))
    left = max(0, int(min(word.left for word in line) - _BESIDE * band.size))
    right = int(max(word.right for word in line) + _BESIDE * band.size)
    ink = picture[top : int(band.bottom + _ABOVE * band.size), left:right] < _INKED
    for start, end in _runs(np.logical_or.reduce(ink, axis=0)).tolist():
        piece = ink[:, start:end]
        rows = np.flatnonzero(np.logical_or.reduce(piece, axis=1))
        upper, lower = int(rows[0]), int(rows[-1]) + 1
        yield _Piece(left + start, left + end, top + upper, piece[upper:lower])


def _without_phantoms(line: list[Word], band: _Band, picture: Picture) -> list[Word]:
    """Without quotes that are read where a blank as wide as a character is."""
    letters = [(number, place) for number, word in enumerate(line) for place in range(len(word.text))]
    quotes = [letter for letter in letters if line[letter[0]].text[letter[1]] in _QUOTES]
    if not quotes:
        return line
    side, reach = _QUOTE_SIDE * band.size, _BESIDE * band.size
    seen = [
        (piece.left + piece.right) / 2
        for piece in _pieces(line, band, picture)
        if piece.right - piece.left <= side and len(piece.ink) <= side
    ]
    gone = [letter for letter in quotes if all(abs(_middle(line, letter) - at) > reach for at in seen)]
    return _with(line, dict.fromkeys(gone, "")) if gone else line


def _runs(inked: NDArray[np.bool_]) -> NDArray[np.intp]:
    """[pieces, 2]: where the columns, or rows, with ink start and end."""
    edges = np.diff(inked.astype(np.int8), prepend=0, append=0)
    return np.flatnonzero(edges).reshape(-1, 2)


def _told(ink: Ink, off_centre: float, size: float) -> str:
    """The sign that a piece is, or nothing; ``off_centre`` in font sizes, downwards."""
    height, width = ink.shape[0] / size, ink.shape[1] / size
    if _lies(width, _DOT) and _lies(height, _DOT) and 1 / _DOT_ROUND <= width / height <= _DOT_ROUND:
        return "·" if abs(off_centre) < _DOT_OFF_CENTRE else ""
    if width >= _DASH and height <= _DASH_HEIGHT and abs(off_centre) < _DASH_OFF_CENTRE:
        return "—" * round(width)
    if not (_lies(width, _CORNER_WIDTH) and _lies(height, _CORNER_HEIGHT)):
        return ""
    if _is_corner(ink, size):
        return "「"
    return "」" if _is_corner(ink[::-1, ::-1], size) else ""


def _lies(length: float, bounds: tuple[float, float]) -> bool:
    return bounds[0] <= length <= bounds[1]


def _is_corner(ink: Ink, size: float) -> bool:
    """Whether it is a stem at the left with an arm to the right at its top, and nothing else."""
    stem = np.flatnonzero(ink.mean(axis=0) > 0.9)  # noqa: PLR2004 — nearly all of the column
    if not len(stem) or stem[0] > _LEAST_ARM * size or stem[-1] - stem[0] >= _STEM * size:
        return False
    arm = ink[:, stem[-1] + 1 :]
    above = max(2, round(_ARM_HEIGHT * len(ink)))
    if arm.shape[1] < _LEAST_ARM * size or arm[above:].any():
        return False
    return bool(arm[:above].any(axis=0).mean() > 0.8)  # noqa: PLR2004 — a thin arm may be broken


def _placed(line: list[Word], sign: _Sign, size: float) -> list[Word]:
    """The line with a sign in place of what was read there, or between what stands beside it."""
    middle = (sign.left + sign.right) / 2
    mistaken = _MISTAKEN[sign.text[0]]
    letters = [
        (word.left + (word.right - word.left) * (place + 0.5) / len(word.text), number, place)
        for number, word in enumerate(line)
        for place in range(len(word.text))
    ]
    near = [
        (number, place)
        for at, number, place in letters
        if line[number].text[place] in mistaken
        and sign.left - _REACH * size <= at <= sign.right + _REACH * size
    ]
    if len(sign.text) == 1:
        near = sorted(near, key=lambda letter: abs(_middle(line, letter) - middle))[:1]
    if near:
        return _with(line, dict.fromkeys(near, "") | {near[0]: sign.text})
    before = [(number, place) for at, number, place in letters if at < middle]
    if not sign.alone or not before:
        return line
    number, place = before[-1]
    return _with(line, {(number, place): line[number].text[place] + sign.text})


def _middle(line: Sequence[Word], letter: tuple[int, int]) -> float:
    word = line[letter[0]]
    return word.left + (word.right - word.left) * (letter[1] + 0.5) / len(word.text)


def _with(line: Sequence[Word], changed: dict[tuple[int, int], str]) -> list[Word]:
    """The line with other characters, by word and place; words without any left are gone."""
    texts = [
        "".join(changed.get((number, place), character) for place, character in enumerate(word.text))
        for number, word in enumerate(line)
    ]
    return [replace(word, text=text) for word, text in zip(line, texts, strict=True) if text]


def _tidied(line: list[Word]) -> list[Word]:
    """Without signs that are read twice, with full stops for low dots, and dashes between figures."""
    letters = [(number, place) for number, word in enumerate(line) for place in range(len(word.text))]
    text = "".join(word.text for word in line)
    changed = {letters[found.start()]: "" for found in _DOUBLED.finditer(text)}
    changed |= {letters[found.start()]: "。" for found in _LOW_DOT.finditer(text)}
    changed |= {letters[found.start()]: "—" for found in _DASH_OF_FIGURES.finditer(text)}
    return _with(line, changed) if changed else line
