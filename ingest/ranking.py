"""One order out of what words, meaning and whole documents say.

score = (place / best place + d · document / best document + c · cosine) · role
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import accumulate, islice
from typing import TYPE_CHECKING

from ingest.model import Role

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from ingest.model import Hit


@dataclass(frozen=True, slots=True)
class Weights:
    """What counts how much, against 1.0 of the best BM25 score: learnt by ``bench.weights``."""

    document: float = 0.5
    """Of a document's own score: all its words, its names."""
    dense: float = 0.6
    """Of a cosine."""
    dense_learnt: float = 0.2
    """Of a cosine where the wording of answers is known: it adds little."""
    prose: float = 0.5
    test: float = 0.5
    other: float = 0.5
    """Of examples and data. Where programs answer too, they come before what is said about them."""
    asked: float = 0.6
    """Of a role that the question is about."""

    def prior(self, role: Role, asked: Collection[Role]) -> float:
        """What the score of a hit is multiplied by."""
        priors = {Role.SOURCE: 1.0, Role.PROSE: self.prose, Role.TEST: self.test}
        prior = priors.get(role, self.other)
        return max(prior, self.asked) if role in asked else prior


WEIGHTS = Weights()
COMPETES = 0.4
"""Of the best BM25 score: a program below it has no answer that others must stand behind."""
RIVALS = (0.5, 0.9)
"""The best program's score over the best prose's, from which prose begins to be put back, and is wholly."""
DIGITS = 3
"""Of a score: beyond, it hangs on what else was embedded at the same time."""
LEADING = 24
"""Hits in a document that the question names, before the first one elsewhere."""
PER_OTHER = 8
"""Such hits for each one elsewhere, after that."""
_Key = tuple[int, int]
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
    """What the searches for a question have found, each list best first."""

    places: Sequence[Hit]
    """By their words."""
    near: Sequence[Hit]
    """By meaning; scores are cosines."""
    documents: Mapping[int, float]
    """Scores of whole documents."""
    pool: int
    """Places asked for: where as many came, others may score as much as the last one."""
    learnt: bool = False
    """Whether the places were searched with the wording of answers."""
    asked: frozenset[Role] = frozenset()
    """Roles that the question is about."""
    least: float = 0.0
    """The score by words that counts as 1.0 where the best place has less."""

    @property
    def hits(self) -> Sequence[Hit]:
        """All, those by words last."""
        return (*self.near, *self.places)


@dataclass(frozen=True, slots=True)
class Findings:
    """What is found in the documents that a question names, if it names any, and in all."""

    leading: Found | None
    others: Found


def asked_roles(question: str) -> frozenset[Role]:
    """The roles of files that a question is about."""
    return frozenset(role for role, words in _ASKED.items() if words.search(question))


def ordered(findings: Findings, limit: int, weights: Weights = WEIGHTS) -> list[Hit]:
    """The best hits, those in named documents first, see `led`."""
    others = rank(findings.others, limit, weights)
    if findings.leading is None:
        return others
    return led(rank(findings.leading, limit, weights), others, limit)


def rank(found: Found, limit: int, weights: Weights = WEIGHTS) -> list[Hit]:
    """The best hits by their common score; ties by document and place, so that no run differs."""
    top = max(found.places[0].score, found.least) if found.places else 0.0
    words = {_key(hit): hit.score / top for hit in found.places} if top > 0 else {}
    unseen = found.places[-1].score / top if words and len(found.places) >= found.pool else 0.0
    cosines = {_key(hit): hit.score for hit in found.near}
    far = max(found.near[-1].score, 0.0) if found.near else 0.0
    whole = weights.document / (max(found.documents.values(), default=0.0) or 1.0)
    dense = weights.dense_learnt if found.learnt else weights.dense
    hits = {_key(hit): hit for hit in found.hits}
    weighted = {
        key: words.get(key, unseen)
        + whole * found.documents.get(hit.document, 0.0)
        + dense * max(cosines.get(key, far), 0.0)
        for key, hit in hits.items()
    }
    best = _best_of_roles(hits, words)
    if best[Role.SOURCE] >= COMPETES:
        priors = {role: weights.prior(role, found.asked) for role in Role}
        priors[Role.PROSE] **= _rivalry(best[Role.SOURCE], best[Role.PROSE])
        weighted = {key: score * priors[hits[key].role] for key, score in weighted.items()}
    ranked = sorted((-round(score, DIGITS), key) for key, score in weighted.items())
    return [hits[key].scored(-score) for score, key in ranked[:limit]]


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
    return [hit.scored(score) for hit, score in zip(order, scores, strict=True)]


def _best_of_roles(hits: Mapping[_Key, Hit], words: Mapping[_Key, float]) -> list[float]:
    """By the number of each role, the best score by words among its hits, against 1.0 of the best."""
    best = [0.0] * len(Role)
    for key, score in words.items():
        role = hits[key].role
        best[role] = max(best[role], score)
    return best


def _rivalry(source: float, prose: float) -> float:
    """How far, from 0 to 1, programs answer as well as prose does: where they do not, it is no mere comment.

    So manuals and contracts keep their place in a collection that holds programs, too.
    """
    if prose <= 0:
        return 1.0
    low, high = RIVALS
    return min(max((source / prose - low) / (high - low), 0.0), 1.0)


def _key(hit: Hit) -> _Key:
    return hit.document, hit.ordinal
