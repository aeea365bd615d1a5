"""The search index: questions in, hits out. Whole searches run here, beside the store."""

from __future__ import annotations

from dataclasses import dataclass
from threading import Lock
from typing import TYPE_CHECKING, Protocol

from ingest.fusion import fuse
from ingest.sparse import question_vector
from ingest.terms import Analyzer

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ingest.embedding import Embedder
    from ingest.model import Hit, Scope
    from ingest.store.contract import Point, Store

DENSE_WEIGHT = 0.4
"""Of a dense rank against 1.0 of a BM25 rank: equal weights hurt."""
CANDIDATES = 4
"""Each ranking is asked for this many times the hits that are wanted."""


@dataclass(frozen=True, slots=True)
class Question:
    """What is searched for: the words, and the user's earlier turns, the latest first."""

    text: str
    history: tuple[str, ...] = ()


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

    def search(
        self, scope: Scope, question: Question, *, documents: Sequence[int] | None, limit: int
    ) -> list[Hit]:
        """The best chunks by weighted reciprocal ranks."""
        with self._analyzing:
            terms = self._analyzer.question_terms(question.text)
        depth = limit * CANDIDATES
        sparse = self._store.search_sparse(scope, question_vector(terms), documents=documents, limit=depth)
        vector = self._embedder.embed([question.text])[0]
        dense = self._store.search_dense(scope, vector, documents=documents, limit=depth)
        return fuse([(sparse, 1.0), (dense, DENSE_WEIGHT)])[:limit]

    def upsert(self, scope: Scope, points: Sequence[Point]) -> None:
        """Write points."""
        self._store.upsert(scope, points)

    def counts(self, scope: Scope) -> Mapping[int, int]:
        """Points held per document number."""
        return self._store.counts(scope)

    def delete_documents(self, scope: Scope, documents: Sequence[int]) -> None:
        """Forget these documents."""
        self._store.delete_documents(scope, documents)

    def delete_scope(self, scope: Scope) -> None:
        """Forget the whole scope."""
        self._store.delete_scope(scope)

    def flush(self) -> None:
        """Return once everything written so far survives a loss of power."""
        self._store.flush()

    def close(self) -> None:
        """Flush and close the store."""
        self._store.close()
