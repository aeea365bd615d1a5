"""Whether what was searched answers a question at all, as one number.

There is always a best place. Whether it answers shows in how much of the question it holds, how near it comes
in meaning and, where a collection is of one kind, in how it stands beside the places that the other documents
answer with: thirty contracts say in nearly the same words who may audit whom, and one says nothing like it.

The weights are those of a logistic regression; ``python -m bench.notfound`` fits them and tells how often
they are wrong about questions and documents that they were not fitted to.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

CONSTANT = "constant"
LEAST_CONFIDENCE = 0.38
"""What is less sure is not said: of questions that lawyers found answered in a contract this misses one in
eleven, and one in fifty or fewer where nothing can be compared."""


@dataclass(frozen=True, slots=True)
class Signs:
    """What speaks for an answer."""

    words: float
    """The largest share of the question's own words that one place holds, see `ingest.comparing`."""
    meaning: float | None
    """The largest cosine; None where the question was not embedded."""
    standing: float | None = None
    """The best score, learnt words included, over the best one of other documents; None without any."""
    likeness: float | None = None
    """The largest cosine, of weighed words, between the best places and the best ones of other documents."""


@dataclass(frozen=True, slots=True)
class Weights:
    """Of signs and a constant, by which of the signs there are."""

    alone: Mapping[str, float]
    """Where there is nothing to compare with."""
    by_words: Mapping[str, float]
    """Where, besides, the question was not embedded."""
    compared: Mapping[str, float]
    """Where other documents of the same kind show how they answer.

    Meaning is not among them: it brought nothing beside these, and a question that names its document is near
    to the opening, whatever else it asks.
    """

    def of(self, signs: Signs) -> Mapping[str, float]:
        """Those to judge by."""
        if signs.standing is not None:
            return self.compared
        return self.by_words if signs.meaning is None else self.alone


WEIGHTS = Weights(
    alone={CONSTANT: -3.9, "words": 4.59, "meaning": 8.38},
    by_words={CONSTANT: -1.17, "words": 5.3},
    compared={CONSTANT: -3.02, "words": 2.26, "standing": 2.6, "likeness": 3.96},
)


def confidence(signs: Signs, weights: Weights = WEIGHTS) -> float:
    """How sure it is, from 0 to 1, that there is an answer."""
    values = {**asdict(signs), CONSTANT: 1.0}
    total = sum(weight * values[name] for name, weight in weights.of(signs).items())
    return 1 / (1 + math.exp(-total))
