"""The search index: questions in, hits out. Whole searches run here, beside the store."""

from __future__ import annotations

from dataclasses import dataclass, replace
from threading import Lock
from time import monotonic
from typing import TYPE_CHECKING, Protocol

from ingest.asking import asked_terms, question_vector
from ingest.background import SAMPLE, Background
from ingest.errors import UnsupportedStore
from ingest.feedback import (
    FEWEST,
    LEARNT_FROM,
    PLENTY,
    STRENGTH,
    added,
    best_of_each,
    is_answered_alike,
    shared_terms,
)
from ingest.fields import Field, within
from ingest.ranking import DENSE, DENSE_AFTER_FEEDBACK, Found, led, priors_of, rank
from ingest.routing import (
    CLOSE,
    LEAST_EXPLAINED,
    LONGEST_NAMING,
    MOST_ALIKE,
    NAMED_AT_LENGTH,
    SHORT,
    Route,
    rarity,
    stands_out,
    what_is_left,
    word_value,
)
from ingest.terms import Analyzer

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from ingest.embedding import Embedder
    from ingest.model import Hit, Role, Scope
    from ingest.store.contract import Point, SparseVector, Store

KNOWN_SECONDS = 60.0
"""How long statistics of a scope are believed that nobody here has changed."""
POOL = 300
"""Chunks, and documents, that are looked at by their words."""
NEAREST = 200
"""Chunks that are looked at by their meaning."""
NAMES_WEIGHT = 1.0
"""Of a document's names, against 1.0 of all its words."""
HEADED = 100
"""Passages under headings that fit the question."""
LIKE_HEADING = 0.5
"""Of the best heading's score."""
HEADED_STRENGTH = 1.5
"""Of what they share, where the question's own answers have `ingest.feedback.STRENGTH`."""


@dataclass(frozen=True, slots=True)
class Question:
    """What is searched for: the words, and the user's earlier turns, the latest first."""

    text: str
    history: tuple[str, ...] = ()
    embedder: str = ""
    """Identity of the embedder that the scope's vectors are of, where the asker knows it."""


class Index(Protocol):
    """The index as the rest of Lectern sees it, in this process or in another.

    Raises:
        IndexUnavailable: it does not answer.
    """

    def search(
        self, scope: Scope, question: Question, *, documents: Sequence[int] | None, limit: int
    ) -> list[Hit]:
        """The best chunks of the scope, or of these document numbers only; best first."""
        ...

    def upsert(self, scope: Scope, points: Sequence[Point]) -> None:
        """Write points; see `Store.upsert`."""
        ...

    def counts(self, scope: Scope) -> Mapping[int, int]:
        """Points held per document number."""
        ...

    def delete_documents(self, scope: Scope, documents: Sequence[int]) -> None:
        """Forget these documents."""
        ...

    def delete_scope(self, scope: Scope) -> None:
        """Forget the whole scope."""
        ...

    def flush(self) -> None:
        """Return once everything written so far survives a loss of power."""
        ...

    def close(self) -> None:
        """Let go of the store."""
        ...


