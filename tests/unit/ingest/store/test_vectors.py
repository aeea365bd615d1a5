"""Vectors before they are written: checked, turned into directions, cut into batches."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from ingest.store.contract import Point, SparseVector
from ingest.store.points import Points
from ingest.store.vectors import batches, check_sparse, directions

if TYPE_CHECKING:
    from numpy.typing import NDArray

FLOATS = st.floats(width=32, allow_nan=False, allow_infinity=False)


@given(arrays(np.float32, st.tuples(st.integers(0, 5), st.just(3)), elements=FLOATS))
def test_directions_have_length_one_or_point_nowhere(vectors: NDArray[np.float32]) -> None:
    made, directed = directions(vectors, 3)
    assert made.shape == vectors.shape
    assert made.dtype == np.float32
    for vector, direction, some in zip(vectors, made, directed, strict=True):
        assert some == vector.any()
        if some:
            assert np.linalg.norm(direction) == pytest.approx(1.0, abs=1e-6)
            assert np.argmax(np.abs(direction)) == np.argmax(np.abs(vector))


@pytest.mark.parametrize(
    "bad", [[[1, 0, 0], [np.nan, 0, 0]], [[np.inf, 0, 0]], [[1, 0]], [[[1, 0, 0]]], [[]]]
)
def test_bad_dense_vectors_are_refused(bad: list[list[float]]) -> None:
    with pytest.raises(ValueError, match="dense vector"):
        directions(np.array(bad, dtype=np.float32), 3)


def check(*vectors: tuple[list[int], list[float]]) -> None:
    indices = np.array([index for each, _ in vectors for index in each], dtype=np.uint32)
    values = np.array([value for _, each in vectors for value in each], dtype=np.float32)
    borders = np.cumsum([0, *(len(each) for each, _ in vectors)])
    check_sparse(indices, values, borders)


def test_good_sparse_vectors_pass() -> None:
    check()
    check(([5, 9], [1, 1]), ([], []), ([0, 2**32 - 1], [1, 1]), ([0], [1]))


@pytest.mark.parametrize(
    ("indices", "values"),
    [([1, 1], [1, 1]), ([2, 1], [1, 1]), ([1], [np.nan]), ([1], [np.inf]), ([1, 2], [1]), ([], [1])],
)
def test_bad_sparse_vectors_are_refused(indices: list[int], values: list[float]) -> None:
    with pytest.raises(ValueError, match="sparse vector"):
        check(([1], [1]), (indices, values), ([3], [1]))
    with pytest.raises(ValueError, match="sparse vector"):
        check_sparse(np.array(indices, dtype=np.uint32), np.array(values, dtype=np.float32))


def sparse(indices: list[int], values: list[float]) -> SparseVector:
    return SparseVector(np.array(indices, dtype=np.uint32), np.array(values, dtype=np.float32))


@given(st.lists(st.integers(0, 30), max_size=40), st.integers(1, 400))
def test_batches_follow_each_other_and_stay_below_the_limit(terms: list[int], limit: int) -> None:
    def size(count: int) -> int:
        return 10 + 3 * (2 + 2 * count)

    points = Points.of(
        [
            Point(1, n, 0, 1, 1, 1, sparse(list(range(count)), [1.0] * count), np.ones(2, np.float32))
            for n, count in enumerate(terms)
        ]
    )
    cut = list(batches(points, limit_bytes=limit, number_bytes=3, point_bytes=10))
    assert [position for batch in cut for position in range(len(points))[batch]] == list(range(len(points)))
    sizes = [[size(count) for count in terms[batch]] for batch in cut]
    assert all(len(batch) == 1 or sum(batch) <= limit for batch in sizes)
    assert all(sum(batch) + following[0] > limit for batch, following in pairwise(sizes))
