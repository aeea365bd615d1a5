"""Ids: the same for ever, and never shared."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from ingest.model import Scope
from ingest.store.contract import Point, SparseVector
from ingest.store.identity import point_ids, scope_id
from ingest.store.points import Points

if TYPE_CHECKING:
    from uuid import UUID

NAMES = st.text("ab/01\x00-", max_size=4)
PLACES = st.tuples(NAMES, NAMES, st.integers(0, 20), st.integers(0, 20), st.integers(0, 20))


def identity(tenant: str, collection: str, generation: int, document: int, ordinal: int) -> UUID:
    nothing = SparseVector(np.zeros(0, np.uint32), np.zeros(0, np.float32))
    point = Point(document, ordinal, 0, 1, 1, 1, nothing, np.zeros(2, np.float32))
    (made,) = point_ids(Scope(tenant, collection, generation), Points.of([point]))
    return made


def test_ids_never_change() -> None:
    assert str(scope_id(Scope("default", "договоры", 1))) == "32778415-11d1-5368-9525-c2195751c7e2"
    assert str(identity("default", "договоры", 1, 7, 31)) == "f729c35b-6642-5305-adb0-a581f98752da"


@given(PLACES, PLACES)
def test_two_places_share_an_id_only_if_they_are_one(
    one: tuple[str, str, int, int, int], other: tuple[str, str, int, int, int]
) -> None:
    assert (identity(*one) == identity(*other)) == (one == other)
    assert (scope_id(Scope(*one[:3])) == scope_id(Scope(*other[:3]))) == (one[:3] == other[:3])
