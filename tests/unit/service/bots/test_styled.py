"""Text with marks: pieces that fit, and nothing lost between them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from service.bots.styled import Mark, Styled, joined, marked, merged, plain, split

if TYPE_CHECKING:
    from service.bots.styled import Kind

WORDS = st.text(st.sampled_from("ab é1😀中。. \n\u0301\u200d"), max_size=300)
LOOKS: list[Kind] = ["bold", "code", "link", "quote"]
KINDS = st.sampled_from(LOOKS)


def units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


@st.composite
def styled(draw: st.DrawFn) -> Styled:
    text = draw(WORDS)
    places = st.tuples(st.integers(0, len(text)), st.integers(0, len(text)))
    spans = draw(st.lists(places, max_size=5))
    marks = [Mark(min(a, b), max(a, b), draw(KINDS)) for a, b in spans if a != b]
    return Styled(text, tuple(sorted(marks, key=lambda mark: mark.start)))


@given(styled(), st.integers(10, 60))
def test_pieces_fit_and_hold_every_character_that_is_not_white_space(content: Styled, longest: int) -> None:
    pieces = split(content, longest, units)

    assert all(units(piece.text) <= longest for piece in pieces)
    assert re.sub(r"\s", "", "".join(piece.text for piece in pieces)) == re.sub(r"\s", "", content.text)
    for piece in pieces:
        assert all(0 <= mark.start < mark.end <= len(piece.text) for mark in piece.marks)


@given(styled(), st.integers(10, 60))
def test_marked_words_stay_marked(content: Styled, longest: int) -> None:
    def under(whole: Styled, kind: str) -> str:
        return "".join(re.sub(r"\s", "", text) for text, kinds, _ in whole.runs() if kind in kinds)

    pieces = split(content, longest, units)
    for kind in LOOKS:
        assert "".join(under(piece, kind) for piece in pieces) == under(content, kind)


def test_borders_are_taken_between_paragraphs_lines_and_words() -> None:
    assert [p.text for p in split(plain("one two\n\nthree four"), 12, len)] == ["one two", "three four"]
    assert [p.text for p in split(plain("one two\nthree four"), 12, len)] == ["one two", "three four"]
    assert [p.text for p in split(plain("one two three four"), 12, len)] == ["one two", "three four"]
    assert [p.text for p in split(plain("x" * 30), 12, len)] == ["x" * 12, "x" * 12, "x" * 6]


def test_a_link_is_not_cut() -> None:
    content = plain("see page ") + marked("a b c d", "link", "https://firm.example") + plain(" for more")

    first, second = split(content, 13, len)[:2]

    assert first.text == "see page"
    assert second.cut(0, 7) == marked("a b c d", "link", "https://firm.example")


def test_an_emoji_of_several_characters_is_not_cut() -> None:
    family = "👩\u200d👩\u200d👧"
    assert [piece.text for piece in split(plain("x" * 8 + family), 10, len)] == ["x" * 8, family]


def test_adding_keeps_the_marks_at_their_words() -> None:
    whole = joined([plain("a "), marked("bold", "bold"), marked(" code", "code")], "|")

    assert [(text, set(kinds)) for text, kinds, _ in whole.runs()] == [
        ("a |", set()),
        ("bold", {"bold"}),
        ("|", set()),
        (" code", {"code"}),
    ]


def test_marks_that_touch_are_one_but_links_stay_apart() -> None:
    marks = [Mark(0, 2, "bold"), Mark(2, 4, "bold"), Mark(4, 5, "link", "u"), Mark(5, 6, "link", "u")]
    assert merged(marks) == (Mark(0, 4, "bold"), Mark(4, 5, "link", "u"), Mark(5, 6, "link", "u"))


def test_edits_move_the_marks_with_their_words() -> None:
    content = plain("ab ") + marked("cd", "bold") + plain(" ") + marked("x", "code")
    changed = content.edited([(0, 1, "AAA"), (4, 4, "-"), (6, 7, "")])
    assert [(text, set(kinds)) for text, kinds, _ in changed.runs()] == [
        ("AAAb ", set()),
        ("c-d", {"bold"}),
        (" ", set()),
    ]


def test_nothing_turns_the_order_of_letters_round() -> None:
    content = plain("pay \u202e") + marked("\u206600001\u2069", "bold")
    assert content.upright() == plain("pay ") + marked("00001", "bold")
