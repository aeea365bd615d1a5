"""What the best passages of many documents share."""

from __future__ import annotations

import math

import numpy as np
import pytest

from ingest.background import Background
from ingest.feedback import (
    ALIKE,
    FEWEST,
    FIRST,
    LONG,
    MOST,
    MOSTLY,
    STRENGTH,
    TERMS,
    added,
    are_asked,
    best_of_each,
    is_answered_alike,
    long_texts,
    shared_terms,
)
from ingest.model import Hit, Role
from ingest.store.contract import SparseVector


def hit(document: int, score: float, ordinal: int = 0) -> Hit:
    return Hit(document, ordinal, 0, 1, 1, 1, score)


def holding(*terms: int) -> SparseVector:
    return SparseVector(np.asarray(sorted(terms), dtype=np.uint32), np.ones(len(terms), dtype=np.float32))


COMMON, SHARED, ODD = 1, 2, 3
ANSWERS = [holding(COMMON, SHARED), holding(COMMON, SHARED), holding(COMMON, SHARED), holding(COMMON, ODD)]
OTHERS = [holding(COMMON)] * 96
BACKGROUND = Background.of(list(enumerate(ANSWERS + OTHERS)), 100)


def test_one_passage_of_each_document_the_best_first() -> None:
    hits = [hit(7, 9.0), hit(7, 8.0, 1), hit(3, 7.0), hit(7, 6.0, 2), hit(5, 5.0)]
    assert [(h.document, h.score) for h in best_of_each(hits, 100)] == [(7, 9.0), (3, 7.0), (5, 5.0)]


@pytest.mark.parametrize(("documents", "looked_at"), [(1, FEWEST), (100, 30), (10_000, MOST)])
def test_a_share_of_the_documents_is_looked_at(documents: int, looked_at: int) -> None:
    hits = [hit(number, 1.0) for number in range(200)]
    assert len(best_of_each(hits, documents)) == looked_at


def test_long_texts_are_prose_of_some_length() -> None:
    described = [
        Hit(1, 0, 0, LONG, 1, 1, 9.0, Role.PROSE),
        Hit(2, 0, 0, LONG - 1, 1, 1, 8.0, Role.PROSE),
        *(Hit(3 + role, 0, 0, LONG, 1, 1, 7.0, role) for role in Role if role != Role.PROSE),
    ]
    assert long_texts(described) == {1}
    assert long_texts([]) == set()


def test_a_question_is_about_long_texts_where_most_of_the_first_are() -> None:
    best = [hit(number, 1.0) for number in range(FIRST)]
    others = [hit(number, 1.0) for number in range(FIRST, 5 * FIRST)]
    most = set(range(math.ceil(MOSTLY * FIRST)))
    assert are_asked([*best, *others], most)
    assert not are_asked([*best, *others], most - {0})
    assert not are_asked([*best, *others], {number for number in range(5 * FIRST) if number >= FIRST})
    assert are_asked(best[:5], {0, 1, 2, 3})
    assert not are_asked(best[:5], {0, 1, 2})


def test_a_question_is_answered_alike_where_enough_places_hold_its_words() -> None:
    best = [hit(number, ALIKE * 10) for number in range(FEWEST)]
    assert is_answered_alike(best, 10.0)
    assert not is_answered_alike(best, 10.1)
    assert not is_answered_alike(best[1:], 10.0)
    assert not is_answered_alike([], 10.0)


def test_what_answers_share_and_others_lack_is_learnt() -> None:
    learnt = shared_terms(ANSWERS, BACKGROUND, BACKGROUND, strength=STRENGTH)
    assert set(learnt) == {SHARED}
    rarity = BACKGROUND.rarity(np.asarray([SHARED], dtype=np.uint32))[0]
    assert learnt[SHARED] == pytest.approx(STRENGTH / rarity)  # the store multiplies by the rarity again


def test_the_weight_of_a_term_is_robertson_and_sparck_joness() -> None:
    answers = [holding(*(term for term in (10, 11) if i < {10: 8, 11: 5}[term])) for i in range(10)]
    known = Background.of(list(enumerate(answers + [holding(10)] * 5 + [holding(99)] * 85)), 100)

    def offer(inside: int, everywhere: int) -> float:
        odds = (inside + 0.5) / (10 - inside + 0.5)
        usual = (everywhere - inside + 0.5) / (100 - everywhere - 10 + inside + 0.5)
        return math.log(odds / usual) * math.sqrt(inside / 10)

    learnt = shared_terms(answers, known, known, strength=1.0)
    rarity = dict(zip((10, 11), known.rarity(np.asarray([10, 11], dtype=np.uint32)).tolist(), strict=True))
    best = max(offer(8, 13), offer(5, 5))
    assert learnt[10] * rarity[10] == pytest.approx(offer(8, 13) / best)
    assert learnt[11] * rarity[11] == pytest.approx(offer(5, 5) / best)


def test_so_many_terms_are_learnt_and_no_more() -> None:
    answers = [holding(*range(100, 100 + 2 * TERMS))] * 5
    known = Background.of(list(enumerate(answers + [holding(1)] * 95)), 100)
    assert len(shared_terms(answers, known, known, strength=1.0)) == TERMS


def test_nothing_is_learnt_from_nothing() -> None:
    assert shared_terms([], BACKGROUND, BACKGROUND, strength=1.0) == {}
    assert shared_terms([holding(COMMON)] * 5, BACKGROUND, BACKGROUND, strength=1.0) == {}


@pytest.mark.parametrize("drawn", [0, 1, 3])
def test_more_passages_than_were_there_when_the_background_was_drawn(drawn: int) -> None:
    known = Background.of(list(enumerate(ANSWERS[:drawn])), drawn)
    weights = shared_terms(ANSWERS, known, known, strength=2.0)
    assert np.isfinite(list(weights.values())).all()
    assert all(weight > 0 for weight in weights.values())


def test_weights_add_up() -> None:
    assert added({1: 1.0, 2: 2.0}, {}, {2: 0.5}) == {1: 1.0, 2: 2.5}
