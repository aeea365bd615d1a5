"""Points as columns: thousands of chunks cross to the engine's process as a few arrays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Self, overload

import numpy as np

from ingest.model import Role
from ingest.store.contract import Point, SparseVector

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

PLACE_FIELDS = ("document", "ordinal", "start", "end", "first_passage", "last_passage", "role", "source")
"""What is known of a point besides its vectors: the columns of ``Points.places``."""


@dataclass(frozen=True, slots=True, eq=False)
class Points(Sequence[Point]):
    """A sequence of n points, whose items are made when they are asked for.

    ``places`` is [n, 8], see `PLACE_FIELDS`; ``dense`` is [n, dimensions]. The sparse vectors stand one after
    another in ``indices`` and ``values``, that of point i from ``borders[i]`` to ``borders[i + 1]``.
    """

    places: NDArray[np.int64]
    dense: NDArray[np.float32]
    indices: NDArray[np.uint32]
    values: NDArray[np.float32]
    borders: NDArray[np.int64]

    @classmethod
    def of(cls, points: Sequence[Point]) -> Points:
        """The same points as columns.

        Raises:
            ValueError: the dense vectors are not equally long, or a sparse one has not a value an index.
        """
        if isinstance(points, Points):
            return points
        sparse = [point.sparse for point in points]
        if any(vector.indices.ndim != 1 or vector.values.shape != vector.indices.shape for vector in sparse):
            raise ValueError("a sparse vector needs one weight for each index")
        if len({point.dense.shape for point in points}) > 1:
            raise ValueError("dense vectors of different lengths")
        places = [[getattr(point, name) for name in PLACE_FIELDS] for point in points]
        return cls(
            places=np.asarray(places, dtype=np.int64).reshape(len(points), len(PLACE_FIELDS)),
            dense=np.stack([point.dense for point in points]) if points else np.zeros((0, 0), np.float32),
            indices=np.concatenate([np.zeros(0, np.uint32), *(vector.indices for vector in sparse)]),
            values=np.concatenate([np.zeros(0, np.float32), *(vector.values for vector in sparse)]),
            borders=np.cumsum([0, *(len(vector.indices) for vector in sparse)], dtype=np.int64),
        )

    @classmethod
    def joined(cls, parts: Sequence[Points]) -> Points:
        """All of them, one after another."""
        filled = [part for part in parts if len(part)]
        if not filled:
            return cls.of(())
        return cls(
            places=np.concatenate([part.places for part in filled]),
            dense=np.concatenate([part.dense for part in filled]),
            indices=np.concatenate([part.indices for part in filled]),
            values=np.concatenate([part.values for part in filled]),
            borders=_borders(np.concatenate([np.diff(part.borders) for part in filled])),
        )

    def taken(self, rows: NDArray[np.intp]) -> Points:
        """The points of these rows, in this order."""
        lengths = np.diff(self.borders)[rows]
        borders = _borders(lengths)
        moved: NDArray[np.int64] = np.repeat(self.borders[rows] - borders[:-1], lengths)
        terms = moved + np.arange(len(moved))
        return Points(self.places[rows], self.dense[rows], self.indices[terms], self.values[terms], borders)

    def __len__(self) -> int:
        return len(self.places)

    @overload
    def __getitem__(self, index: int) -> Point: ...
    @overload
    def __getitem__(self, index: slice) -> Self: ...
    def __getitem__(self, index: int | slice) -> Point | Self:
        if isinstance(index, slice):
            return self._part(*index.indices(len(self)))
        place: list[int]
        *place, role, source = self.places[index].tolist()
        begin, end = self.borders[index % len(self)], self.borders[index % len(self) + 1]
        sparse = SparseVector(self.indices[begin:end], self.values[begin:end])
        return Point(*place, sparse=sparse, dense=self.dense[index], role=Role(role), source=source)

    def _part(self, first: int, last: int, step: int) -> Self:
        if step != 1:
            raise ValueError("points are sliced without gaps")
        last = max(first, last)
        begin, end = self.borders[first], self.borders[last]
        return type(self)(
            self.places[first:last],
            self.dense[first:last],
            self.indices[begin:end],
            self.values[begin:end],
            self.borders[first : last + 1] - begin,
        )

    def numbered(self, number: int, source: int) -> Self:
        """The same points, of the document version of this number and of its source."""
        places = self.places.copy()
        places[:, PLACE_FIELDS.index("document")] = number
        places[:, PLACE_FIELDS.index("source")] = source
        return type(self)(places, self.dense, self.indices, self.values, self.borders)

    def ranges(self) -> list[tuple[int, int]]:
        """Where the text of each point starts and ends."""
        starts, ends = (self.places[:, PLACE_FIELDS.index(name)].tolist() for name in ("start", "end"))
        return list(zip(starts, ends, strict=True))

    def sparse_lists(self) -> Iterator[tuple[list[int], list[float]]]:
        """Indices and weights of each point, as engines take them."""
        indices, values, borders = self.indices.tolist(), self.values.tolist(), self.borders.tolist()
        for begin, end in pairwise(borders):
            yield indices[begin:end], values[begin:end]


def _borders(lengths: NDArray[np.int64]) -> NDArray[np.int64]:
    return np.concatenate([np.zeros(1, np.int64), np.cumsum(lengths)])
