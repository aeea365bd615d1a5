"""Which document a question names, and what is left of the question."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.model import Document
from ingest.routing import (
    GAIN,
    LEAST_RARITY,
    LOSS,
    OPENING,
    explained_run,
    opening_point,
    rarity,
    word_value,
)
from ingest.terms import Analyzer, term_id

VALUES = st.lists(st.floats(-1, 2).map(lambda x: round(x, 2)), max_size=12)


@given(VALUES)
def test_the_run_with_the_largest_sum_is_found(values: list[float]) -> None:
    start, end, total = explained_run(values)
    sums = [sum(values[i:j]) for i in range(len(values)) for j in range(i + 1, len(values) + 1)]
    assert total == pytest.approx(max([0.0, *sums]))
    assert sum(values[start:end]) == pytest.approx(total)


def test_a_word_is_worth_its_score_within_bounds() -> None:
    assert word_value((), (), 4.0) == 0.0
    assert word_value((1,), (0.0,), 4.0) == -LOSS
    assert word_value((1, 2), (0.0, 4.0), 4.0) == pytest.approx(GAIN)
    assert word_value((1, 2), (0.0, 4.0), 8.0) == pytest.approx(GAIN / 2)
    assert word_value((1,), (99.0,), 4.0) == 1.5


def test_the_rarest_word_is_rarer_among_more_documents() -> None:
    rarities = [rarity(documents) for documents in (0, 1, 10, 100, 1_000)]
    assert rarities[0] == rarities[1] == LEAST_RARITY
    assert rarities == sorted(rarities)


def test_an_opening_is_title_and_first_lines() -> None:
    text = "This Lease is made between Acme and Bolt. " + "x" * OPENING + " buried"
    point = opening_point(Document(text, "Office Lease", ()), number=7, analyzer=Analyzer(), dimensions=3)
    assert (point.document, point.start, point.end) == (7, 0, len(text))
    assert {term_id("acm"), term_id("offic")} <= set(point.sparse.indices.tolist())
    assert term_id("buri") not in point.sparse.indices
    assert point.dense.tolist() == [0.0, 0.0, 0.0]
