"""What crosses the border of the index process: one request, one reply."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ingest.errors import LecternError
    from ingest.index import Index, Question
    from ingest.model import Hit, Scope
    from ingest.store.contract import Point

Result = TypeVar("Result", covariant=True)  # noqa: PLC0105 — the plain name reads better in `Request[Result]`


class Request(Protocol[Result]):
    """A call of `ingest.index.Index`. Each may be sent twice: the second time changes nothing more."""

    writes: ClassVar[bool]
    """Whether it waits for other writes."""

    def run(self, index: Index) -> Result:
        """Do it."""
        ...


@dataclass(frozen=True, slots=True)
class Done:
    """The reply to a request that went well."""

    value: object


@dataclass(frozen=True, slots=True)
class Failed:
    """The reply to one that did not; what it holds is raised again on the other side."""

    error: LecternError | ValueError


@dataclass(frozen=True, slots=True)
class Search:
    """`Index.search`."""

    writes: ClassVar[bool] = False
    scope: Scope
    question: Question
    documents: Sequence[int] | None
    limit: int

    def run(self, index: Index) -> list[Hit]:
        """Search."""
        return index.search(self.scope, self.question, documents=self.documents, limit=self.limit)


@dataclass(frozen=True, slots=True)
class Confidence:
    """`Index.confidence`."""

    writes: ClassVar[bool] = False
    scope: Scope
    question: Question
    documents: Sequence[int] | None

    def run(self, index: Index) -> float:
        """Estimate."""
        return index.confidence(self.scope, self.question, documents=self.documents)


@dataclass(frozen=True, slots=True)
class Upsert:
    """`Index.upsert`."""

    writes: ClassVar[bool] = True
    scope: Scope
    points: Sequence[Point]

    def run(self, index: Index) -> None:
        """Write."""
        index.upsert(self.scope, self.points)


@dataclass(frozen=True, slots=True)
class Counts:
    """`Index.counts`."""

    writes: ClassVar[bool] = False
    scope: Scope

    def run(self, index: Index) -> dict[int, int]:
        """Count."""
        return dict(index.counts(self.scope))


@dataclass(frozen=True, slots=True)
class DeleteDocuments:
    """`Index.delete_documents`."""

    writes: ClassVar[bool] = True
    scope: Scope
    documents: Sequence[int]

    def run(self, index: Index) -> None:
        """Forget."""
        index.delete_documents(self.scope, self.documents)


@dataclass(frozen=True, slots=True)
class DeleteScope:
    """`Index.delete_scope`."""

    writes: ClassVar[bool] = True
    scope: Scope

    def run(self, index: Index) -> None:
        """Forget."""
        index.delete_scope(self.scope)


@dataclass(frozen=True, slots=True)
class Flush:
    """`Index.flush`."""

    writes: ClassVar[bool] = True

    def run(self, index: Index) -> None:
        """Flush."""
        index.flush()
