"""What a short text says in most of its passages is its topic: it finds the text, and no place in it.

An article about Luther holds his name everywhere. That is why it is found, and there a place that says his
name twice would lead before the one that also holds what is asked of him. So the places of the text that
leads are weighed once more: each term by how few of the text's passages hold it, and each place by the
meaning of its whole passage, too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ingest.fields import TEXT_ENDS
from ingest.found import Closer, key_of
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
POWER = 0.8
"""Of how rare a term is in the text, beside one of a single passage."""
ALIKE = 0.3
"""The cosine of two places of a passage, about."""


def may_have_topic(lead: Hit, counts: Mapping[int, int]) -> bool:
    """Whether the text of the best hit is short prose; ``counts`` are the places of each document."""
    return lead.role == Role.PROSE and counts.get(lead.document, 0) <= MOST_PLACES


def looked_at(
    held: Sequence[tuple[Hit, SparseVector]],
    asked: SparseVector,
    near: Sequence[Hit],
    background: Background,
) -> Closer:
    """What the places of one text are worth among each other.

    Args:
        held: all of its places, and their words.
        asked: what places were asked for.
        near: places by meaning, nearest first; what is not among them is as far as the last.
        background: tells how rare a term is elsewhere.
    """
    keys = [key_of(hit) for hit, _ in held]
    weights = np.stack([_weights(vector, asked.indices) for _, vector in held])
    _, passages = np.unique([hit.first_passage for hit, _ in held], return_inverse=True)
    lost = _rarity_within(weights, passages) - 1.0
    lost[asked.indices >= TEXT_ENDS] = 0.0  # looser ones are lessened when they are written
    words = weights @ (asked.values * background.rarity(asked.indices) * lost)
    far = near[-1].score if near else 0.0
    cosines = {key_of(hit): hit.score for hit in near}
    meaning = _of_passages(np.asarray([max(cosines.get(key, far), 0.0) for key in keys]), passages)
    return Closer(
        dict(zip(keys, words.tolist(), strict=True)), dict(zip(keys, meaning.tolist(), strict=True))
    )


def _weights(vector: SparseVector, asked: NDArray[np.uint32]) -> NDArray[np.float64]:
    """What a place stores of each term that is asked for."""
    if not len(vector.indices):
        return np.zeros(len(asked))
    rows = np.searchsorted(vector.indices, asked).clip(0, len(vector.indices) - 1)
    return np.where(vector.indices[rows] == asked, vector.values[rows], 0.0)


def _rarity_within(weights: NDArray[np.float64], passages: NDArray[np.int64]) -> NDArray[np.float64]:
    """What is left of each term by how rare it is in the text: all, where one passage holds it."""
    largest = np.zeros((passages.max() + 1, weights.shape[1]))
    np.maximum.at(largest, passages, weights)
    holding = (largest > OWN * weights.max(axis=0)).sum(axis=0).clip(1)
    count = len(largest)
    rarest = np.log(1 + (count - 0.5) / 1.5)
    return (np.log(1 + (count - holding + 0.5) / (holding + 0.5)) / rarest) ** POWER


def _of_passages(cosines: NDArray[np.float64], passages: NDArray[np.int64]) -> NDArray[np.float64]:
    """The cosine of the passage of each place: of the sum of vectors that are alike by `ALIKE`."""
    counts = np.bincount(passages)
    lengths = np.sqrt(counts * (1 + (counts - 1) * ALIKE))
    return (np.bincount(passages, weights=cosines) / lengths)[passages]
