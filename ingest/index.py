"""The search index: questions in, hits out. Whole searches run here, beside the store."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from threading import Lock
from typing import TYPE_CHECKING, Protocol

import numpy as np

from ingest.answerability import confidence
from ingest.asking import asked_roles, asked_terms
from ingest.digests import digest_of
from ingest.errors import UnsupportedStore
from ingest.found import Findings
from ingest.questioning import Search
from ingest.ranking import ordered
from ingest.routing import (
    CLOSE,
    LEAST_EXPLAINED,
    LONGEST_NAMING,
    SHORT,
    Route,
    agreed,
    is_named_at_length,
    may_be_topic,
    rarity,
    stands_out,
    what_is_left,
    word_value,
)
from ingest.statistics import Statistics
from ingest.store.contract import Compactable
from ingest.terms import Analyzer

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from contextlib import AbstractContextManager

    from numpy.typing import NDArray

    from ingest.answerability import Signs
    from ingest.embedding import Embedder
    from ingest.model import Hit, Scope
    from ingest.store.contract import Point, PointPage, Store


@dataclass(frozen=True, slots=True)
class Question:
    """What is searched for: the words, and the user's earlier turns, the latest first."""

    text: str
    history: tuple[str, ...] = ()
    embedder: str = ""
    """Identity of the embedder that the scope's vectors are of, where the asker knows it."""
    by_words: bool = False
    """Whether it must not be embedded: it may not go to the machine that does that."""
    vector: tuple[float, ...] | None = None
    """Its vector, where the asker has had it embedded."""


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

    def confidence(self, scope: Scope, question: Question, *, documents: Sequence[int] | None) -> float:
        """How sure it is, from 0 to 1, that what `search` finds holds an answer; costs a search more."""
        ...

    def digest(self, scope: Scope, document: int) -> str:
        """What is stored of a document, see `ingest.digests`."""
        ...

    def read_points(self, scope: Scope, documents: Sequence[int], after: str | None = None) -> PointPage:
        """Some of the points of these documents, whole; see `Store.read_points`."""
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

    def compact(self) -> None:
        """Let the files of the index hold nothing of what was deleted."""
        ...

    def deleted(self) -> int:
        """Points that were deleted and still stand in the files of the index."""
        ...

    def close(self) -> None:
        """Let go of the store."""
        ...


@dataclass(frozen=True, slots=True)
class _Asked:
    """A question understood: where it is searched, by what, and where once more if it names a document."""

    search: Search
    terms: Mapping[int, float]
    places: Sequence[Hit]
    """Of the whole scope."""
    vector: NDArray[np.float32]
    named: Search | None = None
    """In the documents that the question names."""
    rest: Mapping[int, float] = field(default_factory=dict[int, float])
    """What is left to search for in there."""


