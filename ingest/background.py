"""How common terms are in a scope, estimated from a sample of its points.

The store counts document frequencies for itself and tells nobody. Feedback must know them, and a few thousand
points, chosen by the hash that is their id, tell them well enough: over 89,470 chunks of contracts 1,024
give the same recall as all.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from ingest.store.contract import SparseVector

SAMPLE = 4_096
"""Points; a smaller scope is counted whole."""
_UNSEEN = 0.25
"""Points of a sample that are taken to hold a term which none of them holds."""


@dataclass(frozen=True, slots=True)
class Background:
    """Shares of points that hold each term, of a scope of ``points``."""

    terms: NDArray[np.uint32]
    """Ascending."""
    shares: NDArray[np.float64]
    sampled: int
    points: int

    @classmethod
    def of(cls, sample: Sequence[SparseVector], points: int) -> Background:
        """What a sample tells of all ``points``."""
        every = np.concatenate([np.zeros(0, np.uint32), *(vector.indices for vector in sample)])
        terms, counts = np.unique(every, return_counts=True)
        return cls(terms, counts / max(len(sample), 1), len(sample), max(points, len(sample)))

    def share(self, terms: NDArray[np.uint32]) -> NDArray[np.float64]:
        """The share of points that hold each term; that of an unseen one is small, not 0."""
        shares = np.full(len(terms), _UNSEEN / max(self.sampled, 1))
        if len(self.terms):
            places = np.minimum(np.searchsorted(self.terms, terms), len(self.terms) - 1)
            seen = self.terms[places] == terms
            shares[seen] = self.shares[places[seen]]
        return shares

    def rarity(self, terms: NDArray[np.uint32]) -> NDArray[np.float64]:
        """The inverse document frequency that the store gives each term, about."""
        holding = self.share(terms) * self.points
        return np.log(1 + (self.points - holding + 0.5) / (holding + 0.5))

    def total(self, asked: Mapping[int, float]) -> float:
        """What a point would score that holds every term as if it said nothing else."""
        terms = np.fromiter(asked.keys(), np.uint32)
        return float(self.rarity(terms) @ np.fromiter(asked.values(), np.float64))
