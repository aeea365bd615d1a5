"""BM25 as sparse vectors: weights of terms in a chunk, which its neighbours and its heading share in.

A sentence seldom repeats what its clause is about: the sentences around it and the heading above it do.
Their term counts are added, fading with the distance, before BM25 saturates them (Robertson and Zaragoza,
The Probabilistic Relevance Framework, 2009; fields as in BM25F). The store multiplies by the inverse
document frequency when it searches.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain, islice, pairwise
from typing import TYPE_CHECKING

import numpy as np

from ingest.store.contract import SparseVector

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from numpy.typing import NDArray

K1 = 1.2
B = 0.2
AVERAGE_LENGTH = 200.0
"""Terms of a chunk, neighbours and heading counted in: frozen, so that no vector depends on the others."""
NEIGHBOURS = (0.5, 0.35, 0.2, 0.1)
"""Weight of the chunks one, two, three and four places away."""
HEADING = 1.0
FADING = 0.3
"""Weight of an earlier turn of the user, for each turn back."""
_ROW, _TERM, _WEIGHT = 36, 4, 15
"""Where row and term begin in a key, and the bits below them."""
BLOCK = 2_048
"""Chunks weighed at once: memory stays bounded however long the document is."""


@dataclass(frozen=True, slots=True)
class SparseRows:
    """Vectors of consecutive chunks: row i stands from ``borders[i]`` to ``borders[i + 1]``."""

    indices: NDArray[np.uint32]
    values: NDArray[np.float32]
    borders: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.borders) - 1

    def __getitem__(self, rows: slice) -> SparseRows:
        first, last, _ = rows.indices(len(self))
        begin, end = self.borders[first], self.borders[last]
        return SparseRows(
            self.indices[begin:end], self.values[begin:end], self.borders[first : last + 1] - begin
        )

    def __iter__(self) -> Iterator[SparseVector]:
        for begin, end in pairwise(self.borders.tolist()):
            yield SparseVector(self.indices[begin:end], self.values[begin:end])


def chunk_vectors(
    own: Iterable[Sequence[int]],
    headings: Iterable[Sequence[int]],
    *,
    neighbours: Sequence[float] = NEIGHBOURS,
    block: int = BLOCK,
) -> Iterator[SparseRows]:
    """One vector a chunk, in order, in blocks; ``own`` and ``headings`` bring the term ids of each.

    They are asked for a block and a few neighbours ahead, and never again.
    """
    halo = len(neighbours)
    chunks = zip(own, headings, strict=True)
    window: list[tuple[Sequence[int], Sequence[int]]] = []
    before = 0  # chunks at the beginning of the window that only lend their terms
    while True:
        window += islice(chunks, before + block + halo - len(window))
        after = min(before + block, len(window))
        if after == before:
            return
        rows, terms, counts = _counts([each for each, _ in window], [each for _, each in window], neighbours)
        inside = (rows >= before) & (rows < after)
        yield _saturated(rows[inside] - before, terms[inside], counts[inside], after - before)
        passed = max(after - halo, 0)
        del window[:passed]
        before = after - passed


def question_vector(terms: Sequence[int], earlier: Sequence[Sequence[int]] = ()) -> SparseVector:
    """Each distinct term with the number of times that it was asked for.

    ``earlier`` are the terms of the user's turns before, the latest first: "and the second one?" searches for
    what it refers to, at a weight that fades with each turn.
    """
    turns = [terms, *earlier]
    weights = np.repeat([FADING**i for i in range(len(turns))], [len(turn) for turn in turns])
    every = np.asarray([term for turn in turns for term in turn], dtype=np.uint32)
    indices, inverse = np.unique(every, return_inverse=True)
    values = np.bincount(inverse, weights=weights, minlength=len(indices))
    return SparseVector(indices, values.astype(np.float32))


def _counts(
    own: Sequence[Sequence[int]], headings: Sequence[Sequence[int]], neighbours: Sequence[float]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """Rows, terms and weighted counts, ordered by row and term.

    Row, term and the place of the weight in its table make one number: so a plain sort, which is fast, brings
    together what must be added, always in the same order.
    """
    weights = np.asarray([1.0, *neighbours, HEADING])
    rows, terms = _flat(own)
    parts = [_keys(rows, terms, 0)]
    for distance in range(1, len(neighbours) + 1):
        parts += [_keys(rows - distance, terms, distance), _keys(rows + distance, terms, distance)]
    parts.append(_keys(*_flat(headings), len(weights) - 1))
    keys = np.concatenate(parts)
    keys = np.sort(keys[(keys >= 0) & (keys < len(own) << _ROW)])
    distinct = keys >> _TERM
    firsts = np.flatnonzero(np.diff(distinct, prepend=-1))
    added = np.add.reduceat(weights[keys & _WEIGHT], firsts) if len(firsts) else np.zeros(0)
    distinct = distinct[firsts]
    return distinct >> (_ROW - _TERM), distinct & 0xFFFFFFFF, added


def _keys(rows: NDArray[np.int64], terms: NDArray[np.int64], weight: int) -> NDArray[np.int64]:
    return (rows << _ROW) | (terms << _TERM) | weight


def _flat(lists: Sequence[Sequence[int]]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    lengths = [len(terms) for terms in lists]
    rows = np.repeat(np.arange(len(lists), dtype=np.int64), lengths)
    return rows, np.fromiter(chain.from_iterable(lists), dtype=np.int64, count=sum(lengths))


def _saturated(
    rows: NDArray[np.int64], terms: NDArray[np.int64], counts: NDArray[np.float64], chunks: int
) -> SparseRows:
    length = np.bincount(rows, weights=counts, minlength=chunks)
    norm = K1 * (1 - B + B * length[rows] / AVERAGE_LENGTH)
    weights = (counts * (K1 + 1) / (counts + norm)).astype(np.float32)
    borders = np.searchsorted(rows, np.arange(chunks + 1)).astype(np.int64)
    return SparseRows(terms.astype(np.uint32), weights, borders)
