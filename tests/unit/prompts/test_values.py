"""Texts as tokens: what is one token, and which are the same."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from prompts.values import tokens


def test_a_value_is_one_token_with_its_currency_and_its_repetition() -> None:
    assert [token.is_value for token in tokens("Pay USD 4,200.00 in thirty (30) days")] == [0, 1, 0, 1]
    assert [token.unit for token in tokens("人民币五十万元整")] == ["CNY"]
    assert [token.unit for token in tokens("HK$500")] == ["HKD"]


def test_only_a_unit_may_be_left_out() -> None:
    def same(one: str, other: str) -> bool:
        return tokens(one)[0].same(tokens(other)[0])

    assert same("5 years", "5")
    assert same("4,200", "€4,200")
    assert not same("5 years", "5 days")
    assert not same("4,200 dollars", "€4,200")
    assert same("1 March", "1 March 2024")
    assert not same("1 March 2024", "1 March")
    assert not same("1 March 2024", "2024")
    assert same("2024年", "2024年3月1日")
    assert not same("2023", "1 March 2024")
    assert not same("2024", "lease")


@given(st.text(alphabet="aбв租12 .,$€%年月日-()", max_size=40))
def test_every_text_is_the_same_as_itself(text: str) -> None:
    found = tokens(text)
    assert all(one.same(other) for one, other in zip(found, tokens(text), strict=True))
