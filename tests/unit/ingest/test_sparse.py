"""Sparse vectors against a plain reading of the formula."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.sparse import AVERAGE_LENGTH, HEADING, K1, B, chunk_vectors, question_vector

TERMS = st.lists(st.lists(st.integers(0, 2**31), max_size=6), max_size=12)


def naive(
    own: list[list[int]], headings: list[list[int]], neighbours: tuple[float, ...]
) -> list[dict[int, float]]:
    vectors: list[dict[int, float]] = []
    for i, heading in enumerate(headings):
        counts: Counter[int] = Counter()
        for distance, weight in enumerate((1.0, *neighbours)):
            for j in {i - distance, i + distance}:
                if 0 <= j < len(own):
                    for term in own[j]:
                        counts[term] += weight  # pyright: ignore[reportArgumentType] — weighted counts
        for term in heading:
            counts[term] += HEADING  # pyright: ignore[reportArgumentType] — as above
        norm = K1 * (1 - B + B * sum(counts.values()) / AVERAGE_LENGTH)
        vectors.append({t: c * (K1 + 1) / (c + norm) for t, c in counts.items()})
    return vectors


@given(TERMS, st.sampled_from([(), (0.5,), (0.5, 0.25)]), st.sampled_from([1, 3, 2_048]))
def test_vectors_equal_the_formula_whatever_the_block(
    own: list[list[int]], neighbours: tuple[float, ...], block: int
) -> None:
    headings = [terms[:2] for terms in own]
    blocks = chunk_vectors(own, headings, neighbours=neighbours, block=block)
    vectors = [vector for rows in blocks for vector in rows]
    assert len(vectors) == len(own)
    for vector, expected in zip(vectors, naive(own, headings, neighbours), strict=True):
        assert dict(zip(vector.indices.tolist(), vector.values.tolist(), strict=True)) == pytest.approx(
            expected, rel=1e-5
        )
        assert np.all(np.diff(vector.indices.astype(np.int64)) > 0)


def test_a_question_counts_its_terms() -> None:
    vector = question_vector([7, 3, 7])
    assert vector.indices.tolist() == [3, 7]
    assert vector.values.tolist() == [1.0, 2.0]


def test_earlier_turns_fade() -> None:
    vector = question_vector([7], [[3], [7, 5]])
    assert dict(zip(vector.indices.tolist(), vector.values.tolist(), strict=True)) == pytest.approx(
        {3: 0.3, 5: 0.09, 7: 1.09}
    )
