"""``/v1/jobs`` and ``/v1/ingests``: what is being ingested, and how far it is."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import StreamingResponse
from starlette.exceptions import HTTPException

from ingest.catalog.job_records import JobRequest, JobState
from ingest.errors import UnknownName
from service.http import event_schemas, events, job_events
from service.http.access import Administering, Following, Reading, Work, Writing
from service.http.job_shapes import JobDetails, JobList, JobShape
from service.http.requests import IngestRequest
from service.jobs import controlling

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from service.settings import Settings

router = APIRouter(tags=["jobs"])


@router.get("/jobs")
def jobs(
    view: Reading,
    collection: Annotated[str | None, Query(min_length=1, max_length=200)] = None,
    state: Annotated[JobState | None, Query()] = None,
    limit: Annotated[int, Query(ge=1, le=1_000)] = 100,
) -> JobList:
    """Jobs, the newest first."""
    controlling.settle(view.services.catalog)
    states = () if state is None else (state,)
    found = view.jobs(collection, states=states, limit=limit)
    return JobList(jobs=[JobShape.of(record) for record in found])


@router.get("/jobs/{job_id}")
def job(job_id: str, view: Following) -> JobDetails:
    """One job, with the files that could not be read."""
    controlling.settle(view.services.catalog)
    record = view.job(job_id)
    return JobDetails.with_failures(record, view.services.catalog.failed_job_files(record))


@router.get(
    "/jobs/{job_id}/events",
    response_class=StreamingResponse,
    responses={
        200: {"content": {events.MEDIA_TYPE: {"schema": event_schemas.described(event_schemas.JOB_EVENTS)}}}
    },
)
def job_stream(job_id: str, view: Following, request: Request) -> StreamingResponse:
    """A job as server-sent events, from where it stands now to its end."""
    stream = job_events.follow(view.services.catalog, view.job(job_id), request.app.state.ending)
    return StreamingResponse(stream, media_type=events.MEDIA_TYPE, headers=events.HEADERS)


@router.post("/jobs/{job_id}/cancel")
def cancel(job_id: str, view: Writing) -> JobShape:
    """Cancel a job that waits, or ask one that runs to stop, which takes about a second."""
    return JobShape.of(controlling.cancel(view.services.catalog, view.tenant, view.job(job_id).id))


@router.post("/jobs/{job_id}/retry", status_code=HTTPStatus.ACCEPTED)
def retry(job_id: str, view: Writing, work: Work) -> JobShape:
    """Queue a job again: what is indexed is skipped, what failed is read again."""
    catalog, originals, key = view.services.catalog, view.services.originals, view.caller.key
    queued = controlling.retry(catalog, originals, view.tenant, view.job(job_id).id, key=key)
    work.wake()
    return JobShape.of(queued)


@router.post("/ingests", status_code=HTTPStatus.ACCEPTED)
def ingest(body: IngestRequest, view: Administering, work: Work) -> JobShape:
    """Read folders and files of the server's machine, inside those that the setting `ingest_roots` names.

    Only the tenant of the settings may: whose the documents are that lie there, no key can tell.
    """
    services = view.services
    if view.tenant != services.settings.tenant:
        raise HTTPException(
            HTTPStatus.FORBIDDEN, "only the tenant of the server's settings may read its machine's folders"
        )
    view.require(body.collection)
    paths = _allowed(services.settings, body.paths)
    asked = JobRequest(paths=paths, key=view.caller.key)
    queued = services.catalog.add_job(
        view.tenant, body.collection, "ingest", asked, place=services.originals.place
    )
    view.touched.subject = queued.id
    work.wake()
    return JobShape.of(queued)


def _allowed(settings: Settings, paths: Sequence[Path]) -> tuple[str, ...]:
    """The paths, with links followed; whether a forbidden one exists is not told."""
    roots = [root.expanduser().resolve() for root in settings.ingest_roots]
    settled = [path.expanduser().resolve() for path in paths if path.is_absolute()]
    inside = [path for path in settled if any(path.is_relative_to(root) for root in roots)]
    if len(inside) < len(paths):
        raise HTTPException(
            HTTPStatus.FORBIDDEN, "only absolute paths inside the setting ingest_roots may be read"
        )
    for path in inside:
        if not path.exists():
            raise UnknownName("path", str(path))
    return tuple(map(str, inside))
