"""What one question asks of a scope: its places, its documents, the wording of its answers."""

from __future__ import annotations

from dataclasses import dataclass, replace
from time import monotonic
from types import MappingProxyType
from typing import TYPE_CHECKING

from ingest.answerability import Signs
from ingest.asking import question_vector
from ingest.background import SAMPLE, Background
from ingest.comparing import CANDIDATES, largest_likeness, largest_share, others_of
from ingest.feedback import (
    FEWEST,
    LEARNT_FROM,
    PLENTY,
    STRENGTH,
    added,
    are_asked,
    best_of_each,
    is_answered_alike,
    long_texts,
    shared_terms,
)
from ingest.fields import Field, text_of
from ingest.found import Found, SearchedSources
from ingest.model import Role
from ingest.ranking import best_hit
from ingest.routing import MOST_ALIKE
from ingest.sources import Sources
from ingest.topics import looked_at, may_have_topic

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from ingest.model import Hit, Scope
    from ingest.store.contract import SparseVector, Store

KNOWN_SECONDS = 60.0
"""How long statistics of a scope are believed that nobody here has changed."""
POOL = 300
"""Chunks, and documents, that are looked at by their words."""
NEAREST = 200
"""Chunks that are looked at by their meaning."""
NAMES_WEIGHT = 1.0
"""Of a document's names, against 1.0 of all its words."""
LOOSE_WEIGHT = 0.5
"""Of a looser term, against 1.0 of the exact one."""
FEW_WORDS = 0.5
"""Of what a place scores that holds every word: a best place below it may be one by chance."""
MANY = 8
"""Places of a long document."""
_NOTHING: Mapping[int, float] = MappingProxyType({})
HEADED = 100
"""Passages under headings that fit the question."""
LIKE_HEADING = 0.5
"""Of the best heading's score."""
HEADED_STRENGTH = 1.5
"""Of what they share, where the question's own answers have `ingest.feedback.STRENGTH`."""


@dataclass(frozen=True, slots=True)
class Known:
    """The statistics of a scope, and until when (`time.monotonic`, seconds) they may be believed."""

    counts: Mapping[int, int]
    """Points of each document."""
    chunks: Background
    openings: Background
    sources: Sources
    until: float

    @classmethod
    def of(cls, store: Store, scope: Scope, before: Known | None) -> Known:
        """What a store holds now; a sample is drawn again only where points came or went since ``before``."""
        counts, until = store.counts(scope), monotonic() + KNOWN_SECONDS
        if before is not None and before.counts == counts:
            return replace(before, until=until)
        drawn, documents = store.sample(scope, SAMPLE), store.sample(scope.openings, SAMPLE)
        chunks = Background.of([(hit.document, vector) for hit, vector in drawn], sum(counts.values()))
        openings = Background.of([(hit.document, vector) for hit, vector in documents], len(counts))
        sources = Sources.of([hit for hit, _ in drawn], documents, len(counts))
        return cls(counts, chunks, openings, sources, until)

    @property
    def documents(self) -> int:
        """How many there are."""
        return len(self.counts)


