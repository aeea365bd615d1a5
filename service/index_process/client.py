"""The index as it looks from outside its process."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any, TypeVar, cast

from ingest.errors import IndexUnavailable
from ingest.store.points import Points
from service.index_process.address import Place
from service.index_process.requests import (
    Compact,
    Confidence,
    Counts,
    Deleted,
    DeleteDocuments,
    DeleteScope,
    Digest,
    Failed,
    Flush,
    ReadPoints,
    Search,
    Snapshot,
    Upsert,
)
from service.index_process.starting import connect_or_start

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from multiprocessing.connection import Connection
    from pathlib import Path
    from typing import Self

    from ingest.index import Question
    from ingest.model import Hit, Scope
    from ingest.store.contract import Point, PointPage
    from service.index_process.requests import (
        Done,
        Request,
    )

Result = TypeVar("Result")

ANSWER_SECONDS = 600.0
"""That one request may take: a write may wait for others."""


class RemoteIndex:
    """`ingest.index.Index` over the index process of a data directory; threads may share it.

    The process is started where there is none, and lives as long as anybody is connected. Where it has
    been killed, a call starts it again, once.
    """

    def __init__(self, data: Path, factory: str, *, grace: float = 1.0, at_once: bool = True) -> None:
        """Connect, or only when it is asked something where this need not be ``at_once``.

        ``factory`` is ``module:function`` and opens the `Index` inside the process.

        Raises:
            IndexUnavailable: the process neither answers nor starts.
            UnsupportedStore: it found data that it cannot open.
        """
        self._place = Place(data)
        self._factory = factory
        self._grace = grace
        self._guard = threading.Lock()
        self._idle: list[Connection[Any, Any]] = []
        self._closed = False
        self._served_by = 0
        self.starts = 0
        """Index processes that were met here: each after the first one stands for one that ended."""
        if at_once:
            self._put_back(self._connect())

    def search(
        self, scope: Scope, question: Question, *, documents: Sequence[int] | None, limit: int
    ) -> list[Hit]:
        """The best chunks of the scope, or of these documents; best first."""
        return self._call(Search(scope, question, documents, limit))

    def confidence(self, scope: Scope, question: Question, *, documents: Sequence[int] | None) -> float:
        """How sure it is, from 0 to 1, that what `search` finds holds an answer."""
        return self._call(Confidence(scope, question, documents))

    def digest(self, scope: Scope, document: int) -> str:
        """What is stored of a document, see `ingest.digests`."""
        return self._call(Digest(scope, document))

    def read_points(self, scope: Scope, documents: Sequence[int], after: str | None = None) -> PointPage:
        """Some of the points of these documents, whole; see `Store.read_points`."""
        return self._call(ReadPoints(scope, documents, after))

    def upsert(self, scope: Scope, points: Sequence[Point]) -> None:
        """Write points."""
        self._call(Upsert(scope, Points.of(points)))

    def counts(self, scope: Scope) -> Mapping[int, int]:
        """Points held per document number."""
        return self._call(Counts(scope))

    def delete_documents(self, scope: Scope, documents: Sequence[int]) -> None:
        """Forget these documents."""
        self._call(DeleteDocuments(scope, documents))

    def delete_scope(self, scope: Scope) -> None:
        """Forget the whole scope."""
        self._call(DeleteScope(scope))

    def flush(self) -> None:
        """Return once everything written so far survives a loss of power."""
        self._call(Flush())

    def compact(self) -> None:
        """Let the files of the index hold nothing of what was deleted; searches and writes go on."""
        self._call(Compact())

    def deleted(self) -> int:
        """Points that were deleted and still stand in the files."""
        return self._call(Deleted())

    def snapshot(self, into: Path, *, catalog: bool) -> None:
        """Copy index and, where it is in the data folder, the catalog, as they are at one moment.

        Writes to the index wait meanwhile; searches go on.

        Raises:
            CatalogUnavailable: the catalog cannot be read.
        """
        self._call(Snapshot(self._place.data, into, catalog))

    def close(self) -> None:
        """Disconnect; the process ends once nobody else is connected."""
        with self._guard:
            self._closed = True
        self._drop_idle()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _call(self, request: Request[Result]) -> Result:
        if self._closed:
            raise IndexUnavailable("the index has been closed")
        try:
            return self._ask(self._borrow(), request)
        except (EOFError, OSError):
            # Killed: what it was asked may be asked again, and its other connections are dead too.
            self._drop_idle()
        try:
            return self._ask(self._connect(), request)
        except (EOFError, OSError) as error:
            raise IndexUnavailable(f"the index process died twice; see {self._place.log}") from error

    def _ask(self, connection: Connection[Any, Any], request: Request[Result]) -> Result:
        try:
            connection.send(request)
            reply = _receive(connection)
        except BaseException:
            connection.close()  # half a conversation is no use to the next caller
            raise
        self._put_back(connection)
        if isinstance(reply, Failed):
            raise reply.error
        return cast("Result", reply.value)

    def _connect(self) -> Connection[Any, Any]:
        connection = connect_or_start(self._place, self._factory, grace=self._grace)
        address = self._place.read()
        with self._guard:
            if address is not None and address.pid != self._served_by:
                self._served_by = address.pid
                self.starts += 1
        return connection

    def _borrow(self) -> Connection[Any, Any]:
        with self._guard:
            if self._idle:
                return self._idle.pop()
        return self._connect()

    def _put_back(self, connection: Connection[Any, Any]) -> None:
        with self._guard:
            if not self._closed:
                self._idle.append(connection)
                return
        connection.close()

    def _drop_idle(self) -> None:
        with self._guard:
            dropped, self._idle = self._idle, []
        for connection in dropped:
            connection.close()


def _receive(connection: Connection[Any, Any]) -> Done | Failed:
    if not connection.poll(ANSWER_SECONDS):
        raise IndexUnavailable(f"the index process does not answer within {ANSWER_SECONDS:.0f} s")
    return connection.recv()
