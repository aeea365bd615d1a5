from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prompts.folding import fold
from prompts.markers import escape
from prompts.quotes import Quotable

TEXT = (
    'The "Supplier" shall not assign this Agree-\nment without the prior   written consent of the Customer. '
    "A ﬁne of $5,000 is due within thirty (30) days—no later. The Licensor may termi-\nnate. "
    "See [D7:31] here. "
    "The Recipient shall use it solely for the Purpose. 买方应当在收到发票后\n三十日内付款。"
)
QUOTABLE = Quotable(TEXT)


@pytest.mark.parametrize(
    ("quote", "quoted", "cited"),
    [
        ("prior   written consent", "exact", "prior   written consent"),
        ("prior written consent", "normalized", "prior   written consent"),
        (
            "THE SUPPLIER shall not assign this agreement",
            "normalized",
            'The "Supplier" shall not assign this Agree-\nment',
        ),
        ("A fine of $5,000", "normalized", "A ﬁne of $5,000"),
        ("within thirty (30) days - no later", "normalized", "within thirty (30) days—no later"),
        ("Licensor may terminate.", "normalized", "Licensor may termi-\nnate"),
        ("See [\\D7:31] here", "exact", "See [D7:31] here"),
        ("收到发票后三十日内", "normalized", "收到发票后\n三十日内"),
        ("shall use it … for the Purpose", "normalized", "shall use it solely for the Purpose"),
        ('shall use it" and "for the Purpose', "normalized", "shall use it solely for the Purpose"),
        ("shal use it solley for the Purpose", "fuzzy", "shall use it solely for the Purpose"),
        ("...", "unquoted", ""),
        ("Supplier shall assign this Agreement", "not_found", ""),
        ("Supplier shall … assign this Agreement", "not_found", ""),
        ("A fine of $6,000 is due within thirty (30) days", "not_found", ""),
        ("within thirty-one (31) days—no later", "not_found", ""),
        ("The Licensee may terminate", "not_found", ""),
        ("written consent of the Supplier", "not_found", ""),
        ("5,00", "not_found", ""),
        ("a fin", "not_found", ""),
        ("收到发票后六十日内", "not_found", ""),
        ("the Purpose … shall use it", "not_found", ""),
    ],
)
def test_quotes_are_found_as_far_as_they_are_there(quote: str, quoted: str, cited: str) -> None:
    found = QUOTABLE.locate(quote)
    assert (found.quoted, TEXT[found.start : found.end]) == (quoted, cited)


def test_of_equal_places_the_preferred_one_is_cited() -> None:
    text = "Fee: 30 days. Notice: 30 days."
    assert Quotable(text).locate("30 days").start == text.index("30 days")
    assert Quotable(text).locate("30 days", lambda start, _: start).start == text.rindex("30 days")


WORDS = st.lists(
    st.sampled_from(
        ["the", "Supplier", "[D7:31]", "shall", "30", "days", "не", "合同", "a-b", "\n", "“x”", "ﬁne", "."]
    ),
    min_size=1,
    max_size=20,
)


@given(WORDS, st.data())
def test_any_run_of_words_is_found_exactly_even_when_copied_from_escaped_text(
    words: list[str], data: st.DataObject
) -> None:
    text = " ".join(words)
    first = data.draw(st.integers(0, len(words) - 1))
    quote = " ".join(words[first : data.draw(st.integers(first + 1, len(words)))]).strip()
    found = Quotable(text).locate(escape(quote))
    if any(map(str.isalnum, quote)):
        assert found.quoted == "exact"
        assert text[found.start : found.end] == quote


@given(st.text(max_size=80))
def test_folding_keeps_track_of_every_character(text: str) -> None:
    folded = fold(text)
    assert len(folded.origins) == len(folded.text) + 1
    assert list(folded.origins) == sorted(folded.origins)
    assert all(0 <= origin <= len(text) for origin in folded.origins)


@given(st.text(max_size=60), st.text(max_size=20))
def test_any_quote_of_any_text_gets_a_verdict_inside_the_text(text: str, quote: str) -> None:
    found = Quotable(text).locate(quote)
    assert 0 <= found.start <= found.end <= len(text)
    assert (found.start < found.end) == (found.quoted in ("exact", "normalized", "fuzzy"))
