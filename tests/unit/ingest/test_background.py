"""How common terms are, told from a sample."""

from __future__ import annotations

import math

import numpy as np
import pytest

from ingest.background import ENOUGH, Background
from ingest.store.contract import SparseVector


def holding(*terms: int) -> SparseVector:
    return SparseVector(np.asarray(terms, dtype=np.uint32), np.ones(len(terms), dtype=np.float32))


SAMPLE = [(7, holding(1, 5)), (7, holding(1)), (8, holding(1, 9)), (8, holding())]


def asked(*terms: int) -> np.ndarray[tuple[int], np.dtype[np.uint32]]:
    return np.asarray(terms, dtype=np.uint32)


def test_a_whole_scope_is_counted_as_the_store_counts_it() -> None:
    known = Background.of(SAMPLE, 4)
    assert known.share(asked(1, 5, 9)).tolist() == [0.75, 0.25, 0.25]
    assert known.rarity(asked(1)).tolist() == pytest.approx([math.log(1 + 1.5 / 3.5)])


def test_a_sample_speaks_for_all() -> None:
    known = Background.of(SAMPLE, 400)
    assert known.rarity(asked(5)).tolist() == pytest.approx([math.log(1 + 300.5 / 100.5)])


def test_an_unseen_term_is_rarer_than_any_seen_one() -> None:
    known = Background.of(SAMPLE, 400)
    unseen, seen = known.rarity(asked(2, 5)).tolist()
    assert unseen > seen


def test_of_nothing_nothing_is_known() -> None:
    known = Background.of([], 0)
    assert np.isfinite(known.rarity(asked(1, 2))).all()
    assert known.total({}) == 0.0


def test_the_best_possible_score_weighs_each_word() -> None:
    known = Background.of(SAMPLE, 4)
    one, five = known.rarity(asked(1, 5)).tolist()
    assert known.total({1: 1.0, 5: 0.3}) == pytest.approx(one + 0.3 * five)


def test_among_some_documents_a_term_is_as_common_as_they_make_it() -> None:
    sample = [(number % 2, holding(1, 2 + number % 2)) for number in range(2 * ENOUGH)]
    known = Background.of(sample, 4_000)
    assert known.share(asked(1, 2, 3)).tolist() == [1.0, 0.5, 0.5]
    assert known.among({0}).share(asked(1, 2)).tolist() == [1.0, 1.0]
    assert known.among({0}).share(asked(3))[0] < 0.01
    assert known.among({0}).points == 4_000


def test_of_too_few_points_all_speak() -> None:
    known = Background.of(SAMPLE, 400)
    assert known.among({7}) is known
    assert known.among(()) is known
