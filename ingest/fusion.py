"""One ranking out of several: weighted reciprocal rank fusion."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ingest.model import Hit

RANK_CONSTANT = 60
"""Cormack, Clarke and Büttcher, Reciprocal Rank Fusion, 2009."""


def fuse(rankings: Sequence[tuple[Sequence[Hit], float]]) -> list[Hit]:
    """Order by Σ weight ÷ (60 + rank); ties by document and place, so that the order is always the same."""
    scores: dict[tuple[int, int], float] = {}
    hits: dict[tuple[int, int], Hit] = {}
    for ranking, weight in rankings:
        for rank, hit in enumerate(ranking, start=1):
            key = (hit.document, hit.ordinal)
            hits.setdefault(key, hit)
            scores[key] = scores.get(key, 0.0) + weight / (RANK_CONSTANT + rank)
    ranked = sorted(scores, key=lambda key: (-scores[key], key))
    return [replace(hits[key], score=scores[key]) for key in ranked]