class LocalIndex:
    """The index in this process: what words, meaning and whole documents say, in one order."""

    def __init__(self, store: Store, embedder: Embedder) -> None:
        self._store = store
        self._embedder = embedder
        self._analyzer = Analyzer()
        self._analyzing = Lock()
        self._statistics = Statistics(store)

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
        return ordered(self.findings(scope, question, documents=documents, limit=limit), limit)

    def findings(
        self, scope: Scope, question: Question, *, documents: Sequence[int] | None, limit: int
    ) -> Findings:
        """What `search` puts in order; raises as it does."""
        asked = self._ask(scope, question, documents)
        search, terms, places, vector = asked.search, asked.terms, asked.places, asked.vector
        if asked.named is None:
            return Findings(None, search.found(terms, places, vector))
        inside = asked.named.found(asked.rest, search.places(asked.rest), vector)
        others = search.found_by_words(terms, places)
        known = {(hit.document, hit.ordinal) for hit in (*inside.hits, *others.hits)}
        if len(known) < limit:  # few places hold the words: others may mean them
            others = search.found(terms, places, vector)
        return Findings(inside, others)

    def confidence(self, scope: Scope, question: Question, *, documents: Sequence[int] | None) -> float:
        """How sure it is that there is an answer, see `ingest.answerability`; in a named document, if one is.

        Raises:
            UnsupportedStore: the question is for another embedder than this process has.
        """
        return confidence(self.signs(scope, question, documents=documents))

    def signs(self, scope: Scope, question: Question, *, documents: Sequence[int] | None) -> Signs:
        """What `confidence` is made of; raises as it does."""
        asked = self._ask(scope, question, documents)
        if asked.named is None:
            return asked.search.signs(asked.terms, asked.vector)
        return asked.named.signs(asked.rest, asked.vector)

    def _ask(self, scope: Scope, question: Question, documents: Sequence[int] | None) -> _Asked:
        if question.embedder not in {"", self._embedder.identity}:
            raise UnsupportedStore(
                f"the vectors are of {question.embedder!r}, and the running index was started for "
                f"{self._embedder.identity!r}: end the server, or the command, that was started before"
            )
        with self._analyzing:
            sentences = self._analyzer.question_clauses(question.text)
            terms = asked_terms(self._analyzer, question.text, question.history)
            loose = self._analyzer.terms_beside("\n".join((question.text, *question.history)))
        roles = asked_roles(question.text)
        search = Search(self._store, scope, self._statistics.of(scope), documents, roles, loose)
        vector = self._vector(question)
        places = search.places(terms)
        lead = search.lead(places)
        route = self._route(search, sentences, lead)
        if route is None or lead not in (None, *route.documents):
            return _Asked(search, terms, places, vector)
        # Names lead to their own document, topics to whichever treats them.
        rest = {term: terms.get(term, 1.0) for term in route.terms}
        return _Asked(search, terms, places, vector, replace(search, documents=route.documents), rest)

    def _vector(self, question: Question) -> NDArray[np.float32]:
        if question.by_words:
            return np.zeros(self._embedder.dimensions, np.float32)  # as of a text without words: near nothing
        if question.vector is not None:
            return np.asarray(question.vector, np.float32)
        return self._embedder.embed([question.text])[0]

    def _route(
        self, search: Search, sentences: Sequence[Sequence[Sequence[tuple[int, ...]]]], lead: int | None
    ) -> Route | None:
        """The documents that a run of the question's words names, if one does and leaves something to ask.

        Args:
            search: of the question.
            sentences: of the question, in clauses of words of terms.
            lead: the document of the best place.
        """
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
        length = found[0].end - found[0].start
        topical = may_be_topic(sentences, length)
        at_length = is_named_at_length(explained, len(close), is_topic=topical and bool(search.loose))
        stands_alone = not topical and stands_out([hit.score for hit in found])
        if not (at_length or stands_alone):
            close = [hit for hit in agreed(close, lead) if not may_be_topic(sentences, hit.end - hit.start)]
        if explained < LEAST_EXPLAINED or not close:
            return None
        if not rest or length <= SHORT:
            rest = tuple(terms)
        return Route(tuple(hit.document for hit in close), rest)

    def digest(self, scope: Scope, document: int) -> str:
        """What is stored of a document, see `ingest.digests`."""
        return digest_of(self._store.stored(scope, document))

    def read_points(self, scope: Scope, documents: Sequence[int], after: str | None = None) -> PointPage:
        """As `Store.read_points`."""
        return self._store.read_points(scope, documents, after)

    def upsert(self, scope: Scope, points: Sequence[Point]) -> None:
        """Write points."""
        self._statistics.written(scope)
        self._store.upsert(scope, points)

    def counts(self, scope: Scope) -> Mapping[int, int]:
        """Points held per document number."""
        return self._store.counts(scope)

    def delete_documents(self, scope: Scope, documents: Sequence[int]) -> None:
        """Forget these documents, chunks and openings."""
        self._store.delete_documents(scope, documents)
        self._store.delete_documents(scope.openings, documents)
        self._statistics.renew(scope)

    def delete_scope(self, scope: Scope) -> None:
        """Forget the whole scope, chunks and openings."""
        self._store.delete_scope(scope)
        self._store.delete_scope(scope.openings)
        self._statistics.forget(scope)

    def flush(self) -> None:
        """Return once everything written so far survives a loss of power."""
        self._store.flush()
        self._statistics.flushed()

    def compact(
        self, turn: Callable[[], AbstractContextManager[object]] = nullcontext, *, only_worth: bool = False
    ) -> None:
        """As `Compactable.compact`; a server has nothing to be done for it."""
        if isinstance(self._store, Compactable):
            self._store.compact(turn, only_worth=only_worth)

    def deleted(self) -> int:
        """Points that were deleted and still stand in the store's files."""
        return self._store.deleted() if isinstance(self._store, Compactable) else 0

    def close(self) -> None:
        """Flush and close the store."""
        self._store.close()
