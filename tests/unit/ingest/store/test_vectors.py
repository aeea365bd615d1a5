"""Vectors before they are written: checked, turned into directions, cut into batches."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from ingest.store.contract import Point, SparseVector
from ingest.store.vectors import batches, check_sparse, directions

FLOATS = st.floats(width=32, allow_nan=False, allow_infinity=False)


@given(st.lists(arrays(np.float32, 3, elements=FLOATS), max_size=5))
def test_directions_have_length_one_or_are_none(
    vectors: list[np.ndarray[tuple[int], np.dtype[np.float32]]],
) -> None:
    made = directions(vectors, 3)
    assert len(made) == len(vectors)
    for vector, direction in zip(vectors, made, strict=True):
        if direction is None:
            assert not vector.any()
        else:
            assert direction.dtype == np.float32
            assert np.linalg.norm(direction) == pytest.approx(1.0, abs=1e-6)
            assert np.argmax(np.abs(direction)) == np.argmax(np.abs(vector))


@pytest.mark.parametrize("bad", [[np.nan, 0, 0], [np.inf, 0, 0], [1, 0], [[1, 0, 0]], []])
def test_bad_dense_vectors_are_refused(bad: list[float]) -> None:
    good = np.ones(3, dtype=np.float32)
    with pytest.raises(ValueError, match="dense vector"):
        directions([good, np.array(bad, dtype=np.float32)], 3)


def sparse(indices: list[int], values: list[float]) -> SparseVector:
    return SparseVector(np.array(indices, dtype=np.uint32), np.array(values, dtype=np.float32))


def test_good_sparse_vectors_pass() -> None:
    check_sparse([])
    check_sparse([sparse([5, 9], [1, 1]), sparse([], []), sparse([0, 2**32 - 1], [1, 1]), sparse([0], [1])])


@pytest.mark.parametrize(
    ("indices", "values"),
    [([1, 1], [1, 1]), ([2, 1], [1, 1]), ([1], [np.nan]), ([1], [np.inf]), ([1, 2], [1]), ([], [1])],
)
def test_bad_sparse_vectors_are_refused(indices: list[int], values: list[float]) -> None:
    with pytest.raises(ValueError, match="sparse vector"):
        check_sparse([sparse([1], [1]), sparse(indices, values), sparse([3], [1])])


@given(st.lists(st.integers(0, 30), max_size=40), st.integers(1, 400))
def test_batches_follow_each_other_and_stay_below_the_limit(terms: list[int], limit: int) -> None:
    def size(count: int) -> int:
        return 10 + 3 * (2 + 2 * count)

    points = [
        Point(1, n, 0, 1, 1, 1, sparse(list(range(count)), [1.0] * count), np.ones(2, np.float32))
        for n, count in enumerate(terms)
    ]
    cut = list(batches(points, limit_bytes=limit, number_bytes=3, point_bytes=10))
    assert [position for batch in cut for position in range(len(points))[batch]] == list(range(len(points)))
    sizes = [[size(count) for count in terms[batch]] for batch in cut]
    assert all(len(batch) == 1 or sum(batch) <= limit for batch in sizes)
    assert all(sum(batch) + following[0] > limit for batch, following in pairwise(sizes))
