"""What a short text says in most of its passages is its topic: it finds the text, and no place in it.

An article about Luther holds his name everywhere. That is why it is found, and there a place that says his
name twice would lead before the one that also holds what is asked of him. So the places of the text that
leads are weighed once more: each term by how few of the text's passages hold it, and each place by the
meaning of its whole passage, too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ingest.model import Role
from ingest.ranking import Closer
from ingest.store.points import PLACE_FIELDS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from ingest.background import Background
    from ingest.model import Hit
    from ingest.store.contract import SparseVector
    from ingest.store.points import Points

MOST_PLACES = 100
"""Of a text that is looked at: what a longer one is about, none of its passages tells alone."""
OWN = 0.5
"""Of the largest weight that a term has in a text: below it a passage's neighbours hold it, not itself."""
POWER = 0.8
"""Of how rare a term is in the text, beside one of a single passage."""
_TEXT_ENDS = 2**31
"""Below it stand the terms of `ingest.fields.Field.TEXT`; looser ones are lessened when they are written."""


def may_have_topic(lead: Hit, counts: Mapping[int, int]) -> bool:
    """Whether the text of the best hit is short prose; ``counts`` are the places of each document."""
    return lead.role == Role.PROSE and counts.get(lead.document, 0) <= MOST_PLACES


def looked_at(
    points: Points, asked: SparseVector, vector: NDArray[np.float32], background: Background
) -> Closer:
    """What the places of one text are worth among each other.

    Args:
        points: of the text, all of them.
        asked: what places were asked for.
        vector: of the question; a zero vector is near nothing.
        background: tells how rare a term is elsewhere.
    """
    weights = _weights(points, asked.indices)
    _, passages = np.unique(points.places[:, PLACE_FIELDS.index("first_passage")], return_inverse=True)
    lost = _rarity_within(weights, passages) - 1.0
    lost[asked.indices >= _TEXT_ENDS] = 0.0
    words = weights @ (asked.values * background.rarity(asked.indices) * lost)
    meaning = _cosines(points.dense, passages, vector)
    keys = [(document, ordinal) for document, ordinal in points.places[:, :2].tolist()]
    return Closer(
        dict(zip(keys, words.tolist(), strict=True)), dict(zip(keys, meaning.tolist(), strict=True))
    )


def _weights(points: Points, asked: NDArray[np.uint32]) -> NDArray[np.float64]:
    """What each place stores of each term that is asked for."""
    weights = np.zeros((len(points), len(asked)))
    rows = np.repeat(np.arange(len(points)), np.diff(points.borders))
    columns = np.searchsorted(asked, points.indices).clip(0, max(len(asked) - 1, 0))
    held = asked[columns] == points.indices if len(asked) else np.zeros(len(rows), np.bool_)
    weights[rows[held], columns[held]] = points.values[held]
    return weights


def _rarity_within(weights: NDArray[np.float64], passages: NDArray[np.int64]) -> NDArray[np.float64]:
    """What is left of each term by how rare it is in the text: all, where one passage holds it."""
    largest = np.zeros((passages.max() + 1, weights.shape[1]))
    np.maximum.at(largest, passages, weights)
    holding = (largest > OWN * weights.max(axis=0)).sum(axis=0).clip(1)
    count = len(largest)
    rarest = np.log(1 + (count - 0.5) / 1.5)
    return (np.log(1 + (count - holding + 0.5) / (holding + 0.5)) / rarest) ** POWER


def _cosines(
    dense: NDArray[np.float32], passages: NDArray[np.int64], vector: NDArray[np.float32]
) -> NDArray[np.float64]:
    """How near the question is to the passage of each place: to the sum of its places' vectors."""
    sums = np.zeros((passages.max() + 1, dense.shape[1]))
    np.add.at(sums, passages, dense)
    lengths = np.linalg.norm(sums, axis=1) * np.linalg.norm(vector)
    return (sums @ vector / np.maximum(lengths, 1e-6))[passages]
