"""The places of a text that leads, told apart by what is rare in it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.background import Background
from ingest.fields import Field
from ingest.model import Hit, Role
from ingest.store.contract import SparseVector
from ingest.topics import MOST_PLACES, may_have_topic, told_apart

LUTHER, WORK, POPULAR = 1, 2, 3
ASKED = SparseVector(np.array([LUTHER, WORK, POPULAR], np.uint32), np.ones(3, np.float32))
NOWHERE = Background.of([], 1_000)


def hit(ordinal: int, score: float, *, document: int = 1, passage: int = 0, role: Role = Role.PROSE) -> Hit:
    return Hit(document, ordinal, 0, 1, passage or ordinal, passage or ordinal, score, role)


def place(weights: dict[int, float]) -> SparseVector:
    held = sorted(weights.items())
    indices = np.array([term for term, _ in held], np.uint32)
    return SparseVector(indices, np.array([weight for _, weight in held], np.float32))


def article(*places: dict[int, float]) -> tuple[list[Hit], list[tuple[Hit, SparseVector]]]:
    """Hits, best first, with the scores that the vectors give, and the places in order."""
    rarity = NOWHERE.rarity(ASKED.indices)
    held: list[tuple[Hit, SparseVector]] = []
    for ordinal, weights in enumerate(places):
        score = sum(weights.get(term, 0.0) * float(rarity[term - 1]) for term in (LUTHER, WORK, POPULAR))
        held.append((hit(ordinal, score), place(weights)))
    return sorted((one for one, _ in held), key=lambda one: -one.score), held


def test_a_place_that_says_the_topic_twice_stands_behind_one_that_says_what_is_asked() -> None:
    places, held = article(
        {LUTHER: 1.5, WORK: 0.5}, {LUTHER: 1.0}, {LUTHER: 1.0}, {LUTHER: 0.6, POPULAR: 1.3}
    )
    assert [one.ordinal for one in places] == [0, 3, 1, 2]
    told = told_apart(places, held, ASKED, NOWHERE)
    assert [one.ordinal for one in told][:2] == [3, 0]


def test_the_best_place_of_the_text_scores_what_its_best_one_scored() -> None:
    places, held = article(
        {LUTHER: 1.5, WORK: 0.5}, {LUTHER: 1.0}, {LUTHER: 1.0}, {LUTHER: 0.6, POPULAR: 1.3}
    )
    assert told_apart(places, held, ASKED, NOWHERE)[0].score == pytest.approx(places[0].score)


def test_places_of_other_texts_keep_their_scores() -> None:
    places, held = article({LUTHER: 1.5}, {LUTHER: 1.0, WORK: 0.2})
    other = hit(0, places[1].score + 0.01, document=2)
    told = told_apart([places[0], other, places[1]], held, ASKED, NOWHERE)
    assert other in told
    assert [one.score for one in told] == sorted((one.score for one in told), reverse=True)


def test_a_term_of_one_passage_loses_nothing() -> None:
    places, held = article({LUTHER: 1.0}, {WORK: 0.9}, {POPULAR: 0.8})
    told = told_apart(places, held, ASKED, NOWHERE)
    assert [one.score for one in told] == pytest.approx([one.score for one in places])


def test_what_a_neighbour_lends_makes_no_passage_hold_a_term() -> None:
    """Once the second passage holds the first one's term, the third, whose term is its own, is the best."""
    orders: list[list[int]] = []
    for weight in (0.4, 0.6):
        places, held = article({LUTHER: 1.0}, {LUTHER: weight}, {WORK: 0.9})
        orders.append([one.ordinal for one in told_apart(places, held, ASKED, NOWHERE)])
    assert orders == [[0, 2, 1], [2, 0, 1]]


def test_looser_terms_have_been_lessened_already() -> None:
    loose = np.uint32(LUTHER ^ int(Field.LOOSE))
    asked = SparseVector(np.array([loose], np.uint32), np.ones(1, np.float32))
    held = [
        (hit(n, 3.0 - n), SparseVector(np.array([loose], np.uint32), np.full(1, 1.0, np.float32)))
        for n in range(3)
    ]
    told = told_apart([one for one, _ in held], held, asked, NOWHERE)
    assert [one.score for one in told] == pytest.approx([3.0, 2.0, 1.0])


def test_a_place_without_words_and_a_text_without_places_change_nothing() -> None:
    places = [hit(0, 1.0), hit(1, 0.5)]
    assert told_apart(places, [], ASKED, NOWHERE) == places
    empty = SparseVector(np.zeros(0, np.uint32), np.zeros(0, np.float32))
    assert told_apart(places, [(one, empty) for one in places], ASKED, NOWHERE) == places


def test_short_prose_alone_has_a_topic() -> None:
    lead = hit(0, 1.0)
    assert may_have_topic(lead, {1: MOST_PLACES})
    assert not may_have_topic(lead, {1: MOST_PLACES + 1})
    assert not may_have_topic(hit(0, 1.0, role=Role.SOURCE), {1: 3})


@given(
    st.lists(
        st.dictionaries(st.sampled_from([LUTHER, WORK, POPULAR]), st.floats(0.1, 2.0), max_size=3),
        min_size=1,
        max_size=8,
    )
)
def test_scores_stay_between_nothing_and_the_best(texts: list[dict[int, float]]) -> None:
    places, held = article(*texts)
    told = told_apart(places, held, ASKED, NOWHERE)
    best = places[0].score
    assert sorted(one.ordinal for one in told) == sorted(one.ordinal for one in places)
    assert all(-1e-3 <= one.score <= best + 1e-3 for one in told)
    assert told[0].score == pytest.approx(best, abs=1e-3)
