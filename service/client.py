"""A typed client of a running Lectern server, for programs that wait and for programs that do not.

    client = Client("http://127.0.0.1:8421")
    answer = client.ask(QueryRequest(question="When is the rent due?"))

Every method may raise:

- `ServerRefused`: the request was bad, or the server failed; ``problem`` is its own word for it.
- `ServerUnreachable`: the server went away; `ServerAbsent`, where nobody listened and nothing was asked.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from service.remote import calls
from service.remote.blocking import BlockingTransport
from service.remote.concurrent import ConcurrentTransport
from service.remote.errors import ServerAbsent, ServerRefused, ServerUnreachable, UnsendableFile
from service.remote.server import server_at

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Generator, Sequence
    from pathlib import Path
    from types import TracebackType
    from typing import Self

    from service.http.event_shapes import StreamEvent
    from service.http.job_shapes import JobDetails, JobEvent, JobShape
    from service.http.listings import CollectionShape, DocumentList, DocumentShape, DocumentText
    from service.http.place_shapes import SearchResponse
    from service.http.requests import QueryRequest, SearchRequest
    from service.http.responses import QueryResponse
    from service.http.review_shapes import BegunShape, ResumeRequest, ReviewRequest
    from service.http.warm_shapes import WarmRequest, WarmResponse

__all__ = [
    "AsyncClient",
    "Client",
    "ServerAbsent",
    "ServerRefused",
    "ServerUnreachable",
    "UnsendableFile",
]

_CONNECT_SECONDS = 5.0
_IDLE_SECONDS = 600.0
"""A model that thinks for long says nothing meanwhile."""


class Client:
    """Asks a server and waits. It holds nothing open between calls, and threads may share it.

    Args:
        url: ``http://HOST:PORT``, or https, with a path where a proxy puts the server below one.
        access_key: one that the server knows, if it needs any.
        idle: seconds that may pass without a byte from the server.
        tenant: whose data is meant; only commands on the server's own machine may say so.

    Raises:
        ValueError: that is no address, or no key.
    """

    def __init__(
        self,
        url: str,
        access_key: str | None = None,
        *,
        idle: float = _IDLE_SECONDS,
        tenant: str | None = None,
    ) -> None:
        server = server_at(url, access_key, tenant)
        self._http = BlockingTransport(server, connect=_CONNECT_SECONDS, idle=idle)

    def ask(self, request: QueryRequest) -> QueryResponse:
        """An answer, every claim of it cited and checked."""
        return self._http.carry_out(calls.ask(request))

    def stream(self, request: QueryRequest) -> Generator[StreamEvent]:
        """The same as it comes into being, the whole of it last; closing the generator cancels it."""
        return self._http.follow(calls.stream(request))

    def search(self, request: SearchRequest) -> SearchResponse:
        """Places, best first."""
        return self._http.carry_out(calls.search(request))

    def collections(self) -> list[CollectionShape]:
        """All collections, by name."""
        return self._http.carry_out(calls.collections()).collections

    def documents(
        self, collection: str = "default", *, limit: int = 100, after: str | None = None
    ) -> DocumentList:
        """Documents by path; ``after`` is ``next`` of the page before."""
        return self._http.carry_out(calls.documents(collection, limit, after))

    def document(self, identity: str) -> DocumentShape:
        """One document, by its id."""
        return self._http.carry_out(calls.document(identity))

    def text(self, identity: str, *, number: int | None = None) -> DocumentText:
        """Its text, which all offsets refer to; ``number`` names an older version, the 7 of ``[D7:31]``."""
        return self._http.carry_out(calls.text(identity, number))

    def upload(
        self, files: Sequence[Path], *, collection: str = "default", paths: Sequence[str] | None = None
    ) -> JobShape:
        """Send files to be indexed, read from disk as they are sent; the answer is the job.

        Args:
            files: on this machine.
            collection: it is made where it is not there.
            paths: what people will see, one a file; without them the files' names.

        Raises:
            UnsendableFile: a file cannot be read.
        """
        return self._http.carry_out(calls.upload(files, paths, collection))

    def job(self, identity: str) -> JobDetails:
        """A job, with the files that could not be read."""
        return self._http.carry_out(calls.job(identity))

    def follow(self, identity: str) -> Generator[JobEvent]:
        """A job from where it stands to its end; the last event is the job as it ended."""
        return self._http.follow(calls.follow(identity))

    def delete_document(self, identity: str) -> None:
        """Forget a document: its text, its index, the conversations that have shown it."""
        self._http.carry_out(calls.delete_document(identity))

    def warm(self, collection: str, request: WarmRequest) -> WarmResponse:
        """Send what a collection's prompts begin with ahead, or ask what that would cost."""
        return self._http.carry_out(calls.warm(collection, request))

    def begin_review(self, request: ReviewRequest) -> BegunShape:
        """Put the same questions to many documents."""
        return self._http.carry_out(calls.begin_review(request))

    def resume_review(self, identity: str, request: ResumeRequest) -> BegunShape:
        """Go on with a review."""
        return self._http.carry_out(calls.resume_review(identity, request))


