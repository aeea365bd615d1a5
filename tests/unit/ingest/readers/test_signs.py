from __future__ import annotations

import numpy as np
import pytest

from ingest.readers.signs import restored
from ingest.readers.tesseract import Word

SIZE, TOP = 30, 20
"""Of the characters of a line, in pixels, and where they start."""


def word(text: str, cell: float, width: float = 1, height: int = 28) -> Word:
    left = round(20 + SIZE * cell)
    return Word(text, left, TOP, left + round(SIZE * width) - 2, TOP + height, 90, (1, 1, 1))


def line(*inked: tuple[float, float, float, float]) -> np.ndarray[tuple[int, int], np.dtype[np.uint8]]:
    """White paper with rectangles of ink: left, top, right, bottom in font sizes from the line's start."""
    paper = np.full((80, 400), 255, np.uint8)
    for box in inked:
        left, top, right, bottom = (round(SIZE * side) for side in box)
        paper[TOP + top : TOP + bottom, 20 + left : 20 + right] = 0
    return paper


FIRST, LAST = (0.0, 0.0, 0.93, 0.93), (2.0, 0.0, 2.93, 0.93)
DOT = (1.42, 0.4, 1.55, 0.53)
DASH = (1.0, 0.45, 2.9, 0.5)
OPENING = ((1.5, 0.0, 1.56, 0.7), (1.5, 0.0, 1.8, 0.06))
CLOSING = ((1.4, 0.9, 1.7, 0.96), (1.64, 0.25, 1.7, 0.96))


def text(words: tuple[Word, ...]) -> str:
    return "".join(each.text for each in words)


@pytest.mark.parametrize("read", ["，", "'", "“", "."])
def test_a_dot_at_half_height_is_no_comma(read: str) -> None:
    words = [word("德", 0), word(read, 1), word("华", 2)]
    assert text(restored(words, line(FIRST, DOT, LAST))) == "德·华"


def test_a_dot_that_was_not_read_is_put_back() -> None:
    assert text(restored([word("德", 0), word("华", 2)], line(FIRST, DOT, LAST))) == "德·华"


def test_a_speck_between_two_characters_is_no_dot() -> None:
    near = (0.99, 0.4, 1.12, 0.53), (1.15, 0.0, 2.08, 0.93)
    assert text(restored([word("德", 0), word("华", 1.15)], line(FIRST, *near))) == "德华"


def test_a_comma_stays() -> None:
    words = [word("德", 0), word("，", 1), word("华", 2)]
    assert restored(words, line(FIRST, (1.1, 0.75, 1.25, 0.95), LAST)) == tuple(words)


def test_a_dash_is_no_number() -> None:
    words = [word("德", 0), word("一", 1, 2), word("华", 3)]
    assert text(restored(words, line(FIRST, DASH, (3.0, 0.0, 3.93, 0.93)))) == "德——华"


@pytest.mark.parametrize(("ink", "read", "sign"), [(OPENING, "[", "「"), (CLOSING, "1", "」")])
def test_corner_brackets_are_told_by_their_shape(
    ink: tuple[tuple[float, float, float, float], ...], read: str, sign: str
) -> None:
    words = [word("德", 0), word(read, 1), word("华", 2)]
    assert text(restored(words, line(FIRST, *ink, LAST))) == f"德{sign}华"


def test_one_ink_is_one_sign() -> None:
    words = [word("德", 0), word("“'", 1), word("华", 2)]
    assert text(restored(words, line(FIRST, DOT, LAST))) == "德·华"


def test_words_that_are_given_the_height_of_two_lines_are_made_as_high_as_their_ink() -> None:
    words = [word("德", 0, height=52), word("，", 1, height=52), word("华", 2, height=52)]
    found = restored(words, line(FIRST, DOT, LAST))
    assert text(found) == "德·华"
    assert {(each.top, each.bottom) for each in found} == {(TOP, TOP + 28)}


def test_a_quote_needs_ink() -> None:
    words = [word("条", 0), word("“", 1), word("质", 2)]
    assert text(restored(words, line(FIRST, LAST))) == "条质"
    quote = (1.6, 0.05, 1.7, 0.3), (1.8, 0.05, 1.9, 0.3)
    assert text(restored(words, line(FIRST, *quote, LAST))) == "条“质"


def test_other_scripts_stay_as_they_are() -> None:
    words = [word("No", 0), word(",", 1), word("end", 2)]
    assert restored(words, line(FIRST, DOT, LAST)) == tuple(words)
