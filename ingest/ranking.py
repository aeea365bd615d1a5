"""One order out of what words, meaning and whole documents say.

score = (place / best place + d · document / best document + c · cosine + o · opening) · role · source
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import accumulate, islice
from typing import TYPE_CHECKING

from ingest.chances import levelled
from ingest.found import key_of
from ingest.model import Role
from ingest.rivalry import rivalry, shares_left

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from ingest.found import Findings, Found, Key
    from ingest.model import Hit


@dataclass(frozen=True, slots=True)
class Weights:
    """What counts how much, against 1.0 of the best BM25 score: learnt by ``bench.weights``."""

    document: float = 0.5
    """Of a document's own score: all its words, its names."""
    dense: float = 0.6
    """Of a cosine."""
    passage: float = 0.4
    """Of the cosine of a whole passage, among the places of a text that was looked at once more."""
    dense_learnt: float = 0.2
    """Of a cosine where the wording of answers is known: it adds little."""
    opening: float = 0.3
    """Of the cosine of a document's opening; programs have none, and where they answer it counts nothing."""
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
SOONER = 4
"""The power by which an opening counts less where programs answer: sooner than prose is put back."""
DIGITS = 3
"""Of a score: beyond, it hangs on what else was embedded at the same time."""
LEADING = 24
"""Hits in a document that the question names, before the first one elsewhere."""
PER_OTHER = 8
"""Such hits for each one elsewhere, after that."""
FIRST = 60
"""Places by words, and by meaning, among which the best hit is."""


def ordered(findings: Findings, limit: int, weights: Weights = WEIGHTS) -> list[Hit]:
    """The best hits, those in named documents first, see `led`."""
    others = rank(findings.others, limit, weights)
    if findings.leading is None:
        return others
    return led(rank(findings.leading, limit, weights), others, limit)


def rank(found: Found, limit: int, weights: Weights = WEIGHTS) -> list[Hit]:
    """The best hits by their common score; ties by document and place, so that no run differs."""
    hits = {key_of(hit): hit for hit in found.hits}
    words, unseen, top = _by_words(found)
    cosines, far = _by_meaning(found)
    source = max((score for key, score in words.items() if hits[key].role == Role.SOURCE), default=0.0)
    competes = source >= COMPETES
    documents = _by_documents(found, weights, rivalry(found.places, found.near) if competes else 0.0)
    dense = weights.dense_learnt if found.learnt else weights.dense
    weighted = {
        key: words.get(key, unseen) + documents[hit.document] + dense * cosines.get(key, far)
        for key, hit in hits.items()
    }
    if found.closer is not None:
        weighted |= found.closer.within(weighted, top, weights.passage)
    left = shares_left(found, {role: weights.prior(role, found.asked) for role in Role}, competes=competes)
    final = {
        key: round(score * left[hits[key].source, hits[key].role], DIGITS) for key, score in weighted.items()
    }
    ranked = sorted((-score, key) for key, score in final.items())
    return [hits[key].scored(-score) for score, key in ranked[:limit]]


def best_hit(found: Found) -> Hit | None:
    """The best hit, told from the first ones of each list: in a quarter of the time that all of them take."""
    first = replace(found, places=found.places[:FIRST], near=found.near[:FIRST], pool=min(found.pool, FIRST))
    return next(iter(rank(first, 1)), None)


def _by_words(found: Found) -> tuple[dict[Key, float], float, float]:
    """Each place's score, of the best one's; what one that was not looked at may have; the best one's."""
    places = levelled(found.places, found.counts)
    top = max(places[0].score, found.least) if places else 0.0
    words = {key_of(hit): hit.score / top for hit in places} if top > 0 else {}
    unseen = places[-1].score / top if words and len(places) >= found.pool else 0.0
    return words, unseen, top


def _by_meaning(found: Found) -> tuple[dict[Key, float], float]:
    """Each near place's cosine, and that of one that is not near."""
    cosines = {key_of(hit): max(hit.score, 0.0) for hit in found.near}
    return cosines, min(cosines.values(), default=0.0)


def _by_documents(found: Found, weights: Weights, programs: float) -> dict[int, float]:
    """What the document of each hit adds: by its words and, unless programs answer, by what it treats."""
    whole = weights.document / (max(found.documents.values(), default=0.0) or 1.0)
    near = weights.opening * (1 - programs) ** SOONER
    elsewhere = min(found.openings.values()) if len(found.openings) >= found.pool else 0.0
    return {
        document: whole * found.documents.get(document, 0.0)
        + near * max(found.openings.get(document, elsewhere), 0.0)
        for document in {hit.document for hit in found.hits}
    }


def led(leading: Sequence[Hit], others: Sequence[Hit], limit: int) -> list[Hit]:
    """The hits in a document that was named, and soon among them, now and then, what others hold.

    A score says how much of the best one's a hit has; in this order it never rises.
    """
    known = {key_of(hit) for hit in leading}
    rest = iter([hit for hit in others if key_of(hit) not in known])
    order: list[Hit] = list(leading[:LEADING])
    for first in range(LEADING, len(leading), PER_OTHER):
        order += [*islice(rest, 1), *leading[first : first + PER_OTHER]]
    order = [*order, *rest][:limit]
    scores = accumulate((hit.score for hit in order), min)
    return [hit.scored(score) for hit, score in zip(order, scores, strict=True)]
