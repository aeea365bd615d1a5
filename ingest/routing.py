"""Which document a question is about, and what of the question only says so.

"Consider the lease between Acme and Bolt; who pays the rent?" is two questions. The names of the parties find
the contract, and then drown the words that find the clause. So every document has one point made of its
title and opening; the words that the best opening explains are taken out of the question before the search
inside that document.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ingest.sparse import chunk_vectors
from ingest.store.contract import Point

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ingest.model import Document
    from ingest.terms import Analyzer

OPENING = 2_000
"""Code points that stand for the whole: title, parties, date, first recitals; of code, its head."""
SHORT = 4 * OPENING
"""Code points. The opening of a document this short tells what it says, not only what it is called."""
GAIN = 0.8
"""Of a word's BM25 score in the opening, over what the rarest word could add: rare words explain more."""
LEAST_RARITY = 1.5
"""Among a handful of documents no word is rare: each of them would seem to explain the question."""
LARGEST_GAIN = 1.5
LOSS = 0.6
"""Of a word that the opening does not hold."""
LEAST_EXPLAINED = 2.0
"""A run worth less names no document: the question is about all of them."""
CLOSE = 0.92
"""A document this close to the best one may be the one that is meant."""
MOST_NAMED = 2
"""Documents that a question may name, as a contract and its amendment share their parties."""
LEAD = 0.7
"""The best document that is not meant scores at most this much of the best one."""


@dataclass(frozen=True, slots=True)
class Route:
    """Documents that a question names, and the terms left to search for inside them."""

    documents: tuple[int, ...]
    terms: tuple[int, ...]


def opening_point(document: Document, *, number: int, analyzer: Analyzer, dimensions: int) -> Point:
    """The point that tells which document this is, from its opening; its range is the whole document.

    It has no direction among the dense vectors.
    """
    own = analyzer.document_terms(document.text[:OPENING])
    ((sparse,),) = chunk_vectors([own], [analyzer.document_terms(document.title)])
    return Point(
        document=number,
        ordinal=0,
        start=0,
        end=len(document.text),
        first_passage=1,
        last_passage=1,
        sparse=sparse,
        dense=np.zeros(dimensions, dtype=np.float32),
    )


def stands_out(scores: Sequence[float]) -> bool:
    """Whether the best `MOST_NAMED` scores leave the next one behind; scores are best first."""
    return bool(scores) and (len(scores) <= MOST_NAMED or scores[MOST_NAMED] <= LEAD * scores[0])


def explained_run(values: Sequence[float]) -> tuple[int, int, float]:
    """The contiguous run with the largest sum: its start, its end, its sum (Kadane)."""
    best = (0, 0, 0.0)
    start, total = 0, 0.0
    for i, value in enumerate(values):
        total += value
        if total <= 0:
            start, total = i + 1, 0.0
        elif total > best[2]:
            best = (start, i + 1, total)
    return best


def rarity(documents: int) -> float:
    """The inverse document frequency, as BM25 counts it, of a word that one of so many documents holds."""
    return max(LEAST_RARITY, math.log(1 + (documents - 0.5) / 1.5))


def word_value(word: Sequence[int], scores: Sequence[float], rarest: float) -> float:
    """What a word adds to a run: its score in the opening, or a loss; a function word is neutral."""
    if not word:
        return 0.0
    return min(LARGEST_GAIN, GAIN * max(scores) / rarest) if any(scores) else -LOSS
