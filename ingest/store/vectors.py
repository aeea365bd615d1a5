"""Vectors on their way to an engine, checked as a whole batch: engines accept NaN, and half a batch."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from ingest.store.contract import Point, SparseVector


def directions(vectors: Sequence[NDArray[np.float32]], dimensions: int) -> list[NDArray[np.float32] | None]:
    """The vectors at length 1; None for a zero vector, which points nowhere and is near nothing.

    Raises:
        ValueError: one holds NaN or infinity, or has not ``dimensions`` entries.
    """
    for vector in vectors:
        if vector.shape != (dimensions,):
            raise ValueError(f"a dense vector of shape {vector.shape}, not ({dimensions},)")
    if not vectors:
        return []
    matrix = np.stack(vectors).astype(np.float64)  # squares of large float32 numbers leave float32
    if not np.isfinite(matrix).all():
        raise ValueError("a dense vector holds NaN or infinity")
    lengths = np.sqrt(np.einsum("ij,ij->i", matrix, matrix))
    units = (matrix / np.where(lengths == 0.0, 1.0, lengths)[:, None]).astype(np.float32)
    return [unit if length > 0.0 else None for unit, length in zip(units, lengths, strict=True)]


def check_sparse(vectors: Sequence[SparseVector]) -> None:
    """Refuse what an engine would store and then rank by wrongly.

    Raises:
        ValueError: a weight is NaN or infinite, arrays differ in length, or indices do not ascend.
    """
    if not vectors:
        return
    lengths = [len(vector.indices) for vector in vectors]
    if any(vector.indices.ndim != 1 or vector.values.shape != vector.indices.shape for vector in vectors):
        raise ValueError("a sparse vector needs one weight for each index")
    if not np.isfinite(np.concatenate([vector.values for vector in vectors])).all():
        raise ValueError("a sparse vector holds NaN or infinity")
    indices = np.concatenate([vector.indices for vector in vectors]).astype(np.int64)
    owners = np.repeat(np.arange(len(vectors)), lengths)
    if ((np.diff(indices) <= 0) & (np.diff(owners) == 0)).any():
        raise ValueError("the indices of a sparse vector must ascend without repeats")


def batches(
    points: Sequence[Point], *, limit_bytes: int, number_bytes: int, point_bytes: int
) -> Iterator[slice]:
    """Cut ``points`` into runs that an engine takes at once, at least one point each.

    A point counts as ``point_bytes`` plus ``number_bytes`` for every number of its vectors.
    """
    first = size = 0
    for position, point in enumerate(points):
        numbers = len(point.dense) + 2 * len(point.sparse.indices)
        needed = point_bytes + number_bytes * numbers
        if size + needed > limit_bytes and position > first:
            yield slice(first, position)
            first, size = position, 0
        size += needed
    if first < len(points):
        yield slice(first, len(points))
