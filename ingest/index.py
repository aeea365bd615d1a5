"""The search index: questions in, hits out. Whole searches run here, beside the store."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from ingest.answerability import confidence
from ingest.digests import digest_of
from ingest.found import Findings, key_of
from ingest.ranking import ordered
from ingest.statistics import Statistics
from ingest.store.contract import Compactable
from ingest.understanding import Interpreter

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from contextlib import AbstractContextManager

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


class LocalIndex:
    """The index in this process: what words, meaning and whole documents say, in one order."""

    def __init__(self, store: Store, embedder: Embedder) -> None:
        self._store = store
        self._statistics = Statistics(store)
        self._interpreter = Interpreter(store, embedder, self._statistics)

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
        asked = self._interpreter.understand(scope, question, documents)
        search, terms, places, vector = asked.search, asked.terms, asked.places, asked.vector
        if asked.named is None:
            return Findings(None, search.found(terms, places, vector))
        inside = asked.named.found(
            asked.rest, places if asked.rest == terms else search.places(asked.rest), vector
        )
        others = search.found_by_words(terms, places)
        known = {key_of(hit) for hit in (*inside.hits, *others.hits)}
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
        asked = self._interpreter.understand(scope, question, documents)
        if asked.named is None:
            return asked.search.signs(asked.terms, asked.vector)
        return asked.named.signs(asked.rest, asked.vector)

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
