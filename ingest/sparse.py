"""BM25 as sparse vectors: weights of terms in a chunk, which its neighbours and its headings share in.

A sentence seldom repeats what its clause is about: the sentences around it and the headings above it do.
Their term counts are added, fading with the distance, before BM25 saturates them (Robertson and Zaragoza,
The Probabilistic Relevance Framework, 2009; fields as in BM25F). The store multiplies by the inverse
document frequency when it searches. What a document says in most of its passages tells them apart as little
as what most documents say: there a looser term weighs less, see `Spread`.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain, islice, pairwise
from typing import TYPE_CHECKING

import numpy as np

from ingest.fields import Field, in_field
from ingest.store.contract import SparseVector

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from numpy.typing import NDArray

K1 = 1.2
SOON = 0.8
"""The k1 of prose, and of looser terms: to say a word twice means less there than to say another one, too."""
B = 0.3
AVERAGE_LENGTH = 42.0
"""Terms of a chunk, neighbours and headings counted in: frozen, so that no vector depends on the others."""
NEIGHBOURS = (0.3, 0.2, 0.1)
"""Weight of the chunks one, two and three places away."""
ACROSS = 0.5
"""Of that, where they stand in another passage."""
HEADING = 1.25
ABOVE = 0.75
"""Weight of the heading around the nearest one."""
SPREAD = 0.8
"""What a looser term loses that every passage of a long document holds, of 1.0. An exact one loses nothing:
documents about a topic would fall behind those that mention it."""
LOOSE_LENGTH = 150.0
"""Looser terms of a chunk, likewise."""
HEADING_LENGTH = 5.0
"""Terms of a heading, and of the one above it."""
_ROW, _TERM, _LOAN = 36, 4, 15
"""Where row and term begin in a key, and the bits below them: no more than 16 loans."""
_Loan = tuple["NDArray[np.int64]", "NDArray[np.int64]", float]
"""Rows, the terms that are counted in each, and how much each counts."""
BLOCK = 2_048
"""Chunks weighed at once: memory stays bounded however long the document is."""


@dataclass(frozen=True, slots=True)
class Bm25:
    """How counts become weights: ``average`` is the length, in counted terms, that changes nothing."""

    k1: float
    b: float
    average: float


TEXT = Bm25(SOON, B, AVERAGE_LENGTH)
PROGRAM = Bm25(K1, B, AVERAGE_LENGTH)
HEADINGS = Bm25(K1, B, HEADING_LENGTH)
LOOSE = Bm25(SOON, B, LOOSE_LENGTH)


@dataclass(frozen=True, slots=True)
class Heading:
    """The terms of what a chunk stands under."""

    terms: Sequence[int] = ()
    above: Sequence[int] = ()
    """Of the heading around that one."""
    opens: bool = False
    """Whether the chunk is the first under it."""


@dataclass(frozen=True, slots=True)
class Weighed:
    """A chunk before it is weighed: the ids of its terms, the number of its passage, its heading."""

    terms: Sequence[int]
    loose: Sequence[int] = ()
    passage: int = 0
    heading: Heading = Heading()


@dataclass(frozen=True, slots=True)
class Spread:
    """Terms that several passages of a document hold, and what their weights are multiplied by in it."""

    terms: NDArray[np.int64]
    """Ascending."""
    shares: NDArray[np.float64]

    @classmethod
    def of(cls, holding: Mapping[int, int], passages: int) -> Spread:
        """From how many of so many passages hold each term; one that holds it alone lessens nothing."""
        several = sorted((term, count) for term, count in holding.items() if count > 1)
        terms = np.fromiter((term for term, _ in several), np.int64, len(several))
        counts = np.fromiter((count for _, count in several), np.float64, len(several))
        return cls(terms, 1 - SPREAD * np.sqrt((counts - 1) / max(passages, 1)))

    def share(self, terms: NDArray[np.int64]) -> NDArray[np.float64]:
        """What is left of the weight of each of these."""
        if not len(self.terms):
            return np.ones(len(terms))
        places = np.searchsorted(self.terms, terms).clip(0, len(self.terms) - 1)
        return np.where(self.terms[places] == terms, self.shares[places], 1.0)


NOWHERE = Spread(np.zeros(0, np.int64), np.zeros(0))


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
    chunks: Iterator[Weighed],
    spread: Spread = NOWHERE,
    scale: Bm25 = TEXT,
    *,
    neighbours: Sequence[float] = NEIGHBOURS,
    block: int = BLOCK,
) -> Iterator[SparseRows]:
    """One vector a chunk, in order, in blocks: ``spread`` is of looser terms, ``scale`` of exact ones.

    Chunks are asked for a block and a few neighbours ahead, and never again.
    """
    halo = len(neighbours)
    window: list[Weighed] = []
    before = 0  # chunks at the beginning of the window that only lend their terms
    while True:
        window += islice(chunks, before + block + halo - len(window))
        after = min(before + block, len(window))
        if after == before:
            return
        yield _weighed(window, (before, after), neighbours, spread, scale)
        passed = max(after - halo, 0)
        del window[:passed]
        before = after - passed


def field_vector(*fields: tuple[Field, NDArray[np.int64], NDArray[np.float64], Bm25]) -> SparseVector:
    """One vector of several fields, each with its distinct terms, their counts and their scale."""
    parts = [
        _Entries(np.zeros(len(terms), dtype=np.int64), terms, counts).within(field).saturated(1, scale)
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

    def within(self, field: Field) -> _Entries:
        """The same, of another field."""
        return _Entries(self.rows, in_field(self.terms, field), self.values)

    def saturated(self, rows: int, scale: Bm25) -> _Entries:
        """BM25's weights for counts of terms in so many rows."""
        length = np.bincount(self.rows, weights=self.values, minlength=rows)
        norm = scale.k1 * (1 - scale.b + scale.b * length[self.rows] / scale.average)
        return _Entries(self.rows, self.terms, self.values * (scale.k1 + 1) / (self.values + norm))

    def lessened(self, spread: Spread) -> _Entries:
        """The same, where terms that the document spreads widely weigh less."""
        return _Entries(self.rows, self.terms, self.values * spread.share(self.terms))


