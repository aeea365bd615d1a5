from __future__ import annotations

from itertools import combinations

import numpy as np
from hypothesis import example, given
from hypothesis import strategies as st

from ingest.fields import Field, in_field, text_of
from ingest.store.contract import SparseVector

IDS = st.lists(st.integers(0, 2**31 - 1), unique=True, max_size=20)


@given(IDS)
def test_terms_keep_apart_in_every_field_and_fit_an_index(ids: list[int]) -> None:
    for field in Field:
        placed = in_field(ids, field)
        assert len(set(placed.tolist())) == len(ids)
        assert all(0 <= index < 2**32 for index in placed.tolist())


@given(IDS)
@example([0, 2**31 - 1, *(field & (2**31 - 1) for field in Field)])
def test_the_words_of_a_chunk_come_back_without_its_other_fields(ids: list[int]) -> None:
    indices = np.sort(np.concatenate([in_field(ids, field) for field in Field]))
    values = np.arange(len(indices), dtype=np.float32)
    inside = text_of(SparseVector(indices.astype(np.uint32), values))
    assert inside.indices.tolist() == sorted(ids)
    assert inside.values.tolist() == values[indices < 2**31].tolist()


def test_no_two_fields_give_a_term_one_index() -> None:
    for one, other in combinations(Field, 2):
        assert in_field([7], one).tolist() != in_field([7], other).tolist()
