"""Tokens of a prompt, counted passage by passage: as many as its text has in one piece."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from service.tokens import count_tokens, token_ids

PIECES = st.sampled_from(
    (
        *("\n[", "\n", "\r\n", "[", "]", " ", "\t", ".", "'s", "12345"),
        *("D7:31", "第", "é", "The rent", "\n\n# D7 a.md\n"),
    )
)


@given(st.lists(st.one_of(PIECES, st.text(max_size=3)), max_size=25).map("".join))
def test_counting_by_passages_loses_and_adds_nothing(text: str) -> None:
    assert count_tokens(text) == len(token_ids(text))


def test_a_prompt_of_known_passages_is_counted_without_reading_them_again() -> None:
    passages = [f"[D7:{number}] Clause {number} is told once.\n" for number in range(900, 940)]
    for passage in passages:
        count_tokens(passage)
    before = count_tokens.cache_info().misses
    count_tokens("Of the passages of this test:\n" + "".join(passages))
    assert count_tokens.cache_info().misses == before + 2, "the whole, and its heading"