def _weighed(
    window: Sequence[Weighed],
    part: tuple[int, int],
    neighbours: Sequence[float],
    spread: Spread,
    scale: Bm25,
) -> SparseRows:
    """The vectors of the chunks from the first to the last of a part of a window."""
    first, last = part
    nothing = Heading()
    opening = [chunk.heading if chunk.heading.opens else nothing for chunk in window]
    terms = _lent([chunk.terms for chunk in window], window, neighbours)
    under = _under([chunk.heading for chunk in window], HEADING, ABOVE)
    text = _counts(chain(terms, under), first, last)
    loose = _counts(_lent([chunk.loose for chunk in window], window, neighbours), first, last)
    named = _counts(_under(opening, 1.0, ABOVE / HEADING), first, last)
    rows = last - first
    fields = [
        text.saturated(rows, scale),
        named.within(Field.HEADING).saturated(rows, HEADINGS),
        loose.saturated(rows, LOOSE).lessened(spread).within(Field.LOOSE),
    ]
    return _merged(fields, rows)


def _lent(
    own: Sequence[Sequence[int]], window: Sequence[Weighed], neighbours: Sequence[float]
) -> Iterator[_Loan]:
    """What the terms of each chunk count in itself and in its neighbours."""
    rows, terms = _flat(own)
    yield rows, terms, 1.0
    passages = np.asarray([chunk.passage for chunk in window], dtype=np.int64)
    givers, given = np.tile(rows, 2), np.tile(terms, 2)
    for distance, weight in enumerate(neighbours, start=1):
        takers = np.concatenate([rows - distance, rows + distance])
        there = (takers >= 0) & (takers < len(window))
        beside = passages[givers] == passages[takers.clip(0, len(window) - 1)]
        for chosen, share in ((there & beside, weight), (there & ~beside, ACROSS * weight)):
            yield takers[chosen], given[chosen], share


def _under(headings: Sequence[Heading], nearest: float, above: float) -> Iterator[_Loan]:
    yield *_flat([heading.terms for heading in headings]), nearest
    yield *_flat([heading.above for heading in headings]), above


def _counts(loans: Iterable[_Loan], first: int, last: int) -> _Entries:
    """Weighted counts in the rows from ``first`` to ``last``, numbered from 0, ordered by row and term.

    Row, term and the number of the loan make one number: so a plain sort, which is fast, brings together
    what must be added, always in the same order.
    """
    table: list[float] = []
    parts: list[NDArray[np.int64]] = []
    for rows, terms, weight in loans:
        parts.append((rows << _ROW) | (terms << _TERM) | len(table))
        table.append(weight)
    keys = np.concatenate(parts)
    keys = np.sort(keys[(keys >= first << _ROW) & (keys < last << _ROW)])
    distinct = keys >> _TERM
    firsts = np.flatnonzero(np.diff(distinct, prepend=-1))
    added = np.add.reduceat(np.asarray(table)[keys & _LOAN], firsts) if len(firsts) else np.zeros(0)
    distinct = distinct[firsts]
    return _Entries((distinct >> (_ROW - _TERM)) - first, distinct & 0xFFFFFFFF, added)


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
