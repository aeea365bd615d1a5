from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.locating import Whereabouts, joined

TEXT = """# Terms

The **Buyer** pays
in 30 days.

- Notice is in writing.
- Notice takes effect at once.

Signed."""


def _found(passage: str, start: int | None = None) -> tuple[list[str], int]:
    ranges, lost = Whereabouts(TEXT).locate(passage, start)
    return [TEXT[first:last] for first, last in ranges], lost


@pytest.mark.parametrize(
    ("passage", "expected"),
    [
        ("Signed.", ["Signed."]),
        ("  Signed.\n", ["Signed."]),
        ("The Buyer pays in 30 days.", ["The **Buyer** pays\nin 30 days"]),
        ("Buyer pays in\n30 days. Notice is", ["Buyer** pays\nin 30 days.\n\n- Notice is"]),
        (
            "1. Notice is in writing.\n2. Notice takes effect",
            ["Notice is in writing.\n- Notice takes effect"],
        ),
    ],
    ids=["exact", "white space around", "markup dropped", "over a paragraph's end", "rows numbered anew"],
)
def test_finds_what_a_system_altered(passage: str, expected: list[str]) -> None:
    assert _found(passage) == (expected, 0)


def test_a_start_tells_equal_passages_apart() -> None:
    second = TEXT.index("Notice", TEXT.index("Notice") + 1)
    assert Whereabouts(TEXT).locate("Notice", second) == ([(second, second + 6)], 0)


def test_a_wrong_start_is_not_believed() -> None:
    assert _found("Terms", 50) == (["Terms"], 0)


def test_what_is_not_there_is_counted() -> None:
    ranges, lost = _found("Terms\nNobody wrote this.\nSigned.")
    assert ranges == ["Terms", "Signed"]
    assert lost == len("Nobody wrote this.")


def test_nothing_is_nowhere() -> None:
    assert _found(" \n") == ([], 0)


def test_parts_are_joined_over_small_gaps_alone() -> None:
    assert list(joined([(0, 10), (12, 20), (200, 210), (30, 40)])) == [(0, 20), (200, 210), (30, 40)]


@given(st.text(max_size=60), st.integers(0, 60), st.integers(0, 60))
def test_every_slice_of_a_text_is_found_whole(text: str, first: int, last: int) -> None:
    passage = text[first:last]
    ranges, lost = Whereabouts(text).locate(passage)
    assert lost == 0
    assert "".join(text[start:end] for start, end in ranges) == passage.strip()
