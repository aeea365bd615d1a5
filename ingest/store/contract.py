"""What a vector store must do. Two engines do it: embedded Qdrant Edge and a Qdrant server.

Vectors arrive ready made; ranking lists of one vector kind leave, best first. Fusing the lists is the
caller's business, so that both engines give the same order.
"""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from ingest.model import Role

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from contextlib import AbstractContextManager

    import numpy as np
    from numpy.typing import NDArray

    from ingest.model import Hit, Scope
    from ingest.store.points import Points


@dataclass(frozen=True, slots=True)
class SparseVector:
    """Term weights: ``indices`` are ascending and distinct; both arrays have one entry a term."""

    indices: NDArray[np.uint32]
    values: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Point:
    """A chunk as the store keeps it. Its id follows from scope, document and ordinal."""

    document: int
    ordinal: int
    start: int
    end: int
    first_passage: int
    last_passage: int
    sparse: SparseVector
    dense: NDArray[np.float32]
    role: Role = Role.SOURCE
    """Of its document."""
    source: int = 0
    """What its document came with, see `ingest.sources`."""


@dataclass(frozen=True, slots=True)
class PointPage:
    """Some of the points of documents; ``next`` continues them and is None at their end."""

    points: Points
    next: str | None


@runtime_checkable
class Compactable(Protocol):
    """A store whose files keep what was deleted until they are written anew."""

    def compact(
        self, turn: Callable[[], AbstractContextManager[object]] = nullcontext, *, only_worth: bool = False
    ) -> None:
        """Write them anew, in short steps; the caller lets nobody else write within a ``turn()``.

        Args:
            turn: entered for each step.
            only_worth: leave those alone that hold little of it, see `ingest.store.compacting`.
        """
        ...

    def deleted(self) -> int:
        """Points that were deleted and still stand in the files."""
        ...


class Store(Protocol):
    """Chunks of many tenants and collections; every call stays inside one scope.

    Raises:
        IndexUnavailable: the engine does not answer.
        ValueError: a vector holds NaN or has the wrong length. Nothing of the batch is written.
    """

    def upsert(self, scope: Scope, points: Sequence[Point]) -> None:
        """Write points; the same document and ordinal replaces what was there."""
        ...

    def search_sparse(
        self, scope: Scope, vector: SparseVector, *, documents: Sequence[int] | None, limit: int
    ) -> list[Hit]:
        """Rank by Σ query weight × IDF × stored weight, IDF counted over the scope alone."""
        ...

    def search_dense(
        self, scope: Scope, vector: NDArray[np.float32], *, documents: Sequence[int] | None, limit: int
    ) -> list[Hit]:
        """Rank by cosine; ``documents`` None means all of the scope."""
        ...

    def sparse_vectors(self, scope: Scope, places: Sequence[tuple[int, int]]) -> list[SparseVector]:
        """What is stored at these documents and ordinals, in no order, of those that hold a point."""
        ...

    def stored(self, scope: Scope, document: int) -> list[tuple[Hit, SparseVector]]:
        """Places and sparse vectors of all points of a document, in no order; their scores say nothing."""
        ...

    def read_points(self, scope: Scope, documents: Sequence[int], after: str | None = None) -> PointPage:
        """Whole points of these documents, in the order of their ids; dense vectors have length 1, or 0."""
        ...

    def sample(self, scope: Scope, limit: int) -> list[tuple[Hit, SparseVector]]:
        """Places and sparse vectors of as many points, chosen by their ids: the same until points change."""
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
        """Flush and let go of the engine."""
        ...
