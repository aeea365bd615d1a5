"""Whether other documents show how a question is answered, and how like their answers a place is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ingest.feedback import FEWEST

if TYPE_CHECKING:
    from collections.abc import Container, Mapping, Sequence

    from ingest.background import Background
    from ingest.model import Hit
    from ingest.store.contract import SparseVector

LEAST_RARITY = 2.5
"""In a short document every word that is there is common: what is not there would be all that counts."""
OTHERS = 10
"""Documents that a place is compared with: the best ones."""
CANDIDATES = 3
"""Best places that may be like those of the others."""


def largest_share(
    terms: Mapping[int, float], places: Sequence[SparseVector], background: Background
) -> float:
    """How much of a question one place holds: its score over that of a place that holds every word once.

    Args:
        terms: of the question, with how much each counts.
        places: the words of the best ones.
        background: tells how rare each term is; none counts for less than `LEAST_RARITY`.
    """
    asked = np.fromiter(terms.keys(), np.uint32)
    values = np.fromiter(terms.values(), np.float64) * np.maximum(background.rarity(asked), LEAST_RARITY)
    total = float(values.sum())
    shares: list[float] = []
    for place in places:
        held = dict(zip(place.indices.tolist(), place.values.tolist(), strict=True))
        shares.append(float(values @ np.array([held.get(term, 0.0) for term in terms])) / (total or 1.0))
    return max(shares, default=0.0)


def others_of(hits: Sequence[Hit], own: Container[int], texts: Container[int]) -> list[Hit]:
    """The best hit of each of the best long texts that are not among one's ``own``; none if they are too few.

    Programs share words with each other for other reasons than that they answer alike, and the best place of
    a short document is no choice among many: both are passed over.

    Args:
        hits: of all documents, best first.
        own: documents that are asked.
        texts: documents that are long and prose.
    """
    best: dict[int, Hit] = {}
    for hit in hits:
        if hit.document in texts and hit.document not in own:
            best.setdefault(hit.document, hit)
    return list(best.values())[:OTHERS] if len(best) >= FEWEST else []


def largest_likeness(
    own: Sequence[SparseVector], others: Sequence[SparseVector], background: Background
) -> float:
    """The largest cosine between two places, one of each side; 0 where one side is empty."""
    return max((_cosine(one, two, background) for one in own for two in others), default=0.0)


def _cosine(one: SparseVector, two: SparseVector, background: Background) -> float:
    """Of two places, each term weighed by its rarity."""
    left = one.values * background.rarity(one.indices)
    right = two.values * background.rarity(two.indices)
    _, in_left, in_right = np.intersect1d(one.indices, two.indices, assume_unique=True, return_indices=True)
    lengths = float(np.linalg.norm(left) * np.linalg.norm(right))
    return float(left[in_left] @ right[in_right]) / lengths if lengths else 0.0
