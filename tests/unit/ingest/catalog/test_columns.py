from __future__ import annotations

import random
from array import array

from hypothesis import given
from hypothesis import strategies as st

from ingest.catalog.columns import pack, restore_floats, squeeze_floats, unpack

WHOLE = st.lists(st.integers(0, 2**32 - 1)).map(lambda numbers: array("I", numbers))
SINGLE = st.lists(st.floats(width=32, allow_nan=False)).map(lambda numbers: array("f", numbers))
DOUBLE = st.lists(st.floats(allow_nan=False)).map(lambda numbers: array("d", numbers))


@given(st.lists(WHOLE | SINGLE | DOUBLE))
def test_columns_survive(columns: list[array[float]]) -> None:
    unpacked = unpack(pack(*columns))

    assert unpacked == columns
    assert [column.typecode for column in unpacked] == [column.typecode for column in columns]


@given(st.lists(SINGLE))
def test_floats_survive_joined(pieces: list[array[float]]) -> None:
    joined = array("f", [number for piece in pieces for number in piece])

    assert restore_floats(squeeze_floats(pieces)) == joined


def test_bytes_are_little_endian() -> None:
    assert pack(array("I", [1])) == b"I\x01\0\0\0\x01\0\0\0"


def test_rounded_edges_shrink_to_half() -> None:
    """Edges in 64ths of a point: why a reader should round them."""
    uneven = random.Random(7)
    edges = array("f", [round(uneven.uniform(72, 540) * 64) / 64 for _ in range(20_000)])

    assert len(squeeze_floats([edges])) < 0.6 * 4 * len(edges)
