"""What the index holds of a document as one short value, to be compared with that of what it should hold."""

from __future__ import annotations

from hashlib import blake2b
from typing import TYPE_CHECKING

import numpy as np

from ingest.store.points import PLACE_FIELDS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ingest.model import Hit
    from ingest.store.contract import Point, SparseVector

_BYTES = 16


def digest_of(points: Iterable[tuple[Hit | Point, SparseVector]]) -> str:
    """A digest of places and terms, the same in whatever order they come.

    Dense vectors are left out: stores round them, and to know them a text has to be embedded.
    """
    total = blake2b(digest_size=_BYTES)
    for place, terms in sorted(points, key=lambda point: point[0].ordinal):
        total.update(np.asarray([getattr(place, name) for name in PLACE_FIELDS], "<i8").tobytes())
        total.update(np.int64(len(terms.indices)).tobytes())
        order = np.argsort(terms.indices)
        total.update(terms.indices[order].astype("<u4").tobytes())
        total.update(terms.values[order].astype("<f4").tobytes())
    return total.hexdigest()
