"""What the best place of a long text owes to chance."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.chances import FEW, levelled
from ingest.model import Hit, Role


def hit(document: int, ordinal: int, score: float, role: Role = Role.PROSE) -> Hit:
    return Hit(document, ordinal, 0, 1, 1, 1, score, role)


def test_a_text_owes_the_logarithm_of_its_length_over_the_shortest() -> None:
    places = [hit(1, 0, 10.0), hit(2, 0, 9.0), hit(3, 0, 8.0), hit(1, 1, 6.0)]
    tail = (10.0 - 6.0) / math.log(4)
    fair = levelled(places, {1: 8 * FEW, 2: 2 * FEW, 3: 2 * FEW})
    assert [(h.document, h.ordinal) for h in fair] == [(2, 0), (3, 0), (1, 0), (1, 1)]
    assert [h.score for h in fair] == pytest.approx(
        [9.0, 8.0, 10.0 - tail * math.log(4), 6.0 - tail * math.log(4)]
    )


def test_what_is_about_a_single_matter_owes_nothing() -> None:
    places = [hit(1, 0, 3.0), hit(2, 0, 2.0), hit(3, 0, 1.0)]
    assert levelled(places, {1: FEW, 2: 1}) == places  # the third came after the counting


def test_a_program_keeps_its_score() -> None:
    places = [hit(1, 0, 3.0, Role.SOURCE), hit(2, 0, 2.0), hit(3, 0, 1.0)]
    fair = levelled(places, {1: 100 * FEW, 2: 2 * FEW, 3: FEW})
    assert fair[0] == places[0]
    assert {h.document: h.score for h in fair}[2] < 2.0


@pytest.mark.parametrize("places", [[], [hit(1, 0, 2.0)], [hit(1, 0, 2.0), hit(1, 1, 1.0)]])
def test_places_of_one_document_are_left_alone(places: list[Hit]) -> None:
    assert levelled(places, {1: 100 * FEW}) == places
    assert levelled(places, {}) == places


@given(
    st.lists(st.tuples(st.integers(1, 4), st.floats(0, 10)), max_size=40),
    st.dictionaries(st.integers(1, 4), st.integers(1, 10_000)),
)
def test_within_a_document_the_order_stays(found: list[tuple[int, float]], counts: dict[int, int]) -> None:
    places = sorted((hit(d, i, score) for i, (d, score) in enumerate(found)), key=lambda h: -h.score)
    fair = levelled(places, counts)
    assert [h.score for h in fair] == sorted((h.score for h in fair), reverse=True)
    for document in counts:
        before = [h.ordinal for h in places if h.document == document]
        assert [h.ordinal for h in fair if h.document == document] == before
