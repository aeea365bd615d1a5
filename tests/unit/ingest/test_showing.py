"""What people are shown holds nothing that steers a terminal, and loses nothing else."""

from __future__ import annotations

import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from ingest.showing import shown_line, shown_path, shown_text

STEERING = [
    *map(chr, [*range(0x20), *range(0x7F, 0xA0), *range(0x202A, 0x202F), *range(0x2066, 0x206A)]),
    *"\u061c\u200e\u200f\u2028\u2029\ud800\udfff",
]
texts = st.text(st.one_of(st.characters(exclude_categories=()), st.sampled_from(STEERING)))


@given(texts)
def test_a_line_holds_nothing_that_steers(text: str) -> None:
    shown = shown_line(text)

    assert not set(STEERING) & set(shown)
    assert all(unicodedata.category(each) not in {"Cc", "Cs", "Zl", "Zp"} for each in shown)
    assert len(shown.splitlines()) <= 1


@given(texts)
def test_a_text_keeps_its_line_breaks_and_tabs_alone(text: str) -> None:
    assert not set(STEERING) & set(shown_text(text)) - {"\n", "\t"}
    assert shown_text(text).count("\t") == text.count("\t")
    assert shown_text(text).count("\n") == text.count("\n")


@given(st.text(st.characters(exclude_categories=("C", "Z"))))
def test_what_steers_nothing_stays(text: str) -> None:
    assert shown_text(text) == shown_line(text) == shown_path(text) == text


def test_letters_that_need_invisible_joiners_stay_whole() -> None:
    assert shown_line("نامه‌ها क्‍ष 👩‍💻") == "نامه‌ها क्‍ष 👩‍💻"


def test_what_is_taken_away_is_still_told() -> None:
    assert shown_text("a\x1b]52;c;eA==\x07\x9b2J\u202eb\r\nc\rd") == (
        r"a\x1b]52;c;eA==\x07\x9b2J\u202eb" + "\n" + r"c\x0dd"
    )
    assert shown_line("a\tb\nc") == r"a\x09b\x0ac"


def test_a_name_of_bytes_that_are_no_text_is_told_by_them() -> None:
    assert shown_path("lease-\udcff\x1b.md") == r"lease-\xff\x1b.md"
