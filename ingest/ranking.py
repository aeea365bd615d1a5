"""One order out of what words, meaning and whole documents say.

score = (place / best place + 0.5 · document's best places / best + 0.6 · document / best + w · cosine) · role
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass, replace
from heapq import nsmallest
from itertools import accumulate, islice
from typing import TYPE_CHECKING

from ingest.model import Role

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ingest.model import Hit

DENSE = 0.8
"""Of a cosine, against 1.0 of the best BM25 score."""
DENSE_AFTER_FEEDBACK = 0.2
"""Where the wording of answers is known, cosines add little."""
PLACES = 0.5
"""Of the mean of a document's best places."""
BEST_PLACES = 5
DOCUMENT = 0.6
"""Of a document's own score: all its words, its names."""
PRIORS = {Role.SOURCE: 1.0, Role.PROSE: 0.5, Role.TEST: 0.6, Role.EXAMPLE: 0.4, Role.DATA: 0.4}
"""Where programs answer too, they come before what is said about them."""
ASKED_PRIOR = 0.7
"""Of a role that the question is about."""
COMPETES = 0.4
"""Of the best BM25 score: a program below it has no answer that others must stand behind."""
DIGITS = 3
"""Of a score: beyond, it hangs on what else was embedded at the same time."""
LEADING = 24
"""Hits in a document that the question names, before the first one elsewhere."""
PER_OTHER = 8
"""Such hits for each one elsewhere, after that."""
_ASKED = {
    Role.TEST: re.compile(r"\b(?:tests?|tested|testing|fixtures?|specs?)\b|\bтест|测试", re.IGNORECASE),
    Role.PROSE: re.compile(
        r"\b(?:docs?|documentation|documented|manual|readme|changelog)\b|\bдокументаци|文档", re.IGNORECASE
    ),
    Role.EXAMPLE: re.compile(r"\b(?:examples?|samples?|demo|tutorials?)\b|\bпример|示例", re.IGNORECASE),
    Role.DATA: re.compile(
        r"\b(?:config(?:uration)? files?|settings file|workflow|ya?ml|toml|json)\b", re.IGNORECASE
    ),
}


@dataclass(frozen=True, slots=True)
class Found:
    """What the searches have found, each list best first."""

    places: Sequence[Hit]
    """By their words."""
    near: Sequence[Hit]
    """By meaning; scores are cosines."""
    documents: Mapping[int, float]
    """Scores of whole documents."""
    pool: int
    """Places asked for: where as many came, others may score as much as the last one."""
    dense_weight: float = DENSE


def priors_of(question: str) -> dict[Role, float]:
    """What the score of a hit is multiplied by, by the role of its document."""
    asked = {role for role, words in _ASKED.items() if words.search(question)}
    return {role: max(prior, ASKED_PRIOR) if role in asked else prior for role, prior in PRIORS.items()}


def rank(found: Found, priors: Mapping[Role, float], limit: int) -> list[Hit]:
    """The best hits by their common score; ties by document and place, so that no run differs."""
    top = found.places[0].score if found.places else 0.0
    words = {_key(hit): hit.score / top for hit in found.places} if top > 0 else {}
    unseen = found.places[-1].score / top if words and len(found.places) >= found.pool else 0.0
    cosines = {_key(hit): hit.score for hit in found.near}
    far = max(found.near[-1].score, 0.0) if found.near else 0.0
    documents = _documents(found, top, unseen)
    hits = {_key(hit): hit for hit in (*found.near, *found.places)}
    weighted = {
        key: words.get(key, unseen)
        + documents.get(hit.document, 0.0)
        + found.dense_weight * max(cosines.get(key, far), 0.0)
        for key, hit in hits.items()
    }
    if any(hit.role == Role.SOURCE and words.get(key, 0.0) >= COMPETES for key, hit in hits.items()):
        weighted = {key: score * priors[hits[key].role] for key, score in weighted.items()}
    told = {key: round(score, DIGITS) for key, score in weighted.items()}
    ranked = nsmallest(limit, told, key=lambda key: (-told[key], key))
    return [replace(hits[key], score=told[key]) for key in ranked]


def led(leading: Sequence[Hit], others: Sequence[Hit], limit: int) -> list[Hit]:
    """The hits in a document that was named, and soon among them, now and then, what others hold.

    A score says how much of the best one's a hit has; in this order it never rises.
    """
    known = {_key(hit) for hit in leading}
    rest = iter([hit for hit in others if _key(hit) not in known])
    order: list[Hit] = list(leading[:LEADING])
    for first in range(LEADING, len(leading), PER_OTHER):
        order += [*islice(rest, 1), *leading[first : first + PER_OTHER]]
    order = [*order, *rest][:limit]
    scores = accumulate((hit.score for hit in order), min)
    return [replace(hit, score=score) for hit, score in zip(order, scores, strict=True)]


def _documents(found: Found, top: float, unseen: float) -> dict[int, float]:
    """What each document adds to the score of its places."""
    scores: defaultdict[int, float] = defaultdict(float)
    best: defaultdict[int, list[float]] = defaultdict(list)
    for hit in found.places:
        if len(best[hit.document]) < BEST_PLACES and top > 0:
            best[hit.document].append(hit.score / top)
    means = {number: sum(some) + (BEST_PLACES - len(some)) * unseen for number, some in best.items()}
    for values, weight in ((means, PLACES), (found.documents, DOCUMENT)):
        largest = max(values.values(), default=0.0)
        if largest > 0:
            for number, value in values.items():
                scores[number] += weight * value / largest
    return scores


def _key(hit: Hit) -> tuple[int, int]:
    return hit.document, hit.ordinal
