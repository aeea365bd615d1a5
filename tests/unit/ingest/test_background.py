"""How common terms are, told from a sample."""

from __future__ import annotations

import math

import numpy as np
import pytest

from ingest.background import Background
from ingest.store.contract import SparseVector


def holding(*terms: int) -> SparseVector:
    return SparseVector(np.asarray(terms, dtype=np.uint32), np.ones(len(terms), dtype=np.float32))


SAMPLE = [holding(1, 5), holding(1), holding(1, 9), holding()]


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
