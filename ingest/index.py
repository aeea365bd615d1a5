"""The search index: questions in, hits out. Whole searches run here, beside the store."""

from __future__ import annotations

from dataclasses import dataclass
from threading import Lock
from time import monotonic
from typing import TYPE_CHECKING, Protocol

from ingest.errors import UnsupportedStore
from ingest.fusion import fuse
from ingest.routing import (
    CLOSE,
    LEAST_EXPLAINED,
    MOST_NAMED,
    SHORT,
    Route,
    explained_run,
    rarity,
    stands_out,
    word_value,
)
from ingest.sparse import question_vector
from ingest.terms import Analyzer

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from ingest.embedding import Embedder
    from ingest.model import Hit, Scope
    from ingest.store.contract import Point, SparseVector, Store

DENSE_WEIGHT = 0.4
"""Of a dense rank against 1.0 of a BM25 rank: equal weights hurt."""
ROUTED_WEIGHT = 5.0
"""Of a rank inside the document that a question names: its first 240 hits stand before all others."""
LONGEST_NAMING = 100
"""Terms of a question that may name a document; each of them is looked up."""
SIZE_SECONDS = 60.0
"""How long a count of documents is believed that nobody here has changed."""
TURNS = 4
"""Earlier turns of the user that a follow-up is searched with."""
CANDIDATES = 4
"""Each ranking is asked for this many times the hits that are wanted."""


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
    """The index in this process: BM25 and dense ranks of one store, fused."""

    def __init__(self, store: Store, embedder: Embedder) -> None:
        self._store = store
        self._embedder = embedder
        self._analyzer = Analyzer()
        self._analyzing = Lock()
        self._sizes: dict[Scope, tuple[int, float]] = {}
        """Documents of a scope, and until when that may be believed."""

    def search(
        self, scope: Scope, question: Question, *, documents: Sequence[int] | None, limit: int
    ) -> list[Hit]:
        """The best chunks by weighted reciprocal ranks.

        A document that the question names is searched once more: a long one with the rest of the question,
        for its name says nothing about its clauses. Its ranks weigh more, but what the whole scope has to say
        stays in the list: a wrong guess loses nothing. Among documents that the caller chose, a name is as
        idle as among all.

        Raises:
            UnsupportedStore: the question is for another embedder than this process has.
        """
        if question.embedder not in {"", self._embedder.identity}:
            raise UnsupportedStore(
                f"the vectors are of {question.embedder!r}, and the running index was started for "
                f"{self._embedder.identity!r}: end the server, or the command, that was started before"
            )
        with self._analyzing:
            words = self._analyzer.question_words(question.text)
            terms = self._analyzer.question_terms(question.text)
            earlier = [self._analyzer.question_terms(turn) for turn in question.history[:TURNS]]
        asked = question_vector(terms, earlier)
        vector = self._embedder.embed([question.text])[0]
        rankings = self._rankings(scope, asked, vector, documents, limit * CANDIDATES)
        route = self._route(scope, words, documents)
        leads = rankings[0][0][:1]  # names lead to their own document, topics to whichever treats them
        if route is not None and any(hit.document in route.documents for hit in leads):
            left = question_vector(route.terms)
            inside = self._rankings(scope, left, vector, route.documents, limit * CANDIDATES)
            rankings += [(hits, weight * ROUTED_WEIGHT) for hits, weight in inside]
        return fuse(rankings)[:limit]

    def _rankings(
        self,
        scope: Scope,
        asked: SparseVector,
        vector: NDArray[np.float32],
        documents: Sequence[int] | None,
        limit: int,
    ) -> list[tuple[list[Hit], float]]:
        sparse = self._store.search_sparse(scope, asked, documents=documents, limit=limit)
        dense = self._store.search_dense(scope, vector, documents=documents, limit=limit)
        return [(sparse, 1.0), (dense, DENSE_WEIGHT)]

    def _route(
        self, scope: Scope, words: Sequence[tuple[int, ...]], documents: Sequence[int] | None
    ) -> Route | None:
        """The documents that a run of the question's words names, if one does and leaves something to ask."""
        if sum(map(len, words)) > LONGEST_NAMING:
            return None
        terms = [term for word in words for term in word]
        found = self._store.search_sparse(
            scope.openings, question_vector(terms), documents=documents, limit=MOST_NAMED + 1
        )
        if not stands_out([hit.score for hit in found]):
            return None
        rarest = rarity(self._size(scope.openings))
        values = [word_value(word, self._scores(scope, word, found[0].document), rarest) for word in words]
        start, end, explained = explained_run(values)
        rest = tuple(term for word in (*words[:start], *words[end:]) for term in word)
        if explained < LEAST_EXPLAINED or not rest:
            return None
        if found[0].end - found[0].start <= SHORT:
            rest = tuple(terms)
        return Route(tuple(h.document for h in found if h.score >= CLOSE * found[0].score), rest)

    def _scores(self, scope: Scope, word: Sequence[int], document: int) -> list[float]:
        """The BM25 score of each term of a word in a document's opening, 0 where it is not there."""
        scores: list[float] = []
        for term in word:
            hits = self._store.search_sparse(
                scope.openings, question_vector([term]), documents=[document], limit=1
            )
            scores.append(hits[0].score if hits else 0.0)
        return scores

    def _size(self, scope: Scope) -> int:
        """How many documents there are; behind a Qdrant server other processes write, too."""
        size, until = self._sizes.get(scope, (0, 0.0))
        if monotonic() >= until:
            size = len(self._store.counts(scope))
            self._sizes[scope] = size, monotonic() + SIZE_SECONDS
        return size

    def upsert(self, scope: Scope, points: Sequence[Point]) -> None:
        """Write points."""
        self._store.upsert(scope, points)
        self._sizes.pop(scope, None)

    def counts(self, scope: Scope) -> Mapping[int, int]:
        """Points held per document number."""
        return self._store.counts(scope)

    def delete_documents(self, scope: Scope, documents: Sequence[int]) -> None:
        """Forget these documents, chunks and openings."""
        self._store.delete_documents(scope, documents)
        self._store.delete_documents(scope.openings, documents)
        self._sizes.pop(scope.openings, None)

    def delete_scope(self, scope: Scope) -> None:
        """Forget the whole scope, chunks and openings."""
        self._store.delete_scope(scope)
        self._store.delete_scope(scope.openings)
        self._sizes.pop(scope.openings, None)

    def flush(self) -> None:
        """Return once everything written so far survives a loss of power."""
        self._store.flush()

    def close(self) -> None:
        """Flush and close the store."""
        self._store.close()
