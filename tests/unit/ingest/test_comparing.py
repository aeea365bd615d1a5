from __future__ import annotations

import numpy as np
import pytest

from ingest.background import Background
from ingest.comparing import OTHERS, largest_likeness, largest_share, others_of
from ingest.feedback import FEWEST
from ingest.model import Hit, Role
from ingest.store.contract import SparseVector


def hit(document: int, ordinal: int = 0, role: Role = Role.PROSE) -> Hit:
    return Hit(document, ordinal, 0, 9, 1, 1, 1 / (1 + document + ordinal), role)


def place(*terms: int) -> SparseVector:
    return SparseVector(np.array(sorted(terms), np.uint32), np.ones(len(terms), np.float32))


def test_others_are_the_best_hits_of_the_best_other_long_texts() -> None:
    hits = [hit(3, 5), hit(1), hit(50), hit(3, 2), hit(2), *(hit(n) for n in range(4, 40))]

    others = others_of(hits, {1}, set(range(40)))

    assert [(one.document, one.ordinal) for one in others[:3]] == [(3, 5), (2, 0), (4, 0)]
    assert len(others) == OTHERS


def test_what_is_of_another_kind_stands_in_no_ones_way() -> None:
    strangers = [hit(number, role=Role.TEST) for number in range(100, 120)]
    texts = [hit(number) for number in range(FEWEST)]

    assert others_of([*strangers, *texts], {99}, set(range(FEWEST))) == texts


def test_a_few_others_show_nothing() -> None:
    texts = [hit(number) for number in range(FEWEST)]

    assert others_of(texts, {0}, set(range(FEWEST))) == []
    assert others_of(texts, {99}, set(range(1, FEWEST))) == []
    assert others_of([], {99}, set(range(FEWEST))) == []


def test_likeness_is_the_cosine_of_the_closest_pair_and_rare_words_weigh_more() -> None:
    background = Background.of(list(enumerate([place(1, 2), place(1), place(1), place(1, 3)])), 4)

    assert largest_likeness([place(1, 2)], [place(9), place(1, 2)], background) == pytest.approx(1.0)
    rare = largest_likeness([place(1, 2)], [place(2, 3)], background)
    common = largest_likeness([place(1, 2)], [place(1, 3)], background)
    assert 0 < common < rare < 1
    assert largest_likeness([place(1)], [place(2)], background) == 0
    assert largest_likeness([place(1)], [], background) == 0
    assert largest_likeness([place()], [place(2)], background) == 0


def test_a_share_is_of_all_that_was_asked_by_the_place_that_holds_most() -> None:
    background = Background.of(list(enumerate([place(1), place(1), place(1), place(1, 2)])), 4)
    asked = {1: 1.0, 2: 1.0, 3: 0.0}

    assert largest_share(asked, [place(1), place(1, 2)], background) == pytest.approx(1.0)
    assert largest_share(asked, [place(9)], background) == 0
    assert largest_share(asked, [], background) == 0
    assert largest_share({}, [place(1)], background) == 0


def test_of_a_few_places_a_common_word_counts_as_much_as_one_that_is_missing() -> None:
    everywhere = Background.of(list(enumerate([place(1)] * 4)), 4)

    assert largest_share({1: 1.0, 2: 1.0}, [place(1)], everywhere) == pytest.approx(0.5)
