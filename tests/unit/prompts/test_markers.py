from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prompts.marker_grammar import QUOTE_LIMIT, Group
from prompts.markers import MarkerStream, escape, merge, parse, unescape

FRAGMENTS = st.sampled_from(
    [
        "[D7:31",
        "[D7:31]",
        '[D7:31 "',
        '"]',
        "]",
        "[",
        "D7:31",
        ' "a b"',
        "“",
        "”",
        "«",
        "»",
        "\\",
        "\n",
        "\n\n",
        "; D8:2",
        ", 33",
        "-33",
        " and ",
        " words",
        ". ",
        "【D1：2 「合同」】",
        "[\\D7:31]",
        "[ d7 : 3 ]",
        "D[1]",
        "[1]",
        "'",
        "`",
    ]
)
WRITTEN = st.lists(st.one_of(FRAGMENTS, st.text(max_size=6)), max_size=14).map("".join)


def references(answer: str) -> list[tuple[str, str]]:
    groups = [piece for piece in parse(answer) if isinstance(piece, Group)]
    return [(item.marker, item.quote) for group in groups for item in group.references]


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("[D7:31]", [("D7:31", "")]),
        ('[D7:31 "thirty days"]', [("D7:31", "thirty days")]),
        ("[D7:31-33]", [("D7:31-33", "")]),
        ("[D7:31–D7:33]", [("D7:31-33", "")]),
        ("[D7:33-31]", [("D7:31-33", "")]),
        ("[D7:31][D8:2]", [("D7:31", ""), ("D8:2", "")]),
        ('[D7:31 "a"; D8:2 «b», D9:1]', [("D7:31", "a"), ("D8:2", "b"), ("D9:1", "")]),
        ("[D7:31, 33]", [("D7:31", ""), ("D7:33", "")]),
        ("[D7:31 and D8:1]", [("D7:31", ""), ("D8:1", "")]),
        ("[D7:31 “curly”]", [("D7:31", "curly")]),
        ("【D7：31 「合同」】", [("D7:31", "合同")]),
        ('[D7:31: "after a colon"]', [("D7:31", "after a colon")]),
        ('[D7:31 "the "Effective Date" means"]', [("D7:31", 'the "Effective Date" means')]),
        ('[D7:31 "as of ["Effective Date"] the"]', [("D7:31", 'as of ["Effective Date"] the')]),
        ('[D7:31 "say \\"x\\" now"]', [("D7:31", 'say "x" now')]),
        ("[D7:31 within thirty days]", [("D7:31", "within thirty days")]),
        ("[d7:31]", [("D7:31", "")]),
        ('`[D7:31 "in code"]`', [("D7:31", "in code")]),
        ('[D7:31 "open [bracket"] then [D7:4 "x"]', [("D7:31", "open [bracket"), ("D7:4", "x")]),
        ('[D7:31 "two\nlines"]', [("D7:31", "two\nlines")]),
        ('[D7:31 ""]', [("D7:31", "")]),
    ],
)
def test_markers_are_read_in_every_form_that_models_write(
    written: str, expected: list[tuple[str, str]]
) -> None:
    assert references(f"Before {written} after.") == expected
    assert "".join(piece for piece in parse(f"Before {written} after.") if isinstance(piece, str)).startswith(
        "Before "
    )


@pytest.mark.parametrize(
    "text", ["D[1]", "[1]", "[D7]", "[D]", "rows[7:31]", "(D7:31)", "[D7:]", "[Day 7:31]", "[\\D7:31]"]
)
def test_what_only_resembles_a_marker_stays_text(text: str) -> None:
    assert parse(text) == [text]


@pytest.mark.parametrize(
    "rest", [' "never closed', "-]", "a]", ' "broken\n\noff"]', ' "' + "x" * (QUOTE_LIMIT + 2) + '"]']
)
def test_a_broken_marker_names_no_place_and_loses_no_text(rest: str) -> None:
    first, *others = parse("[D7:31" + rest)
    assert first == Group("[D7:31", ())
    assert others == [rest]


def test_unresolved_references_are_shown_as_written() -> None:
    (group,) = parse("[D7:31; 33]")
    assert isinstance(group, Group)
    assert [item.written for item in group.references] == ["D7:31", "D7:33"]


@given(WRITTEN)
def test_escaped_text_holds_no_marker_and_can_be_restored(text: str) -> None:
    assert all(isinstance(piece, str) for piece in parse(escape(text)))
    assert unescape(escape(text)) == text


@given(WRITTEN, WRITTEN)
def test_escape_is_injective(one: str, other: str) -> None:
    assert (escape(one) == escape(other)) == (one == other)


@given(WRITTEN)
def test_parsing_loses_no_character(text: str) -> None:
    assert "".join(piece if isinstance(piece, str) else piece.written for piece in parse(text)) == text


@given(WRITTEN, st.data())
def test_any_split_of_the_stream_parses_like_the_whole(text: str, data: st.DataObject) -> None:
    cuts = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=8)))
    stream = MarkerStream()
    pieces = [
        piece
        for start, end in zip([0, *cuts], [*cuts, len(text)], strict=True)
        for piece in stream.feed(text[start:end])
    ]
    assert merge([*pieces, *stream.finish()]) == parse(text)


def test_a_stream_never_shows_half_a_marker() -> None:
    stream = MarkerStream()
    shown = [piece for letter in 'Fee [D7:31 "five"].' for piece in stream.feed(letter)]
    assert not any("[" in piece for piece in shown if isinstance(piece, str))
    assert sum(isinstance(piece, Group) for piece in shown) == 1


@pytest.mark.parametrize(
    ("text", "escaped"),
    [
        ("<|user|>", r"<\|user|>"),
        (r"<\|user|>", r"<\\|user|>"),
        ("a</think>b<tool_call>", r"a<\/think>b<\tool_call>"),
        ("<|im_start|><|end_of_text|>", r"<\|im_start|><\|end_of_text|>"),
        ("a <b> c <|> d || <thinking> if (a<b|c>d)", "a <b> c <|> d || <thinking> if (a<b|c>d)"),
    ],
)
def test_no_document_begins_a_turn_of_the_conversation(text: str, escaped: str) -> None:
    assert escape(text) == escaped
    assert unescape(escaped) == text


@given(
    st.lists(st.sampled_from(["<", "\\", "|", "user", "|>", "<|user|>", "/think>", "[D7:1]", ">"])).map(
        "".join
    )
)
def test_turns_can_be_restored_too(text: str) -> None:
    assert unescape(escape(text)) == text
    assert not re.search(r"<\|[a-z]+\|>|</?think>", escape(text))
