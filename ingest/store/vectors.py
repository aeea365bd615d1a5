"""Vectors on their way to an engine, checked as a whole batch: engines accept NaN, and half a batch."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ingest.store.contract import SparseVector

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from ingest.store.points import Points


def directions(
    vectors: NDArray[np.float32], dimensions: int
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """The rows of ``vectors``, [n, dimensions], at length 1; and which of them point somewhere.

    A zero vector points nowhere and is near nothing.

    Raises:
        ValueError: one holds NaN or infinity, or has not ``dimensions`` entries.
    """
    if vectors.shape[1:] != (dimensions,) and len(vectors):
        raise ValueError(f"a dense vector of shape {vectors.shape[1:]}, not ({dimensions},)")
    largest = np.abs(vectors).max(axis=1, initial=0.0, keepdims=True)
    if not np.isfinite(largest).all():
        raise ValueError("a dense vector holds NaN or infinity")
    largest[largest == 0.0] = 1.0
    scaled = vectors / largest  # squares of large, and of small, float32 numbers leave float32
    lengths = np.sqrt(np.einsum("ij,ij->i", scaled, scaled))
    units = scaled / np.where(lengths == 0.0, 1.0, lengths).astype(np.float32)[:, None]
    return units, lengths > 0.0


def check_sparse(
    indices: NDArray[np.uint32], values: NDArray[np.float32], borders: NDArray[np.int64] | None = None
) -> None:
    """Refuse what an engine would store and then rank by wrongly.

    Args:
        indices: of one vector, or of several, one after another.
        values: as many.
        borders: where each vector begins, and where the last one ends; see `Points`.

    Raises:
        ValueError: a weight is NaN or infinite, arrays differ in length, or indices do not ascend.
    """
    if indices.ndim != 1 or values.shape != indices.shape:
        raise ValueError("a sparse vector needs one weight for each index")
    if not np.isfinite(values).all():
        raise ValueError("a sparse vector holds NaN or infinity")
    falls = np.flatnonzero(np.diff(indices.astype(np.int64)) <= 0) + 1
    if len(falls) and (borders is None or not np.isin(falls, borders).all()):
        raise ValueError("the indices of a sparse vector must ascend without repeats")


def stored(indices: Sequence[int], values: Sequence[float]) -> SparseVector:
    """A sparse vector as an engine gives it back, in whatever order, with its indices ascending."""
    found = np.asarray(indices, dtype=np.uint32)
    order = np.argsort(found)
    return SparseVector(found[order], np.asarray(values, dtype=np.float32)[order])


def batches(points: Points, *, limit_bytes: int, number_bytes: int, point_bytes: int) -> Iterator[slice]:
    """Cut ``points`` into runs that an engine takes at once, at least one point each.

    A point counts as ``point_bytes`` plus ``number_bytes`` for every number of its vectors.
    """
    numbers = points.dense.shape[1] + 2 * np.diff(points.borders)
    first = size = 0
    for position, needed in enumerate((point_bytes + number_bytes * numbers).tolist()):
        if size + needed > limit_bytes and position > first:
            yield slice(first, position)
            first, size = position, 0
        size += needed
    if first < len(points):
        yield slice(first, len(points))
