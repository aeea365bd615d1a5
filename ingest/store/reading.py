"""Points as an engine gives them back, whole: what is copied from one store into another."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ingest.store.payload import places_of
from ingest.store.points import PLACE_FIELDS, Points

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ingest.store.contract import SparseVector
    from ingest.store.payload import Payload


@dataclass(frozen=True, slots=True)
class Read:
    """A point as it is stored; one of a text that points nowhere has no dense vector."""

    payload: Payload | None
    dense: Sequence[float] | None
    sparse: SparseVector


def columns(read: Sequence[Read], dimensions: int) -> Points:
    """The points as columns, in the order in which they were read."""
    dense = np.zeros((len(read), dimensions), np.float32)
    for row, point in enumerate(read):
        if point.dense is not None:
            dense[row] = point.dense
    places = [places_of(point.payload) for point in read]
    return Points(
        places=np.asarray(places, np.int64).reshape(len(read), len(PLACE_FIELDS)),
        dense=dense,
        indices=np.concatenate([np.zeros(0, np.uint32), *(point.sparse.indices for point in read)]),
        values=np.concatenate([np.zeros(0, np.float32), *(point.sparse.values for point in read)]),
        borders=np.cumsum([0, *(len(point.sparse.indices) for point in read)], dtype=np.int64),
    )
