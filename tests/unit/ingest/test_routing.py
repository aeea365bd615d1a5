"""Which document a question names, and what is left of the question."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.model import Hit, Role
from ingest.routing import (
    GAIN,
    LEAST_RARITY,
    LOSS,
    MOST_ALIKE,
    NAMED_AT_LENGTH,
    SHORT,
    TOPIC_AT_LENGTH,
    TOPICAL,
    agreed,
    explained_run,
    is_named_at_length,
    may_be_topic,
    rarity,
    stands_out,
    what_is_left,
    word_value,
)

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


ACME, BOLT, RENT, WHO = (1,), (2,), (3,), ()
VALUES_OF = {ACME: 1.5, BOLT: 1.5, RENT: -LOSS, WHO: 0.0}


def test_what_a_run_of_names_leaves_is_the_question() -> None:
    assert what_is_left([[[RENT, ACME, BOLT]]], VALUES_OF) == (3.0, RENT)


def test_no_run_goes_over_the_border_of_a_clause() -> None:
    explained = VALUES_OF | {RENT: 1.0}
    assert what_is_left([[[ACME, BOLT], [WHO, RENT]]], explained) == (3.0, RENT)
    assert what_is_left([[[ACME, BOLT, RENT]]], explained) == (4.0, ())


def test_a_sentence_that_mostly_names_is_left_out_whole_where_another_one_asks() -> None:
    unknown = (9,)
    values = VALUES_OF | {unknown: -LOSS}
    assert what_is_left([[[ACME, BOLT, unknown]], [[RENT]]], values) == (3.0, RENT)
    assert what_is_left([[[ACME, BOLT, unknown]]], values) == (3.0, unknown)
    long = [ACME, BOLT, *[unknown] * 8]
    assert what_is_left([[long], [[RENT]]], values) == (3.0, unknown * 8 + RENT)


@pytest.mark.parametrize(
    ("scores", "expected"), [([], False), ([1.0], True), ([5.0, 4.9, 3.4], True), ([5.0, 4.9, 3.6], False)]
)
def test_a_name_stands_out(scores: list[float], expected: bool) -> None:
    assert stands_out(scores) is expected


def test_the_best_place_and_a_close_opening_agree_on_a_long_text() -> None:
    def opening(document: int, end: int = SHORT + 1, role: Role = Role.PROSE) -> Hit:
        return Hit(document, 0, 0, end, 1, 1, 5.0, role)

    close = [opening(1), opening(2), opening(3, SHORT), opening(4, role=Role.SOURCE)]
    assert [agreed(close, lead) for lead in (2, 3, 4, 5, None)] == [[close[1]], [], [], [], []]


def test_a_long_run_names_its_document_among_few_that_are_close_sooner_than_a_topic_does() -> None:
    between = (NAMED_AT_LENGTH + TOPIC_AT_LENGTH) / 2
    assert is_named_at_length(NAMED_AT_LENGTH, MOST_ALIKE, is_topic=False)
    assert not is_named_at_length(NAMED_AT_LENGTH - 0.1, 1, is_topic=False)
    assert not is_named_at_length(between, 1, is_topic=True)
    assert is_named_at_length(TOPIC_AT_LENGTH, 1, is_topic=True)
    assert not is_named_at_length(TOPIC_AT_LENGTH, MOST_ALIKE + 1, is_topic=False)


def test_one_clause_about_a_short_document_names_its_topic_rather_than_it() -> None:
    assert may_be_topic([[["rent"]]], TOPICAL)
    assert not may_be_topic([[["rent"]]], TOPICAL + 1)
    assert not may_be_topic([[["acme"]], [["rent"]]], TOPICAL)
    assert not may_be_topic([[["acme"], ["rent"]]], TOPICAL)
