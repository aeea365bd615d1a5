"""One order out of what words, meaning and whole documents say.

score = (place / best place + d · document / best document + c · cosine + o · opening) · role
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from itertools import accumulate, islice
from math import fsum
from statistics import fmean
from typing import TYPE_CHECKING

from ingest.chances import levelled
from ingest.model import Role
from ingest.sources import NONE

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
RIVALS = (0.22, 0.45)
"""The share of programs in what is found first, from which prose begins to be put back, and is wholly."""
ALIKE_BY_WORDS, ALIKE_BY_MEANING = 60, 20
"""Documents that are found first, for that."""
ANSWERING = 0.3
"""That share, below which programs are put back beside sources of texts alone."""
STRANGE = 0.6
"""Of their scores, where none is found first."""
DIGITS = 3
"""Of a score: beyond, it hangs on what else was embedded at the same time."""
LEADING = 24
"""Hits in a document that the question names, before the first one elsewhere."""
PER_OTHER = 8
"""Such hits for each one elsewhere, after that."""
FIRST = 60
"""Places by words, and by meaning, among which the best hit is."""
_Key = tuple[int, int]
_ASKED = {
    Role.TEST: re.compile(
        r"\b(?:tests?|tested|testing|fixtures?|specs?)\b|\btest_\w|\w_test\b|\bтест|测试", re.IGNORECASE
    ),
    Role.PROSE: re.compile(
        r"\b(?:docs?|documentation|documented|manual|readme|changelog)\b|\bдокументаци|文档", re.IGNORECASE
    ),
    Role.EXAMPLE: re.compile(r"\b(?:examples?|samples?|demo|tutorials?)\b|\bпример|示例", re.IGNORECASE),
    Role.DATA: re.compile(
        r"\b(?:config(?:uration)? files?|settings file|workflow|ya?ml|toml|json)\b", re.IGNORECASE
    ),
}


@dataclass(frozen=True, slots=True)
class Closer:
    """What the places of the text that leads are worth among each other, see `ingest.topics`."""

    words: Mapping[_Key, float]
    """What each loses of its score by words."""
    meaning: Mapping[_Key, float]
    """The cosine of its passage."""

    def within(self, scores: Mapping[_Key, float], top: float, passage: float) -> dict[_Key, float]:
        """New scores of these places; the best is what it was, so that no text falls behind others."""
        own = [key for key in self.words if key in scores]
        told = {
            key: scores[key] + self.words[key] / (top or 1.0) + passage * self.meaning[key] for key in own
        }
        owed = max((scores[key] for key in own), default=0.0) - max(told.values(), default=0.0)
        return {key: score + owed for key, score in told.items()}


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
    """Places, and documents, asked for: where as many came, others may score as much as the last one."""
    learnt: bool = False
    """Whether the places were searched with the wording of answers."""
    asked: frozenset[Role] = frozenset()
    """Roles that the question is about."""
    counts: Mapping[int, int] = field(default_factory=dict[int, int])
    """Places of each document, where documents are compared."""
    openings: Mapping[int, float] = field(default_factory=dict[int, float])
    """Cosines of the documents whose openings are nearest."""
    least: float = 0.0
    """The score by words that counts as 1.0 where the best place has less."""
    several: bool = False
    """Whether what was searched comes from several sources, see `ingest.sources`."""
    texts: bool = False
    """Whether one of them holds no programs."""
    standing: Mapping[int, float] = field(default_factory=dict[int, float])
    """What the scores of each source are multiplied by that holds programs."""
    closer: Closer | None = None
    """Of the text that leads, where its places were looked at once more."""

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
    hits = {_key(hit): hit for hit in found.hits}
    words, unseen, top = _by_words(found)
    cosines, far = _by_meaning(found)
    source = max((score for key, score in words.items() if hits[key].role == Role.SOURCE), default=0.0)
    documents = _by_documents(
        found, weights, _rivalry(found.places, found.near) if source >= COMPETES else 0.0
    )
    dense = weights.dense_learnt if found.learnt else weights.dense
    weighted = {
        key: words.get(key, unseen) + documents[hit.document] + dense * cosines.get(key, far)
        for key, hit in hits.items()
    }
    if found.closer is not None:
        weighted |= found.closer.within(weighted, top, weights.passage)
    if source >= COMPETES:
        priors = _priors(found, weights)
        weighted = {
            key: score * priors[_source(hits[key], found), hits[key].role] for key, score in weighted.items()
        }
    if found.standing:
        answering = _answering(found)
        standing = {source: share * answering for source, share in found.standing.items()}
        weighted = {key: score * standing.get(hits[key].source, 1.0) for key, score in weighted.items()}
    ranked = sorted((-round(score, DIGITS), key) for key, score in weighted.items())
    return [hits[key].scored(-score) for score, key in ranked[:limit]]


def best_hit(found: Found) -> Hit | None:
    """The best hit, told from the first ones of each list: in a quarter of the time that all of them take."""
    first = replace(found, places=found.places[:FIRST], near=found.near[:FIRST], pool=min(found.pool, FIRST))
    return next(iter(rank(first, 1)), None)


def _by_words(found: Found) -> tuple[dict[_Key, float], float, float]:
    """Each place's score, of the best one's; what one that was not looked at may have; the best one's."""
    places = levelled(found.places, found.counts)
    top = max(places[0].score, found.least) if places else 0.0
    words = {_key(hit): hit.score / top for hit in places} if top > 0 else {}
    unseen = places[-1].score / top if words and len(places) >= found.pool else 0.0
    return words, unseen, top