class LocalIndex:
    """The index in this process: what words, meaning and whole documents say, in one order."""

    def __init__(self, store: Store, embedder: Embedder) -> None:
        self._store = store
        self._embedder = embedder
        self._analyzer = Analyzer()
        self._analyzing = Lock()
        self._known: dict[Scope, _Known] = {}

    def search(
        self, scope: Scope, question: Question, *, documents: Sequence[int] | None, limit: int
    ) -> list[Hit]:
        """The best chunks, see `ingest.ranking`.

        A document that the question names is searched once more, with what is left of the question, for its
        name says nothing about its clauses. Its hits lead, but what the whole scope has to say stays in the
        list: a wrong guess loses nothing. Among documents that the caller chose, a name is as idle as among
        all.

        Raises:
            UnsupportedStore: the question is for another embedder than this process has.
        """
        if question.embedder not in {"", self._embedder.identity}:
            raise UnsupportedStore(
                f"the vectors are of {question.embedder!r}, and the running index was started for "
                f"{self._embedder.identity!r}: end the server, or the command, that was started before"
            )
        with self._analyzing:
            sentences = self._analyzer.question_clauses(question.text)
            terms = asked_terms(self._analyzer, question.text, question.history)
        search = _Search(self._store, scope, self._know(scope), documents, priors_of(question.text))
        vector = self._embedder.embed([question.text])[0]
        places = search.places(terms)
        route = self._route(search, sentences)
        if route is None or not any(hit.document in route.documents for hit in places[:1]):
            return search.answer(terms, places, vector, limit)
        # Names lead to their own document, topics to whichever treats them.
        rest = {term: terms.get(term, 1.0) for term in route.terms}
        named = replace(search, documents=route.documents)
        inside = named.answer(rest, search.places(rest), vector, limit)
        order = led(inside, search.ranked(terms, places, limit), limit)
        if len(order) < limit:  # few places hold the words: others may mean them
            order = led(inside, search.answer(terms, places, vector, limit), limit)
        return order

    def _route(
        self, search: _Search, sentences: Sequence[Sequence[Sequence[tuple[int, ...]]]]
    ) -> Route | None:
        """The documents that a run of the question's words names, if one does and leaves something to ask."""
        words = {word for clauses in sentences for clause in clauses for word in clause}
        terms = [term for word in words for term in word]
        if not 0 < len(terms) <= LONGEST_NAMING:
            return None
        found = search.openings(terms)
        if not found:
            return None
        scores = search.scores_in_opening(terms, found[0].document)
        rarest = rarity(search.known.documents)
        values = {word: word_value(word, [scores[term] for term in word], rarest) for word in words}
        explained, rest = what_is_left(sentences, values)
        close = [hit for hit in found if hit.score >= CLOSE * found[0].score]
        at_length = explained >= NAMED_AT_LENGTH and len(close) <= MOST_ALIKE
        if explained < LEAST_EXPLAINED or not (at_length or stands_out([hit.score for hit in found])):
            return None
        if not rest or found[0].end - found[0].start <= SHORT:
            rest = tuple(terms)
        return Route(tuple(hit.document for hit in close), rest)

    def _know(self, scope: Scope) -> _Known:
        """What is known of a scope; behind a Qdrant server other processes write, too."""
        known = self._known.get(scope)
        if known is None or monotonic() >= known.until:
            counts = self._store.counts(scope)
            known = _Known(
                documents=len(counts),
                chunks=Background.of(self._store.sample(scope, SAMPLE), sum(counts.values())),
                openings=Background.of(self._store.sample(scope.openings, SAMPLE), len(counts)),
                until=monotonic() + KNOWN_SECONDS,
            )
            self._known[scope] = known
        return known

    def upsert(self, scope: Scope, points: Sequence[Point]) -> None:
        """Write points."""
        self._store.upsert(scope, points)
        self._known.pop(replace(scope, part="chunks"), None)

    def counts(self, scope: Scope) -> Mapping[int, int]:
        """Points held per document number."""
        return self._store.counts(scope)

    def delete_documents(self, scope: Scope, documents: Sequence[int]) -> None:
        """Forget these documents, chunks and openings."""
        self._store.delete_documents(scope, documents)
        self._store.delete_documents(scope.openings, documents)
        self._known.pop(scope, None)

    def delete_scope(self, scope: Scope) -> None:
        """Forget the whole scope, chunks and openings."""
        self._store.delete_scope(scope)
        self._store.delete_scope(scope.openings)
        self._known.pop(scope, None)

    def flush(self) -> None:
        """Return once everything written so far survives a loss of power."""
        self._store.flush()

    def close(self) -> None:
        """Flush and close the store."""
        self._store.close()


