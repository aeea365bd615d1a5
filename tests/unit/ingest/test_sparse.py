"""Sparse vectors against a plain reading of the formula."""

from __future__ import annotations

from collections import defaultdict

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.fields import Field
from ingest.sparse import (
    ABOVE,
    ACROSS,
    AVERAGE_LENGTH,
    HEADING,
    HEADING_LENGTH,
    K1,
    LOOSE_LENGTH,
    PROGRAM,
    SOON,
    SPREAD,
    B,
    Bm25,
    Heading,
    Spread,
    Weighed,
    chunk_vectors,
    field_vector,
)

TERMS = st.lists(st.lists(st.integers(0, 2**31 - 1), max_size=6), max_size=12)


def naive(chunks: list[Weighed], neighbours: tuple[float, ...]) -> list[dict[int, float]]:
    vectors: list[dict[int, float]] = []
    for i, chunk in enumerate(chunks):
        counts: defaultdict[int, float] = defaultdict(float)
        loose: defaultdict[int, float] = defaultdict(float)
        for distance, weight in enumerate((1.0, *neighbours)):
            for j in {i - distance, i + distance} & set(range(len(chunks))):
                share = weight if chunks[j].passage == chunk.passage else weight * ACROSS
                for term in chunks[j].terms:
                    counts[term] += share
                for term in chunks[j].loose:
                    loose[term ^ Field.LOOSE] += share
        named: defaultdict[int, float] = defaultdict(float)
        for terms, weight in ((chunk.heading.terms, HEADING), (chunk.heading.above, ABOVE)):
            for term in terms:
                counts[term] += weight
                named[term ^ Field.HEADING] += weight / HEADING if chunk.heading.opens else 0.0
        vectors.append(saturated(counts, AVERAGE_LENGTH, SOON) | saturated(loose, LOOSE_LENGTH, SOON))
        if chunk.heading.opens:
            vectors[-1] |= saturated(named, HEADING_LENGTH, K1)
    return vectors


def saturated(counts: dict[int, float], average: float, k1: float) -> dict[int, float]:
    norm = k1 * (1 - B + B * sum(counts.values()) / average)
    return {term: count * (k1 + 1) / (count + norm) for term, count in counts.items()}


def weighed(terms: list[int], passage: int) -> Weighed:
    heading = Heading(terms[:2], terms[2:4], opens=len(terms) % 2 == 1)
    return Weighed(terms, terms[1:3], passage, heading)


@given(TERMS, st.sampled_from([(), (0.5,), (0.5, 0.25)]), st.sampled_from([1, 3, 2_048]), st.integers(1, 4))
def test_vectors_equal_the_formula_whatever_the_block(
    own: list[list[int]], neighbours: tuple[float, ...], block: int, in_passage: int
) -> None:
    chunks = [weighed(terms, i // in_passage) for i, terms in enumerate(own)]
    blocks = chunk_vectors(iter(chunks), neighbours=neighbours, block=block)
    vectors = [vector for rows in blocks for vector in rows]
    assert len(vectors) == len(own)
    for vector, expected in zip(vectors, naive(chunks, neighbours), strict=True):
        assert dict(zip(vector.indices.tolist(), vector.values.tolist(), strict=True)) == pytest.approx(
            expected, rel=1e-5
        )
        assert np.all(np.diff(vector.indices.astype(np.int64)) > 0)


def test_looser_terms_that_a_document_holds_all_over_weigh_less_in_its_places() -> None:
    chunks = [Weighed([1, 2], [1, 2], passage) for passage in range(4)]
    (bare,) = chunk_vectors(iter(chunks))
    (rows,) = chunk_vectors(iter(chunks), Spread.of({1: 4, 2: 1}, 4))
    for before, after in zip(bare, rows, strict=True):
        shares = dict(zip(before.indices.tolist(), (after.values / before.values).tolist(), strict=True))
        assert shares == pytest.approx(
            {1: 1.0, 2: 1.0, 1 ^ Field.LOOSE: 1 - SPREAD * (3 / 4) ** 0.5, 2 ^ Field.LOOSE: 1.0}
        )


def test_a_program_counts_repeated_words_as_before() -> None:
    chunk = Weighed([1, 1, 1, 2])
    (program,) = chunk_vectors(iter([chunk]), scale=PROGRAM)
    (prose,) = chunk_vectors(iter([chunk]))
    repeated, once = next(iter(program)).values.tolist()
    assert repeated / once > next(iter(prose)).values[0] / next(iter(prose)).values[1]
    assert [repeated, once] == pytest.approx(list(saturated({1: 3, 2: 1}, AVERAGE_LENGTH, K1).values()))


def test_what_one_passage_says_keeps_its_weight() -> None:
    spread = Spread.of({5: 1}, 1)
    assert spread.share(np.asarray([5, 6])).tolist() == [1.0, 1.0]


def test_fields_of_one_vector_keep_their_own_scales() -> None:
    terms, counts = np.asarray([3, 7]), np.asarray([1.0, 2.0])
    vector = field_vector(
        (Field.TEXT, terms, counts, Bm25(1.2, 0.0, 1.0)), (Field.WHOLE, terms, counts, Bm25(4.0, 0.0, 1.0))
    )
    assert dict(zip(vector.indices.tolist(), vector.values.tolist(), strict=True)) == pytest.approx(
        {3: 1.0, 7: 2 * 2.2 / 3.2, 3 ^ Field.WHOLE: 1.0, 7 ^ Field.WHOLE: 2 * 5 / 6}, rel=1e-6
    )
    assert np.all(np.diff(vector.indices.astype(np.int64)) > 0)
