"""What passages that answer a question have in common, as more words to search with.

Nobody asks in the words of a contract: "change of control" is written "merger, consolidation or sale of all
or substantially all of the assets". But where a collection is of one kind, many documents answer the same
question, and what their best passages share is how the answer is worded (relevance weights after Robertson
and Spärck Jones, 1976, without anybody's judgement).
"""

from __future__ import annotations

from statistics import fmean
from typing import TYPE_CHECKING

import numpy as np

from ingest.model import Role

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from ingest.background import Background
    from ingest.model import Hit
    from ingest.store.contract import SparseVector

SHARE = 0.3
"""Of the documents whose best passages must be alike."""
FEWEST, MOST = 5, 100
"""Documents, whatever the share is."""
LEARNT_FROM = 50
"""Best passages, of so many documents at most."""
ALIKE = 0.4
"""The best passages of so many documents must score, on average, this much of what holding every word gives:
only then is the question one that documents of this collection answer alike."""
LONG = 5_000
"""Code points: the best place of a shorter document is no choice among many."""
FIRST = 20
"""Documents whose best places tell whether the question is about long texts."""
MOSTLY = 0.7
"""Of those, so many must be long texts: what contracts share is not asked for where others answer as well."""
TERMS = 80
STRENGTH = 2.0
"""Weight of the best new term, where a term of the question has 1 × its rarity."""
PLENTY = 100
"""Documents of a collection that give feedback its full strength."""
_LEAST_COUNT, _LEAST_SHARE = 3, 0.03
"""In how many of the passages, and in which share of them, a term must stand."""


def best_of_each(hits: Sequence[Hit], documents: int) -> list[Hit]:
    """The best hit of each of the best documents; hits are best first, ``documents`` those of the scope."""
    wanted = min(MOST, max(FEWEST, int(SHARE * documents)))
    first: dict[int, Hit] = {}
    for hit in hits:
        first.setdefault(hit.document, hit)
        if len(first) == wanted:
            break
    return list(first.values())


def long_texts(described: Iterable[Hit]) -> set[int]:
    """The documents that are prose and long, of hits whose range is the whole document."""
    return {hit.document for hit in described if hit.role == Role.PROSE and hit.end >= LONG}


def are_asked(best: Sequence[Hit], texts: Collection[int]) -> bool:
    """Whether a question is about long texts: ``best`` is the best hit of each document, best first."""
    first = best[:FIRST]
    return sum(hit.document in texts for hit in first) >= MOSTLY * len(first)


def is_answered_alike(best: Sequence[Hit], total: float) -> bool:
    """Whether enough of these best hits of documents hold the question's words well.

    Args:
        best: one hit of each document.
        total: the score of a place that holds every word.
    """
    return len(best) >= FEWEST and fmean(hit.score for hit in best) >= ALIKE * total


def shared_terms(
    passages: Sequence[SparseVector], background: Background, others: Background, *, strength: float
) -> dict[int, float]:
    """The terms that tell these passages from others, each with its weight for a search.

    Args:
        passages: what is taken for answers.
        background: of the scope: weights are made for a store that multiplies by a term's rarity in it.
        others: of the documents that answers are told from.
        strength: the largest weight.
    """
    if not passages:
        return {}
    terms, counts = np.unique(np.concatenate([each.indices for each in passages]), return_counts=True)
    chosen = len(passages)
    points = max(background.points, chosen)  # since it was drawn more may have come
    common = np.maximum(others.share(terms), counts / points)
    odds = (counts + 0.5) / (chosen - counts + 0.5)
    usual = (common * points - counts + 0.5) / ((1 - common) * points - chosen + counts + 0.5).clip(0.5)
    offers = np.log(odds / usual) * np.sqrt(counts / chosen)
    offers[counts < max(_LEAST_COUNT, _LEAST_SHARE * chosen)] = 0.0
    best = np.argsort(-offers, kind="stable")[:TERMS]
    best = best[offers[best] > 0]
    if not len(best):
        return {}
    weights = strength * offers[best] / offers[best[0]] / background.rarity(terms[best])
    return dict(zip(terms[best].tolist(), weights.tolist(), strict=True))


def added(*parts: dict[int, float]) -> dict[int, float]:
    """The terms of all parts, their weights added."""
    total: dict[int, float] = {}
    for part in parts:
        for term, weight in part.items():
            total[term] = total.get(term, 0.0) + weight
    return total