class AsyncClient:
    """`Client` for an event loop, which its connections belong to: ``async with``, or `close` it.

    Its methods, arguments and errors are those of `Client`. Who leaves a stream early closes it
    (``contextlib.aclosing``), which cancels the server's work.
    """

    def __init__(self, url: str, access_key: str | None = None, *, idle: float = _IDLE_SECONDS) -> None:
        self._http = ConcurrentTransport(server_at(url, access_key), connect=_CONNECT_SECONDS, idle=idle)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Let go of the connections."""
        await self._http.close()

    async def ask(self, request: QueryRequest) -> QueryResponse:
        """As `Client.ask`."""
        return await self._http.carry_out(calls.ask(request))

    def stream(self, request: QueryRequest) -> AsyncGenerator[StreamEvent, None]:
        """As `Client.stream`."""
        return self._http.follow(calls.stream(request))

    async def search(self, request: SearchRequest) -> SearchResponse:
        """As `Client.search`."""
        return await self._http.carry_out(calls.search(request))

    async def collections(self) -> list[CollectionShape]:
        """As `Client.collections`."""
        return (await self._http.carry_out(calls.collections())).collections

    async def documents(
        self, collection: str = "default", *, limit: int = 100, after: str | None = None
    ) -> DocumentList:
        """As `Client.documents`."""
        return await self._http.carry_out(calls.documents(collection, limit, after))

    async def document(self, identity: str) -> DocumentShape:
        """As `Client.document`."""
        return await self._http.carry_out(calls.document(identity))

    async def text(self, identity: str, *, number: int | None = None) -> DocumentText:
        """As `Client.text`."""
        return await self._http.carry_out(calls.text(identity, number))

    async def upload(
        self, files: Sequence[Path], *, collection: str = "default", paths: Sequence[str] | None = None
    ) -> JobShape:
        """As `Client.upload`."""
        return await self._http.carry_out(calls.upload(files, paths, collection))

    async def job(self, identity: str) -> JobDetails:
        """As `Client.job`."""
        return await self._http.carry_out(calls.job(identity))

    def follow(self, identity: str) -> AsyncGenerator[JobEvent, None]:
        """As `Client.follow`."""
        return self._http.follow(calls.follow(identity))

    async def delete_document(self, identity: str) -> None:
        """As `Client.delete_document`."""
        await self._http.carry_out(calls.delete_document(identity))

    async def warm(self, collection: str, request: WarmRequest) -> WarmResponse:
        """As `Client.warm`."""
        return await self._http.carry_out(calls.warm(collection, request))

    async def begin_review(self, request: ReviewRequest) -> BegunShape:
        """As `Client.begin_review`."""
        return await self._http.carry_out(calls.begin_review(request))

    async def resume_review(self, identity: str, request: ResumeRequest) -> BegunShape:
        """As `Client.resume_review`."""
        return await self._http.carry_out(calls.resume_review(identity, request))
