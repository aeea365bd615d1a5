"""What can be asked of a server: each request and the shape of its answer, without sending anything."""

# ruff: noqa: PLC0415 — shapes that `lectern ask` does not need cost it a tenth of a second

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, Literal, TypeVar
from urllib.parse import quote, urlencode

from service.http.event_shapes import (
    BlockEvent,
    Delta,
    PartEvent,
    PlanEvent,
    Reasoning,
    StepEvent,
    UsageEvent,
)
from service.http.place_shapes import Citation, SearchResponse
from service.http.responses import Claim, QueryResponse
from service.remote.forms import Form

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from service.http.event_shapes import StreamEvent
    from service.http.job_shapes import JobDetails, JobEvent, JobShape
    from service.http.listings import CollectionList, DocumentList, DocumentShape, DocumentText
    from service.http.requests import QueryRequest, Request, SearchRequest
    from service.http.review_shapes import BegunShape, ResumeRequest, ReviewRequest
    from service.http.warm_shapes import WarmRequest, WarmResponse

T = TypeVar("T")
Method = Literal["GET", "POST", "DELETE"]


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A request: its path, escaped, below the server's address, and its body."""

    method: Method
    path: str
    body: bytes | Form = b""

    @property
    def headers(self) -> dict[str, bytes]:
        """What its body needs."""
        if isinstance(self.body, Form):
            return {
                "Content-Type": self.body.media_type.encode(),
                "Content-Length": str(self.body.length).encode(),
            }
        return {"Content-Type": b"application/json"} if self.body else {}


@dataclass(frozen=True, slots=True)
class Call(Generic[T]):
    """A request with one answer."""

    request: Outgoing
    read: Callable[[bytes], T]


@dataclass(frozen=True, slots=True)
class Following(Generic[T]):
    """A request whose answer is a stream of events."""

    request: Outgoing
    reads: Mapping[str, Callable[[str], T]]
    """How the data of an event is read, by its name."""
    ends: frozenset[str]
    """The names of which one comes last."""


_STREAMED: Mapping[str, Callable[[str], StreamEvent]] = {
    "plan": PlanEvent.model_validate_json,
    "part": PartEvent.model_validate_json,
    "step": StepEvent.model_validate_json,
    "reasoning": Reasoning.model_validate_json,
    "delta": Delta.model_validate_json,
    "citation": Citation.model_validate_json,
    "claim": Claim.model_validate_json,
    "block": BlockEvent.model_validate_json,
    "usage": UsageEvent.model_validate_json,
    "done": QueryResponse.model_validate_json,
}


def ask(request: QueryRequest) -> Call[QueryResponse]:
    """A whole answer."""
    return Call(
        _post("/v1/query", request.model_copy(update={"stream": False})), QueryResponse.model_validate_json
    )


def stream(request: QueryRequest) -> Following[StreamEvent]:
    """An answer as it comes into being."""
    outgoing = _post("/v1/query", request.model_copy(update={"stream": True}))
    return Following(outgoing, _STREAMED, frozenset({"done"}))


def search(request: SearchRequest) -> Call[SearchResponse]:
    """Places, best first."""
    return Call(_post("/v1/search", request), SearchResponse.model_validate_json)


def collections() -> Call[CollectionList]:
    """All collections."""
    from service.http.listings import CollectionList

    return Call(Outgoing("GET", "/v1/collections"), CollectionList.model_validate_json)


def documents(collection: str, limit: int, after: str | None) -> Call[DocumentList]:
    """A page of a collection's documents."""
    from service.http.listings import DocumentList

    wanted = _query(collection=collection, limit=limit, after=after)
    return Call(Outgoing("GET", f"/v1/documents{wanted}"), DocumentList.model_validate_json)


def document(identity: str) -> Call[DocumentShape]:
    """One document."""
    from service.http.listings import DocumentShape

    return Call(Outgoing("GET", _document(identity)), DocumentShape.model_validate_json)


def text(identity: str, number: int | None) -> Call[DocumentText]:
    """Its text."""
    from service.http.listings import DocumentText

    path = f"{_document(identity)}/text{_query(number=number)}"
    return Call(Outgoing("GET", path), DocumentText.model_validate_json)


def delete_document(identity: str) -> Call[None]:
    """Forget it."""
    return Call(Outgoing("DELETE", _document(identity)), lambda _: None)


def upload(files: Sequence[Path], paths: Sequence[str] | None, collection: str) -> Call[JobShape]:
    """Files to be indexed."""
    from service.http.job_shapes import JobShape

    shown = [file.name for file in files] if paths is None else paths
    form = Form.of(files, shown, collection)
    return Call(Outgoing("POST", "/v1/documents", form), JobShape.model_validate_json)


def job(identity: str) -> Call[JobDetails]:
    """One job."""
    from service.http.job_shapes import JobDetails

    return Call(Outgoing("GET", _job(identity)), JobDetails.model_validate_json)


def follow(identity: str) -> Following[JobEvent]:
    """A job up to its end."""
    from ingest.catalog.job_records import FINISHED
    from service.http.job_shapes import JobFileShape, JobShape

    reads: dict[str, Callable[[str], JobEvent]] = dict.fromkeys(
        ("progress", *FINISHED), JobShape.model_validate_json
    )
    reads["file"] = JobFileShape.model_validate_json
    return Following(Outgoing("GET", f"{_job(identity)}/events"), reads, frozenset(FINISHED))


def warm(collection: str, request: WarmRequest) -> Call[WarmResponse]:
    """The beginning of a collection's prompts, sent ahead."""
    from service.http.warm_shapes import WarmResponse

    path = f"/v1/collections/{quote(collection, safe='')}/warm"
    return Call(_post(path, request), WarmResponse.model_validate_json)


def begin_review(request: ReviewRequest) -> Call[BegunShape]:
    """The same questions to many documents."""
    from service.http.review_shapes import BegunShape

    return Call(_post("/v1/reviews", request), BegunShape.model_validate_json)


def resume_review(identity: str, request: ResumeRequest) -> Call[BegunShape]:
    """Go on with a review."""
    from service.http.review_shapes import BegunShape

    path = f"/v1/reviews/{quote(identity, safe='')}/resume"
    return Call(_post(path, request), BegunShape.model_validate_json)


def _post(path: str, body: Request) -> Outgoing:
    """What was left to the server's defaults is not said: an older one need not know it."""
    return Outgoing("POST", path, body.model_dump_json(exclude_unset=True, exclude_none=True).encode())


def _query(**values: str | int | None) -> str:
    given = {name: value for name, value in values.items() if value is not None}
    return f"?{urlencode(given)}" if given else ""


def _document(identity: str) -> str:
    return f"/v1/documents/{quote(identity, safe='')}"


def _job(identity: str) -> str:
    return f"/v1/jobs/{quote(identity, safe='')}"
