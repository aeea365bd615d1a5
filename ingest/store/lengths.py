"""One store for each length of vectors: the one that serves, and the one that a re-index builds beside it.

A scope lies in one of them. Which one that is, the vectors tell where there are any, and counts where not.
"""

from __future__ import annotations

from contextlib import nullcontext
from threading import Lock
from typing import TYPE_CHECKING

from ingest.store.contract import Compactable, PointPage
from ingest.store.points import Points

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from contextlib import AbstractContextManager

    import numpy as np
    from numpy.typing import NDArray

    from ingest.model import Hit, Scope
    from ingest.store.contract import Point, SparseVector, Store


class StoreOfLengths:
    """A `Store` over several, for threads; nothing of a scope without vectors of a length is ever there."""

    def __init__(self, stores: dict[int, Store], make: Callable[[int], Store]) -> None:
        """``stores`` are those that there are, by length; ``make`` makes one of a new length."""
        self._stores = stores
        self._make = make
        self._making = Lock()

    def upsert(self, scope: Scope, points: Sequence[Point]) -> None:
        """Write points where vectors of their length lie."""
        if points:
            self._of_length(len(points[0].dense)).upsert(scope, points)

    def search_sparse(
        self, scope: Scope, vector: SparseVector, *, documents: Sequence[int] | None, limit: int
    ) -> list[Hit]:
        """Rank by BM25 in the store that knows the scope."""
        for store in self._stores.values():
            hits = store.search_sparse(scope, vector, documents=documents, limit=limit)
            if hits:
                return hits
        return []

    def search_dense(
        self, scope: Scope, vector: NDArray[np.float32], *, documents: Sequence[int] | None, limit: int
    ) -> list[Hit]:
        """Rank by cosine among vectors of this length; where there are none, nothing is near."""
        store = self._stores.get(len(vector))
        return store.search_dense(scope, vector, documents=documents, limit=limit) if store else []

    def sparse_vectors(self, scope: Scope, places: Sequence[tuple[int, int]]) -> list[SparseVector]:
        """What is stored at these places, in no order."""
        return [found for store in self._stores.values() for found in store.sparse_vectors(scope, places)]

    def stored(self, scope: Scope, document: int) -> list[tuple[Hit, SparseVector]]:
        """What is stored of a document, in no order."""
        return [point for store in self._stores.values() for point in store.stored(scope, document)]

    def read_points(self, scope: Scope, documents: Sequence[int], after: str | None = None) -> PointPage:
        """Some of the points of these documents, of the store that knows the scope."""
        for store in self._stores.values():
            page = store.read_points(scope, documents, after)
            if page.points:
                return page
        return PointPage(Points.of(()), None)

    def sample(self, scope: Scope, limit: int) -> list[tuple[Hit, SparseVector]]:
        """The points of the lowest ids in the store that knows the scope."""
        for store in self._stores.values():
            points = store.sample(scope, limit)
            if points:
                return points
        return []

    def counts(self, scope: Scope) -> Mapping[int, int]:
        """Points held per document number."""
        return {
            number: count for store in self._stores.values() for number, count in store.counts(scope).items()
        }

    def delete_documents(self, scope: Scope, documents: Sequence[int]) -> None:
        """Forget these documents."""
        for store in self._stores.values():
            store.delete_documents(scope, documents)

    def delete_scope(self, scope: Scope) -> None:
        """Forget the whole scope."""
        for store in self._stores.values():
            store.delete_scope(scope)

    def flush(self) -> None:
        """Return once everything written so far is on the disk."""
        for store in self._stores.values():
            store.flush()

    def compact(
        self, turn: Callable[[], AbstractContextManager[object]] = nullcontext, *, only_worth: bool = False
    ) -> None:
        """Write them anew, one after another, without what was deleted, where they can."""
        for store in self._compactable():
            store.compact(turn, only_worth=only_worth)

    def deleted(self) -> int:
        """Points that still stand in their files."""
        return sum(store.deleted() for store in self._compactable())

    def _compactable(self) -> list[Compactable]:
        return [store for store in self._stores.values() if isinstance(store, Compactable)]

    def close(self) -> None:
        """Close all of them."""
        for store in self._stores.values():
            store.close()

    def _of_length(self, length: int) -> Store:
        with self._making:
            if length not in self._stores:  # a mapping of its own: others may be going through the old one
                self._stores = {**self._stores, length: self._make(length)}
        return self._stores[length]
