"""What crosses the border of the index process: one request, one reply."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Protocol, TypeVar

from ingest.catalog.copying import copy_sqlite
from service.backup.copying import copy_folder

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from ingest.errors import LecternError
    from ingest.index import Index, Question
    from ingest.model import Hit, Scope
    from ingest.store.contract import Point, PointPage
    from service.index_process.compacting import ServedIndex

Result = TypeVar("Result", covariant=True)  # noqa: PLC0105 — the plain name reads better in `Request[Result]`


class Request(Protocol[Result]):
    """A call of `ServedIndex`. Each may be sent twice: the second time changes nothing more."""

    writes: ClassVar[bool]
    """Whether it waits for other writes."""

    def run(self, index: ServedIndex) -> Result:
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
class Digest:
    """`Index.digest`."""

    writes: ClassVar[bool] = False
    scope: Scope
    document: int

    def run(self, index: Index) -> str:
        """Read and digest."""
        return index.digest(self.scope, self.document)


@dataclass(frozen=True, slots=True)
class ReadPoints:
    """`ServedIndex.read_points`."""

    writes: ClassVar[bool] = False
    scope: Scope
    documents: Sequence[int]
    after: str | None

    def run(self, index: ServedIndex) -> PointPage:
        """Read."""
        return index.read_points(self.scope, self.documents, self.after)


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


@dataclass(frozen=True, slots=True)
class Compact:
    """`Index.compact`, which the process itself does, in turns with writes."""

    writes: ClassVar[bool] = False

    def run(self, index: Index) -> None:
        """Write the files anew."""
        index.compact()


@dataclass(frozen=True, slots=True)
class Deleted:
    """`Index.deleted`."""

    writes: ClassVar[bool] = False

    def run(self, index: Index) -> int:
        """Count."""
        return index.deleted()


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The shards of a data folder, then its catalog, while nobody writes to the index.

    In this order a copy is what a kill leaves behind, which every start mends: points may lack their record,
    and no record lacks points that were flushed before it was written.
    """

    writes: ClassVar[bool] = True
    data: Path
    into: Path
    catalog: bool
    """Whether the catalog is the file in the data folder."""

    def run(self, index: Index) -> None:
        """Flush and copy."""
        index.flush()
        for shard in shards(self.data):
            copy_folder(shard, self.into / shard.name)
        if self.catalog:
            copy_sqlite(self.data / "catalog.sqlite", self.into / "catalog.sqlite")


def shards(data: Path) -> list[Path]:
    """The folders of the index: ``index`` and ``index.<length>``."""
    return [path for path in sorted(data.glob("index*")) if path.is_dir()]
