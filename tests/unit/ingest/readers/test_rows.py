from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from ingest.readers.rows import Glyphs, rows_of

if TYPE_CHECKING:
    from ingest.readers.rows import Row

WIDTH, HEIGHT = 600.0, 800.0
LETTER, LINE = 6.0, 12.0


def never_bold(_index: int) -> bool:
    return False


def printed(text: str, *, left: float = 50.0, top: float = 50.0) -> Glyphs:
    """Every character six points wide; a line feed begins the next row."""
    boxes: list[tuple[float, float, float, float]] = []
    x, y = left, top
    for character in text:
        boxes.append((x, y, x + LETTER, y + 10))
        x, y = (left, y + LINE) if character == "\n" else (x + LETTER, y)
    codes = np.array([ord(character) for character in text], dtype=np.uint32)
    return Glyphs(codes, np.array(boxes, dtype=np.float32).reshape(-1, 4), WIDTH, HEIGHT)


def moved(glyphs: Glyphs, index: slice, across: float, down: float) -> Glyphs:
    boxes = glyphs.boxes.copy()
    boxes[index] += np.array([across, down, across, down], dtype=np.float32)
    return Glyphs(glyphs.codes, boxes, glyphs.width, glyphs.height)


def texts(rows: list[Row]) -> list[str]:
    return [row.text for row in rows]


def test_line_feeds_end_rows_and_spaces_run_together() -> None:
    assert texts(rows_of(printed("One \xa0two \n\n three"), never_bold)) == ["One two", "three"]


def test_a_hyphen_at_the_end_of_a_row_glues_the_next_one() -> None:
    glyphs = moved(printed("cross\ufffereference"), slice(6, None), -6 * LETTER, LINE)
    first, second = rows_of(glyphs, never_bold)
    assert (first.text, second.text) == ("cross-", "reference")
    assert second.glued
    assert not first.glued


def test_what_cannot_be_seen_is_dropped() -> None:
    glyphs = moved(printed("se\x00en\u200bhidden"), slice(6, None), WIDTH, 0)
    assert texts(rows_of(glyphs, never_bold)) == ["seen"]


def test_the_private_bullet_and_the_soft_hyphen_become_plain() -> None:
    assert texts(rows_of(printed("\uf0b7 co\xadop"), never_bold)) == ["• co-op"]


def test_edges_are_where_the_characters_stand() -> None:
    (row,) = rows_of(printed("ab cd"), never_bold)
    (run,) = row.runs
    assert list(run.edges) == [50.0, 56.0, 62.0, 68.0, 74.0, 80.0]
    assert (row.x0, row.top, row.x1, row.bottom) == (50.0, 50.0, 80.0, 60.0)
    assert row.first_word == 2 * LETTER


def test_characters_of_a_ligature_share_its_width() -> None:
    glyphs = printed("fix")
    boxes = glyphs.boxes.copy()
    boxes[1] = boxes[0]
    (row,) = rows_of(Glyphs(glyphs.codes, boxes, WIDTH, HEIGHT), never_bold)
    edges = list(row.runs[0].edges)
    assert edges[0] < edges[1] < edges[2] == 62.0


def test_from_right_to_left_the_edges_enclose_each_character() -> None:
    glyphs = printed("אבג")
    glyphs = Glyphs(glyphs.codes, glyphs.boxes[::-1].copy(), WIDTH, HEIGHT)
    (row,) = rows_of(glyphs, never_bold)
    assert list(row.runs[0].edges) == [68.0, 62.0, 56.0, 50.0]


def test_turned_text_has_a_run_for_every_character() -> None:
    boxes = np.array([(50, 90 - 10 * n, 60, 99 - 10 * n) for n in range(4)], dtype=np.float32)
    codes = np.array([ord(character) for character in "turn"], dtype=np.uint32)
    (row,) = rows_of(Glyphs(codes, boxes, WIDTH, HEIGHT), never_bold)
    assert row.text == "turn"
    assert [(run.start, run.end) for run in row.runs] == [(0, 1), (1, 2), (2, 3), (3, 4)]


def test_columns_count_as_gaps() -> None:
    glyphs = moved(printed("Fee 100"), slice(4, None), 80, 0)
    assert rows_of(glyphs, never_bold)[0].gaps == 1


def test_a_row_is_bold_when_it_begins_and_ends_bold() -> None:
    glyphs = printed("Bold\nNot")
    assert [row.bold for row in rows_of(glyphs, lambda index: index < 4)] == [True, False]


def test_a_page_without_ink_has_no_rows() -> None:
    assert rows_of(printed(" \n "), never_bold) == []
    assert rows_of(printed(""), never_bold) == []


coordinates = st.floats(-200, 1000, width=32)
boxes_anywhere = st.tuples(coordinates, coordinates, coordinates, coordinates)
characters = st.sampled_from("ab1 \n\t\xa0\ufffe\x00\uf0b7жא第_")


@given(st.lists(st.tuples(characters, boxes_anywhere), max_size=40))
def test_however_characters_lie_each_stands_in_one_run_inside_the_page(
    placed: list[tuple[str, tuple[float, float, float, float]]],
) -> None:
    codes = np.array([ord(character) for character, _ in placed], dtype=np.uint32)
    boxes = np.array([box for _, box in placed], dtype=np.float32).reshape(-1, 4)
    for row in rows_of(Glyphs(codes, boxes, WIDTH, HEIGHT), never_bold):
        assert row.text == " ".join(row.text.split())
        held = 0
        for run in row.runs:
            assert not row.text[held : run.start].strip()
            assert held <= run.start < run.end
            held = run.end
            assert len(run.edges) == run.end - run.start + 1
            assert 0 <= min(run.edges) < max(run.edges) <= WIDTH
            assert 0 <= run.top < run.bottom <= HEIGHT
            steps = np.diff(np.array(run.edges))
            assert np.all(steps > 0) or np.all(steps < 0)
        assert held == len(row.text)
