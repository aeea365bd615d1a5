"""The places of a text that leads, weighed by what is rare in it and by the meaning of their passages."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from ingest.background import Background
from ingest.fields import Field
from ingest.found import Closer
from ingest.model import Hit, Role
from ingest.store.contract import SparseVector
from ingest.topics import ALIKE, MOST_PLACES, looked_at, may_have_topic

if TYPE_CHECKING:
    from collections.abc import Sequence

LUTHER, WORK, POPULAR = 1, 2, 3
ASKED = SparseVector(np.array([LUTHER, WORK, POPULAR], np.uint32), np.ones(3, np.float32))
BACKGROUND = Background.of([], 1_000)
Held = list[tuple[Hit, SparseVector]]


def sparse(weights: dict[int, float]) -> SparseVector:
    held = sorted(weights.items())
    indices = np.array([term for term, _ in held], np.uint32)
    return SparseVector(indices, np.array([weight for _, weight in held], np.float32))


def text(*places: tuple[int, dict[int, float]]) -> Held:
    """Places of a document, each the number of its passage and its terms."""
    return [
        (Hit(1, ordinal, 0, 1, passage, passage, 0.0, Role.PROSE), sparse(weights))
        for ordinal, (passage, weights) in enumerate(places)
    ]


def look(held: Held, asked: SparseVector = ASKED, near: Sequence[Hit] = ()) -> Closer:
    return looked_at(held, asked, near, BACKGROUND)


def losses(closer: Closer) -> list[float]:
    return [closer.words[1, ordinal] for ordinal in range(len(closer.words))]


def test_a_term_of_every_passage_loses_most_and_one_of_a_single_passage_nothing() -> None:
    everywhere = ((1, {LUTHER: 1.0}), (2, {LUTHER: 1.0}), (3, {LUTHER: 1.0, POPULAR: 1.0}))
    first, second, third = losses(look(text(*everywhere)))
    assert first == second == third < 0.0
    assert losses(look(text((1, {LUTHER: 1.0}), (2, {WORK: 1.0}), (3, {POPULAR: 1.0})))) == [0.0, 0.0, 0.0]


def test_a_place_that_says_the_topic_twice_loses_more() -> None:
    closer = look(text((1, {LUTHER: 1.5}), (2, {LUTHER: 1.0}), (3, {POPULAR: 1.0})))
    assert closer.words[1, 0] == pytest.approx(1.5 * closer.words[1, 1])


def test_places_of_one_passage_hold_a_term_once() -> None:
    closer = look(text((1, {LUTHER: 1.0}), (1, {LUTHER: 1.0}), (2, {WORK: 1.0})))
    assert losses(closer) == [0.0, 0.0, 0.0]


def test_what_neighbours_lend_makes_no_passage_hold_a_term() -> None:
    lent, own = (look(text((1, {LUTHER: 1.0}), (2, {LUTHER: weight}))) for weight in (0.4, 0.6))
    assert losses(lent) == [0.0, 0.0]
    assert max(losses(own)) < 0.0


def test_looser_terms_have_been_lessened_already() -> None:
    loose = LUTHER ^ int(Field.LOOSE)
    asked = sparse({loose: 1.0})
    assert losses(look(text((1, {loose: 1.0}), (2, {loose: 1.0})), asked)) == [0.0, 0.0]


def test_a_place_means_what_its_passage_does() -> None:
    held = text((1, {}), (1, {}), (2, {}), (3, {}))
    near = [held[0][0].scored(0.8), held[2][0].scored(0.6), Hit(2, 0, 0, 1, 1, 1, 0.2, Role.PROSE)]
    meaning = look(held, near=near).meaning
    together = (0.8 + 0.2) / (2 * (1 + ALIKE)) ** 0.5
    assert [meaning[1, ordinal] for ordinal in range(4)] == pytest.approx([together, together, 0.6, 0.2])


def test_neither_words_nor_neighbours_are_needed() -> None:
    nothing = SparseVector(np.zeros(0, np.uint32), np.zeros(0, np.float32))
    for closer in (look(text((1, {}))), look(text((1, {LUTHER: 1.0})), nothing)):
        assert closer == Closer({(1, 0): 0.0}, {(1, 0): 0.0})


def test_short_prose_alone_has_a_topic() -> None:
    lead = Hit(1, 0, 0, 1, 1, 1, 1.0, Role.PROSE)
    assert may_have_topic(lead, {1: MOST_PLACES})
    assert not may_have_topic(lead, {1: MOST_PLACES + 1})
    assert not may_have_topic(Hit(1, 0, 0, 1, 1, 1, 1.0, Role.SOURCE), {1: 3})