def _by_meaning(found: Found) -> tuple[dict[_Key, float], float]:
    """Each near place's cosine, and that of one that is not near."""
    cosines = {_key(hit): max(hit.score, 0.0) for hit in found.near}
    return cosines, min(cosines.values(), default=0.0)


def _by_documents(found: Found, weights: Weights, rivalry: float) -> dict[int, float]:
    """What the document of each hit adds: by all its words, and by what it treats."""
    whole = weights.document / (max(found.documents.values(), default=0.0) or 1.0)
    near = weights.opening * (1 - rivalry)
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
    known = {_key(hit) for hit in leading}
    rest = iter([hit for hit in others if _key(hit) not in known])
    order: list[Hit] = list(leading[:LEADING])
    for first in range(LEADING, len(leading), PER_OTHER):
        order += [*islice(rest, 1), *leading[first : first + PER_OTHER]]
    order = [*order, *rest][:limit]
    scores = accumulate((hit.score for hit in order), min)
    return [hit.scored(score) for hit, score in zip(order, scores, strict=True)]


def _source(hit: Hit, found: Found) -> int:
    """Of a hit; where there is but one, folders are parts of it."""
    return hit.source if found.several else NONE


def _priors(found: Found, weights: Weights) -> dict[tuple[int, Role], float]:
    """What the scores of each source and role are multiplied by where programs answer.

    Prose is put back behind programs of its own source alone: of another one it says nothing.
    """
    of_roles = {role: weights.prior(role, found.asked) for role in Role}
    priors: dict[tuple[int, Role], float] = {}
    for source in {_source(hit, found) for hit in found.hits}:
        priors |= {(source, role): prior for role, prior in of_roles.items()}
        places = [hit for hit in found.places if _source(hit, found) == source]
        priors[source, Role.PROSE] **= _rivalry(
            places, [hit for hit in found.near if _source(hit, found) == source]
        )
    return priors


def _rivalry(places: Sequence[Hit], near: Sequence[Hit]) -> float:
    """How far, from 0 to 1, programs answer: where they do not, prose beside them is no comment on them.

    So manuals and contracts keep their place in a collection that holds programs, too. Among thousands of
    files one holds the words of any question, but then most of those that come first are no programs.
    """
    low, high = RIVALS
    return min(max((_programs(places, near) - low) / (high - low), 0.0), 1.0)


def _answering(found: Found) -> float:
    """What programs, and prose beside them, are multiplied by where other sources hold texts alone.

    They are put back as far as programs are not what is found first in all.
    """
    if not found.texts:
        return 1.0
    return STRANGE + (1 - STRANGE) * min(_programs(found.places, found.near) / ANSWERING, 1.0)


def _programs(places: Sequence[Hit], near: Sequence[Hit]) -> float:
    """The share of programs in the first documents by words and by meaning; 1.0 where there are none."""
    lists = ((places, ALIKE_BY_WORDS), (near, ALIKE_BY_MEANING))
    shares = [_share_of_programs(first) for hits, count in lists if (first := _first_of_each(hits, count))]
    return fmean(shares) if shares else 1.0


def _first_of_each(hits: Sequence[Hit], count: int) -> list[Hit]:
    """The best hit of each of the first documents, of those that are hits at all."""
    first: dict[int, Hit] = {}
    for hit in hits:
        if len(first) == count or hit.score <= 0:
            break
        first.setdefault(hit.document, hit)
    return list(first.values())


def _share_of_programs(hits: Sequence[Hit]) -> float:
    """Of the scores: tests tell of programs, too."""
    programs = fsum(hit.score for hit in hits if hit.role in {Role.SOURCE, Role.TEST})
    return programs / fsum(hit.score for hit in hits)


def _key(hit: Hit) -> _Key:
    return hit.document, hit.ordinal