@dataclass(frozen=True, slots=True)
class Search:
    """One question's searches in a scope, or in some documents of it."""

    store: Store
    scope: Scope
    known: Known
    documents: Sequence[int] | None
    roles: frozenset[Role]
    """Those that the question is about."""
    loose: Mapping[int, Mapping[int, float]]
    """The looser terms beside a term, and what each counts."""

    def chosen(self, places: Sequence[Hit]) -> Sequence[Hit]:
        """Those in documents that the caller chose."""
        if self.documents is None:
            return places
        chosen = set(self.documents)
        return [hit for hit in places if hit.document in chosen]

    def best(self, terms: Mapping[int, float], places: Sequence[Hit] = ()) -> Hit | None:
        """The best place that the caller chose; ``places`` are what the same words found, if known."""
        return next(iter(self.chosen(places)), None) or self.best_place(terms, self.documents)

    def places(self, terms: Mapping[int, float]) -> list[Hit]:
        """Chunks of all the scope by their words: also those that the caller did not choose teach wording."""
        return self.store.search_sparse(self.scope, self._worded(terms), documents=None, limit=POOL)

    def best_place(self, terms: Mapping[int, float], documents: Sequence[int] | None) -> Hit | None:
        """The best place of some documents, or of all, by its words."""
        hits = self.store.search_sparse(self.scope, self._worded(terms), documents=documents, limit=1)
        return hits[0] if hits else None

    def are_alike(self, one: Hit, other: Hit) -> bool:
        """Whether two places are in documents of one kind: of one source, role and, roughly, length."""
        counts = self.known.counts
        lengths = [counts.get(hit.document, 0) >= MANY for hit in (one, other)]
        return (one.source, one.role, lengths[0]) == (other.source, other.role, lengths[1])

    def found(self, terms: Mapping[int, float], places: Sequence[Hit], vector: NDArray[np.float32]) -> Found:
        """What is found by the terms, by what their answers share, and by the vector."""
        described = self._described(terms)
        learnt = self._learnt(terms, places, described)
        asked = self._worded(terms, learnt)
        if learnt or self.documents is not None:
            places = self.store.search_sparse(self.scope, asked, documents=self.documents, limit=POOL)
        near = self.store.search_dense(self.scope, vector, documents=self.documents, limit=NEAREST)
        found = Found(
            places,
            near,
            _scores(described),
            POOL,
            bool(learnt),
            self.roles,
            counts=self._compared_by,
            least=self._least(terms),
            openings=self._openings_near(vector),
            sources=self._sources(terms),
        )
        return self._looked_at(found, asked) if self.has_looser(terms) else found

    def _looked_at(self, found: Found, asked: SparseVector) -> Found:
        """The same, with what the places of the text that leads are worth among each other."""
        lead = best_hit(found)
        if lead is None or not may_have_topic(lead, self.known.counts):
            return found
        held = self.store.stored(self.scope, lead.document)
        return replace(found, closer=looked_at(held, asked, found.near, self.known.chunks)) if held else found

    def found_by_words(self, terms: Mapping[int, float], places: Sequence[Hit]) -> Found:
        """The places alone, those that the caller chose, with what their documents add.

        Args:
            terms: what is asked.
            places: of the whole scope; what others hold must not crowd out what the caller chose.
        """
        if self.documents is not None:
            asked = self._worded(terms)
            places = self.store.search_sparse(self.scope, asked, documents=self.documents, limit=POOL)
        return Found(
            places,
            (),
            _scores(self._described(terms)),
            POOL,
            asked=self.roles,
            counts=self._compared_by,
            least=self._least(terms),
            sources=self._sources(terms),
        )

    def _sources(self, terms: Mapping[int, float]) -> SearchedSources:
        """None loses where some documents were chosen or named: those are meant whatever they say."""
        known = self.known.sources
        standing = known.standing(terms, self.known.openings.holders) if self.documents is None else {}
        return SearchedSources(known.several, known.texts, standing)

    @property
    def _compared_by(self) -> Mapping[int, int]:
        """Places of each document, unless some were chosen or named: those are not to be told from others."""
        return self.known.counts if self.documents is None else {}

    def _openings_near(self, vector: NDArray[np.float32]) -> dict[int, float]:
        """The documents whose openings are nearest, and their cosines, where documents are compared."""
        if self.documents is not None:
            return {}
        return _scores(self.store.search_dense(self.scope.openings, vector, documents=None, limit=POOL))

    def signs(self, terms: Mapping[int, float], vector: NDArray[np.float32]) -> Signs:
        """What speaks for an answer in these documents; see `ingest.answerability`."""
        best = self._vectors(self._best(terms, documents=self.documents, limit=CANDIDATES))
        near = self.store.search_dense(self.scope, vector, documents=self.documents, limit=1)
        alone = Signs(
            words=largest_share(terms, best, self.known.chunks),
            meaning=(near[0].score if near else 0.0) if vector.any() else None,
        )
        return alone if self.documents is None else self._compared(alone, terms)

    def _compared(self, alone: Signs, terms: Mapping[int, float]) -> Signs:
        """With how the chosen documents stand beside the others, where those are comparable."""
        described = self._described(terms)
        learnt = self._learnt(terms, self.places(terms), described)
        asked = added(dict(terms), learnt)
        own = self._best(asked, documents=self.documents, limit=CANDIDATES)
        best = self._best(asked, documents=None, limit=POOL)
        others = others_of(best, set(self.documents or ()), long_texts(described))
        if not others or not own or own[0].role != Role.PROSE:
            return alone
        likeness = largest_likeness(self._vectors(own), self._vectors(others), self.known.chunks)
        return replace(alone, standing=own[0].score / others[0].score, likeness=likeness)

    def _best(self, terms: Mapping[int, float], *, documents: Sequence[int] | None, limit: int) -> list[Hit]:
        vector = question_vector((terms, Field.TEXT, 1.0))
        return self.store.search_sparse(self.scope, vector, documents=documents, limit=limit)

    def openings(self, terms: Sequence[int]) -> list[Hit]:
        """The documents whose title and opening hold the terms best."""
        vector = question_vector((dict.fromkeys(terms, 1.0), Field.TEXT, 1.0))
        return self.store.search_sparse(
            self.scope.openings, vector, documents=self.documents, limit=MOST_ALIKE + 1
        )

    def scores_in_opening(self, terms: Sequence[int], document: int) -> dict[int, float]:
        """The BM25 score of each term in a document's opening, 0 where it is not there."""
        scores = dict.fromkeys(terms, 0.0)
        for vector in self.store.sparse_vectors(self.scope.openings, [(document, 0)]):
            rarities = self.known.openings.rarity(vector.indices)
            weights = dict(zip(vector.indices.tolist(), (vector.values * rarities).tolist(), strict=True))
            scores = {term: weights.get(term, 0.0) for term in terms}
        return scores

    def _worded(self, terms: Mapping[int, float], learnt: Mapping[int, float] = _NOTHING) -> SparseVector:
        """What places are asked for: terms, the looser ones beside them, what was learnt."""
        return question_vector(
            (terms, Field.TEXT, 1.0),
            (learnt, Field.TEXT, 1.0),
            (self._loose(terms), Field.LOOSE, LOOSE_WEIGHT),
        )

    def has_looser(self, terms: Iterable[int]) -> bool:
        """Whether looser ones stand beside any of them, as beside words in Cyrillic or CJK."""
        return not self.loose.keys().isdisjoint(terms)

    def _loose(self, terms: Mapping[int, float]) -> dict[int, float]:
        """A looser term weighs by the heaviest of its exact ones."""
        weights: dict[int, float] = {}
        for term, weight in terms.items():
            for loose, share in self.loose.get(term, _NOTHING).items():
                weights[loose] = max(share * weight, weights.get(loose, 0.0))
        return weights

    def _least(self, terms: Mapping[int, float]) -> float:
        """What the best place must score, where looser terms can find one that shares no word."""
        return FEW_WORDS * self.known.chunks.total(terms) if self.has_looser(terms) else 0.0

    def _described(self, terms: Mapping[int, float]) -> list[Hit]:
        """Whole documents by all their words, and their names."""
        vector = question_vector(
            (terms, Field.WHOLE, 1.0),
            (self._loose(terms), Field.WHOLE, LOOSE_WEIGHT),
            (terms, Field.NAMES, NAMES_WEIGHT),
        )
        return self.store.search_sparse(self.scope.openings, vector, documents=None, limit=POOL)

    def _learnt(
        self, terms: Mapping[int, float], places: Sequence[Hit], described: Sequence[Hit]
    ) -> dict[int, float]:
        """What the best passages of many long texts share, and the passages under headings that fit."""
        texts = long_texts(described)
        each = best_of_each(places, self.known.documents)
        taught = best_of_each([hit for hit in places if hit.document in texts], self.known.documents)
        background = self.known.chunks
        chosen = self.documents is not None and texts.issuperset(self.documents)
        if not (chosen or are_asked(each, texts)):
            return {}
        asked = self._worded(terms)
        whole = background.total(dict(zip(asked.indices.tolist(), asked.values.tolist(), strict=True)))
        if not is_answered_alike(taught, whole):
            return {}
        best, headed = self._vectors(taught[:LEARNT_FROM]), self._vectors(self._headed(terms, texts))
        others = background.among(texts)
        strength = min(1.0, self.known.documents / PLENTY) ** 0.5
        return added(
            shared_terms(best, background, others, strength=STRENGTH * strength),
            shared_terms(headed, background, others, strength=HEADED_STRENGTH * strength),
        )

    def _headed(self, terms: Mapping[int, float], texts: Collection[int]) -> list[Hit]:
        """The first passages of these documents under the headings that hold the terms best."""
        vector = question_vector((terms, Field.HEADING, 1.0))
        hits = self.store.search_sparse(self.scope, vector, documents=None, limit=HEADED)
        hits = [hit for hit in hits if hit.document in texts]
        kept = [hit for hit in hits if hit.score >= LIKE_HEADING * hits[0].score]
        return kept if len(kept) >= FEWEST else []

    def _vectors(self, hits: Sequence[Hit]) -> list[SparseVector]:
        """The words of passages, without their fields."""
        found = self.store.sparse_vectors(self.scope, [(hit.document, hit.ordinal) for hit in hits])
        return [text_of(vector) for vector in found]


def _scores(documents: Sequence[Hit]) -> dict[int, float]:
    return {hit.document: hit.score for hit in documents}
