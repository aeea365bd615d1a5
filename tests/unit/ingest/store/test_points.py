"""Points as columns: the same points, as a sequence."""

from __future__ import annotations

import pickle
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.model import Hit, Scope
from ingest.store.contract import Point, SparseVector
from ingest.store.payload import hit_of, payloads
from ingest.store.points import Points


def point(ordinal: int, terms: int, dimensions: int = 2) -> Point:
    sparse = SparseVector(np.arange(terms, dtype=np.uint32), np.full(terms, ordinal, dtype=np.float32))
    dense = np.full(dimensions, ordinal, dtype=np.float32)
    return Point(7, ordinal, ordinal, ordinal + 1, 1, 2, sparse, dense)


def facts(one: Point) -> tuple[object, ...]:
    place = (one.document, one.ordinal, one.start, one.end, one.first_passage, one.last_passage)
    return (*place, one.sparse.indices.tolist(), one.sparse.values.tolist(), one.dense.tolist())


def test_a_point_that_was_written_before_there_were_sources_has_none() -> None:
    (now,) = payloads(Scope("default", "docs"), Points.of([replace(point(1, 2), source=9)]), named=False)
    assert hit_of(now, 0.5) == Hit(7, 1, 1, 2, 1, 2, 0.5, source=9)
    before = {name: value for name, value in now.items() if name != "source"}
    assert hit_of(before, 0.5) == Hit(7, 1, 1, 2, 1, 2, 0.5)


@given(st.lists(st.integers(0, 4), max_size=6), st.data())
def test_columns_are_the_sequence_that_they_were_made_of(terms: list[int], data: st.DataObject) -> None:
    points = [point(ordinal, count) for ordinal, count in enumerate(terms)]
    columns: Points = pickle.loads(pickle.dumps(Points.of(points)))
    assert [*map(facts, columns)] == [*map(facts, points)]
    assert [*columns.sparse_lists()] == [
        (p.sparse.indices.tolist(), p.sparse.values.tolist()) for p in points
    ]
    first, last = data.draw(st.integers(-7, 7)), data.draw(st.integers(-7, 7))
    part = columns[first:last]
    assert [*map(facts, part)] == [*map(facts, points[first:last])]
    assert Points.of(part) is part
    if points:
        place = data.draw(st.integers(-len(points), len(points) - 1))
        assert facts(columns[place]) == facts(points[place])
    assert all(begin <= end for begin, end in pairwise(part.borders.tolist()))


def test_what_makes_no_columns_is_refused() -> None:
    with pytest.raises(ValueError, match="dense vectors of different lengths"):
        Points.of([point(0, 1), point(1, 1, dimensions=3)])
    uneven = SparseVector(np.zeros(2, np.uint32), np.zeros(1, np.float32))
    with pytest.raises(ValueError, match="sparse vector"):
        Points.of([Point(1, 0, 0, 1, 1, 1, uneven, np.zeros(2, np.float32))])
    with pytest.raises(ValueError, match="without gaps"):
        Points.of([point(0, 1), point(1, 1)])[::2]


@given(st.lists(st.lists(st.integers(0, 4), max_size=4), max_size=4), st.data())
def test_joined_and_taken_are_those_of_a_list(parts: list[list[int]], data: st.DataObject) -> None:
    points = [[point(10 * n + o, count) for o, count in enumerate(part)] for n, part in enumerate(parts)]
    flat = [one for part in points for one in part]
    joined = Points.joined([Points.of(part) for part in points])
    assert [*map(facts, joined)] == [*map(facts, flat)]
    order = data.draw(st.permutations(range(len(flat))))
    rows = order[: data.draw(st.integers(0, len(order)))]
    taken = joined.taken(np.array(rows, dtype=np.intp))
    assert [*map(facts, taken)] == [facts(flat[row]) for row in rows]
    assert [*taken.sparse_lists()] == [
        (flat[row].sparse.indices.tolist(), flat[row].sparse.values.tolist()) for row in rows
    ]
