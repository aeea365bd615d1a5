"""BM25 as sparse vectors: weights of terms in a chunk, which its neighbours and its headings share in.

A sentence seldom repeats what its clause is about: the sentences around it and the headings above it do.
Their term counts are added, fading with the distance, before BM25 saturates them (Robertson and Zaragoza,
The Probabilistic Relevance Framework, 2009; fields as in BM25F). The store multiplies by the inverse
document frequency when it searches.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain, islice, pairwise
from typing import TYPE_CHECKING

import numpy as np

from ingest.fields import Field, in_field
from ingest.store.contract import SparseVector

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from numpy.typing import NDArray

K1 = 1.2
B = 0.3
AVERAGE_LENGTH = 42.0
"""Terms of a chunk, neighbours and headings counted in: frozen, so that no vector depends on the others."""
NEIGHBOURS = (0.3, 0.2, 0.1)
"""Weight of the chunks one, two and three places away."""
HEADING = 1.25
ABOVE = 0.75
"""Weight of the heading around the nearest one."""
HEADING_LENGTH = 5.0
"""Terms of a heading, and of the one above it."""
_ROW, _TERM, _WEIGHT = 36, 4, 15
"""Where row and term begin in a key, and the bits below them."""
BLOCK = 2_048
"""Chunks weighed at once: memory stays bounded however long the document is."""


@dataclass(frozen=True, slots=True)
class Bm25:
    """How counts become weights: ``average`` is the length, in counted terms, that changes nothing."""

    k1: float
    b: float
    average: float


TEXT = Bm25(K1, B, AVERAGE_LENGTH)
HEADINGS = Bm25(K1, B, HEADING_LENGTH)


@dataclass(frozen=True, slots=True)
class Heading:
    """The terms of what a chunk stands under."""

    terms: Sequence[int] = ()
    above: Sequence[int] = ()
    """Of the heading around that one."""
    opens: bool = False
    """Whether the chunk is the first under it."""


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
    headings: Iterable[Heading],
    *,
    neighbours: Sequence[float] = NEIGHBOURS,
    block: int = BLOCK,
) -> Iterator[SparseRows]:
    """One vector a chunk, in order, in blocks; ``own`` and ``headings`` bring the term ids of each.

    They are asked for a block and a few neighbours ahead, and never again.
    """
    halo = len(neighbours)
    chunks = zip(own, headings, strict=True)
    window: list[tuple[Sequence[int], Heading]] = []
    before = 0  # chunks at the beginning of the window that only lend their terms
    while True:
        window += islice(chunks, before + block + halo - len(window))
        after = min(before + block, len(window))
        if after == before:
            return
        yield _weighed(window, before, after, neighbours)
        passed = max(after - halo, 0)
        del window[:passed]
        before = after - passed


def field_vector(*fields: tuple[Field, NDArray[np.int64], NDArray[np.float64], Bm25]) -> SparseVector:
    """One vector of several fields, each with its distinct terms, their counts and their scale."""
    parts = [
        _Entries(np.zeros(len(terms), dtype=np.int64), in_field(terms, field), counts).saturated(1, scale)
        for field, terms, counts, scale in fields
    ]
    (vector,) = _merged(parts, 1)
    return vector


@dataclass(frozen=True, slots=True)
class _Entries:
    """Numbers of a sparse matrix: rows, columns, what stands there."""

    rows: NDArray[np.int64]
    terms: NDArray[np.int64]
    values: NDArray[np.float64]

    def saturated(self, rows: int, scale: Bm25) -> _Entries:
        """BM25's weights for counts of terms in so many rows."""
        length = np.bincount(self.rows, weights=self.values, minlength=rows)
        norm = scale.k1 * (1 - scale.b + scale.b * length[self.rows] / scale.average)
        return _Entries(self.rows, self.terms, self.values * (scale.k1 + 1) / (self.values + norm))


def _weighed(
    window: Sequence[tuple[Sequence[int], Heading]], first: int, last: int, neighbours: Sequence[float]
) -> SparseRows:
    """The vectors of the chunks from ``first`` to ``last`` of a window."""
    own, headings = [terms for terms, _ in window], [heading for _, heading in window]
    opening = [heading if heading.opens else Heading() for heading in headings]
    text = _counts(own, headings, [1.0, *neighbours, HEADING, ABOVE], first, last)
    named = _counts([()] * len(own), opening, [1.0, 1.0, ABOVE / HEADING], first, last)
    named = _Entries(named.rows, in_field(named.terms, Field.HEADING), named.values)
    rows = last - first
    return _merged([text.saturated(rows, TEXT), named.saturated(rows, HEADINGS)], rows)


def _counts(
    own: Sequence[Sequence[int]], headings: Sequence[Heading], weights: Sequence[float], first: int, last: int
) -> _Entries:
    """Weighted counts in the rows from ``first`` to ``last``, numbered from 0, ordered by row and term.

    ``weights`` are of a chunk's own terms, its neighbours' by distance, its heading's, the one above's.
    Row, term and the place of the weight in its table make one number: so a plain sort, which is fast, brings
    together what must be added, always in the same order.
    """
    distances = len(weights) - 2
    rows, terms = _flat(own)
    parts = [_keys(rows, terms, 0)]
    for distance in range(1, distances):
        parts += [_keys(rows - distance, terms, distance), _keys(rows + distance, terms, distance)]
    parts.append(_keys(*_flat([heading.terms for heading in headings]), distances))
    parts.append(_keys(*_flat([heading.above for heading in headings]), distances + 1))
    keys = np.concatenate(parts)
    keys = np.sort(keys[(keys >= first << _ROW) & (keys < last << _ROW)])
    distinct = keys >> _TERM
    firsts = np.flatnonzero(np.diff(distinct, prepend=-1))
    table = np.asarray(weights)
    added = np.add.reduceat(table[keys & _WEIGHT], firsts) if len(firsts) else np.zeros(0)
    distinct = distinct[firsts]
    return _Entries((distinct >> (_ROW - _TERM)) - first, distinct & 0xFFFFFFFF, added)


def _keys(rows: NDArray[np.int64], terms: NDArray[np.int64], weight: int) -> NDArray[np.int64]:
    return (rows << _ROW) | (terms << _TERM) | weight


def _flat(lists: Sequence[Sequence[int]]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    lengths = [len(terms) for terms in lists]
    rows = np.repeat(np.arange(len(lists), dtype=np.int64), lengths)
    return rows, np.fromiter(chain.from_iterable(lists), dtype=np.int64, count=sum(lengths))


def _merged(parts: Sequence[_Entries], rows: int) -> SparseRows:
    """One matrix of fields that share no index; of two terms that meet in spite of that, the first stays."""
    row = np.concatenate([part.rows for part in parts])
    term = np.concatenate([part.terms for part in parts])
    value = np.concatenate([part.values for part in parts])
    _, order = np.unique((row << _ROW - _TERM) | term, return_index=True)
    borders = np.searchsorted(row[order], np.arange(rows + 1)).astype(np.int64)
    return SparseRows(term[order].astype(np.uint32), value[order].astype(np.float32), borders)