@dataclass(frozen=True, slots=True)
class _Known:
    """The statistics of a scope, and until when (`time.monotonic`, seconds) they may be believed."""

    documents: int
    chunks: Background
    openings: Background
    until: float


@dataclass(frozen=True, slots=True)
class _Search:
    """One question's searches in a scope, or in some documents of it."""

    store: Store
    scope: Scope
    known: _Known
    documents: Sequence[int] | None
    priors: Mapping[Role, float]

    def places(self, terms: Mapping[int, float]) -> list[Hit]:
        """Chunks of all the scope by their words: also those that the caller did not choose teach wording."""
        vector = question_vector((terms, Field.TEXT, 1.0))
        return self.store.search_sparse(self.scope, vector, documents=None, limit=POOL)

    def answer(
        self, terms: Mapping[int, float], places: Sequence[Hit], vector: NDArray[np.float32], limit: int
    ) -> list[Hit]:
        """What is found by the terms, by what their answers share, and by the vector; best first."""
        described = self._described(terms)
        learnt = self._learnt(terms, places, {hit.document: hit.end for hit in described})
        if learnt or self.documents is not None:
            asked = question_vector((terms, Field.TEXT, 1.0), (learnt, Field.TEXT, 1.0))
            places = self.store.search_sparse(self.scope, asked, documents=self.documents, limit=POOL)
        near = self.store.search_dense(self.scope, vector, documents=self.documents, limit=NEAREST)
        weight = DENSE_AFTER_FEEDBACK if learnt else DENSE
        return rank(Found(places, near, _scores(described), POOL, weight), self.priors, limit)

    def ranked(self, terms: Mapping[int, float], places: Sequence[Hit], limit: int) -> list[Hit]:
        """The places alone, those that the caller chose, with what their documents add."""
        chosen = None if self.documents is None else set(self.documents)
        kept = [hit for hit in places if chosen is None or hit.document in chosen]
        return rank(Found(kept, (), _scores(self._described(terms)), POOL), self.priors, limit)

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

    def _described(self, terms: Mapping[int, float]) -> list[Hit]:
        """Whole documents by all their words, and their names."""
        vector = question_vector((terms, Field.WHOLE, 1.0), (terms, Field.NAMES, NAMES_WEIGHT))
        return self.store.search_sparse(self.scope.openings, vector, documents=None, limit=POOL)

    def _learnt(
        self, terms: Mapping[int, float], places: Sequence[Hit], lengths: Mapping[int, int]
    ) -> dict[int, float]:
        """What the best passages of many documents share, and the passages under headings that fit."""
        best = best_of_each(places, self.known.documents)
        background = self.known.chunks
        if not is_answered_alike(best, lengths, background.total(terms)):
            return {}
        headed = self._headed(terms)
        strength = min(1.0, self.known.documents / PLENTY) ** 0.5
        return added(
            shared_terms(self._vectors(best[:LEARNT_FROM]), background, strength=STRENGTH * strength),
            shared_terms(self._vectors(headed), background, strength=HEADED_STRENGTH * strength),
        )

    def _headed(self, terms: Mapping[int, float]) -> list[Hit]:
        """The first passages under the headings that hold the terms best."""
        vector = question_vector((terms, Field.HEADING, 1.0))
        hits = self.store.search_sparse(self.scope, vector, documents=None, limit=HEADED)
        kept = [hit for hit in hits if hit.score >= LIKE_HEADING * hits[0].score]
        return kept if len(kept) >= FEWEST else []

    def _vectors(self, hits: Sequence[Hit]) -> list[SparseVector]:
        """The words of passages, without their fields."""
        found = self.store.sparse_vectors(self.scope, [(hit.document, hit.ordinal) for hit in hits])
        return [within(vector, Field.TEXT) for vector in found]


def _scores(documents: Sequence[Hit]) -> dict[int, float]:
    return {hit.document: hit.score for hit in documents}
