"""What a short text says in most of its passages is its topic: it finds the text, and no place in it.

An article about Luther holds his name everywhere. That is why it is found, and there a place that says his
name twice would lead before the one that also holds what is asked of him. So the places of the text that
leads are weighed once more, each term by how few of the text's passages hold it. The best of them scores what
the best of them scored: no text shall fall behind others because it is about what is asked.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ingest.model import Role

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from ingest.background import Background
    from ingest.model import Hit
    from ingest.store.contract import SparseVector

MOST_PLACES = 100
"""Of a text that is looked at: what a longer one is about, none of its passages tells alone."""
OWN = 0.5
"""Of the largest weight that a term has in a text: below it a passage's neighbours hold it, not itself."""
_TOPMOST_TEXT = 2**31
"""Below it stand the terms of `ingest.fields.Field.TEXT`; looser ones are lessened when they are written."""


def may_have_topic(lead: Hit, counts: Mapping[int, int]) -> bool:
    """Whether the text of the best hit is short prose; ``counts`` are the places of each document."""
    return lead.role == Role.PROSE and counts.get(lead.document, 0) <= MOST_PLACES


def told_apart(
    places: Sequence[Hit],
    held: Sequence[tuple[Hit, SparseVector]],
    asked: SparseVector,
    background: Background,
) -> list[Hit]:
    """The places, best first, where those of one text count what tells them apart.

    Args:
        places: found by words, best first.
        held: all places of the text and their vectors.
        asked: what the places were asked for.
        background: tells how rare a term is elsewhere.
    """
    if not held:
        return list(places)
    weights = np.stack([_weights(vector, asked.indices) for _, vector in held])
    scores = weights * (asked.values * background.rarity(asked.indices))
    shares = _rarity_within(weights, np.asarray([hit.first_passage for hit, _ in held]))
    shares[asked.indices >= _TOPMOST_TEXT] = 1.0
    before, after = scores.sum(axis=1), scores @ shares
    changes = after - before + before.max() - after.max()
    owed = {_key(hit): change for (hit, _), change in zip(held, changes.tolist(), strict=True)}
    told = [hit.scored(hit.score + owed.get(_key(hit), 0.0)) for hit in places]
    return sorted(told, key=lambda hit: -hit.score)


def _weights(vector: SparseVector, asked: NDArray[np.uint32]) -> NDArray[np.float64]:
    """What a place stores of each term that is asked for."""
    weights = np.zeros(len(asked))
    if len(vector.indices):
        rows = np.searchsorted(vector.indices, asked).clip(0, len(vector.indices) - 1)
        weights = np.where(vector.indices[rows] == asked, vector.values[rows], 0.0)
    return weights


def _rarity_within(weights: NDArray[np.float64], passages: NDArray[np.int64]) -> NDArray[np.float64]:
    """The share that is left of each term: the root of how rare it is among so many passages.

    A term that one of them holds keeps all.
    """
    distinct, numbers = np.unique(passages, return_inverse=True)
    largest = np.zeros((len(distinct), weights.shape[1]))
    np.maximum.at(largest, numbers, weights)
    holding = (largest > OWN * weights.max(axis=0)).sum(axis=0).clip(1)
    count = len(distinct)
    rarest = np.log(1 + (count - 0.5) / 1.5)
    return np.sqrt(np.log(1 + (count - holding + 0.5) / (holding + 0.5)) / rarest)


def _key(hit: Hit) -> tuple[int, int]:
    return hit.document, hit.ordinal
