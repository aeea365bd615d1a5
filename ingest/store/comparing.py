"""What two stores hold of the same documents, point by point."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Protocol

import numpy as np

from ingest.store.points import PLACE_FIELDS, Points

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from ingest.model import Scope
    from ingest.store.contract import Point, PointPage

ROUNDING = 1e-3
"""Of a vector's entries, within which two stores hold the same: both keep half precision."""
_DOCUMENT, _ORDINAL = PLACE_FIELDS.index("document"), PLACE_FIELDS.index("ordinal")


class PointHolder(Protocol):
    """What points are copied from, or into: a `Store`, or the index in its process."""

    def read_points(self, scope: Scope, documents: Sequence[int], after: str | None = None) -> PointPage:
        """See `Store.read_points`."""
        ...

    def counts(self, scope: Scope) -> Mapping[int, int]:
        """See `Store.counts`."""
        ...

    def upsert(self, scope: Scope, points: Sequence[Point]) -> None:
        """See `Store.upsert`."""
        ...

    def delete_documents(self, scope: Scope, documents: Sequence[int]) -> None:
        """See `Store.delete_documents`; an index forgets the openings as well."""
        ...

    def delete_scope(self, scope: Scope) -> None:
        """See `Store.delete_scope`, likewise."""
        ...

    def flush(self) -> None:
        """See `Store.flush`."""
        ...


def differing(ours: Points, theirs: Points) -> list[int]:
    """The documents of ours that theirs do not hold, or not the same: both by document and ordinal."""
    rows = dict(_documents(theirs))
    return [
        number
        for number, mine in _documents(ours)
        if number not in rows or not _same(ours[mine], theirs[rows[number]])
    ]


def _same(ours: Points, theirs: Points) -> bool:
    """Places and terms are the same to the bit, dense vectors but for their rounding."""
    exact = all(
        np.array_equal(getattr(ours, name), getattr(theirs, name))
        for name in ("places", "borders", "indices", "values")
    )
    return exact and np.allclose(ours.dense, theirs.dense, rtol=0.0, atol=ROUNDING)


def _documents(points: Points) -> Iterator[tuple[int, slice]]:
    """The rows of each document."""
    numbers = points.places[:, _DOCUMENT]
    starts = np.flatnonzero(np.diff(numbers, prepend=-1)).tolist()
    for first, last in pairwise([*starts, len(numbers)]):
        yield int(numbers[first]), slice(first, last)


def read_all(holder: PointHolder, scope: Scope, numbers: Sequence[int]) -> Points:
    """All points of these documents, by document and ordinal."""
    pages: list[Points] = []
    after: str | None = None
    while numbers:
        page = holder.read_points(scope, numbers, after)
        pages.append(page.points)
        after = page.next
        if after is None:
            break
    points = Points.joined(pages)
    return points.taken(np.lexsort((points.places[:, _ORDINAL], points.places[:, _DOCUMENT])))
