"""``/v1/reviews``: the same questions about many documents."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Annotated, Any, cast

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response
from starlette.concurrency import run_in_threadpool

from service.http.access import Reading, Writing
from service.http.review_files import encode
from service.http.review_shapes import (
    BegunShape,
    EstimateShape,
    QuestionList,
    ResumeRequest,
    ReviewDetails,
    ReviewList,
    ReviewRequest,
    ReviewShape,
)
from service.http.turns import TAKES_LONG
from service.reviewing import controlling
from service.reviewing.exporting import MEDIA_TYPES, Format
from service.reviewing.questions import parse_questions
from service.reviewing.report import ReviewReport, report
from service.reviewing.running import settle
from service.reviewing.worker import ReviewWorker

if TYPE_CHECKING:
    from service.access.view import View

router = APIRouter(prefix="/reviews", tags=["reviews"])


def _worker(request: Request) -> ReviewWorker:
    return cast("ReviewWorker", request.app.state.reviews)


_FILES: dict[str, Any] = {
    **{kind: {"schema": {"type": "string", "format": "binary"}} for kind in MEDIA_TYPES.values()},
    MEDIA_TYPES["json"]: {"schema": {"$ref": "#/components/schemas/ReviewDetails"}},
}
_QUESTIONS_FILE: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "description": "The bytes of a YAML, CSV or XLSX file, as `name` ends.",
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    }
}
Running = Annotated[ReviewWorker, Depends(_worker)]
"""The task that runs reviews."""


@router.post("", status_code=HTTPStatus.ACCEPTED)
def begin(body: ReviewRequest, view: Writing, running: Running) -> BegunShape:
    """Put questions to documents; the answer says what that should cost. It runs in the background."""
    view.require(body.collection)
    view.require_budget()
    begun = controlling.begin(
        view.services,
        view.tenant,
        body.collection,
        body.to_order(),
        name=body.name,
        key=view.caller.key,
        retry_failed=body.retry_failed,
        unattended=True,
    )
    view.touched.subject = begun.review.id
    running.wake()
    return BegunShape.begun(report(view.services.catalog, begun.review, cells=False), begun)


@router.post("/estimate", dependencies=[TAKES_LONG])
def estimate(body: ReviewRequest, view: Reading) -> EstimateShape:
    """What a new review should cost: nothing is asked, and nothing is kept. `max_usd` is not looked at."""
    view.require(body.collection)
    expected = controlling.estimate_cost(view.services, view.tenant, body.collection, body.to_order())
    return EstimateShape.model_validate(expected)


@router.post("/questions", openapi_extra=_QUESTIONS_FILE, dependencies=[TAKES_LONG])
async def questions(
    request: Request, _: Reading, name: Annotated[str, Query(min_length=1, max_length=200)]
) -> QuestionList:
    """The questions of a file, to begin a review with; what is wrong in it is named by row and column."""
    found = await run_in_threadpool(parse_questions, name, await request.body())
    return QuestionList.of(found)


@router.get("")
def reviews(
    view: Reading,
    collection: Annotated[str | None, Query(min_length=1, max_length=200)] = None,
    limit: Annotated[int, Query(ge=1, le=1_000)] = 100,
) -> ReviewList:
    """Reviews, the newest first."""
    catalog = view.services.catalog
    settle(catalog)
    found = view.reviews(collection, limit=limit)
    return ReviewList(reviews=[ReviewShape.of(report(catalog, review, cells=False)) for review in found])


@router.get("/{review_id}")
def review(
    review_id: str,
    view: Reading,
    cells: Annotated[bool, Query(description="False leaves the cells out: only how far it is.")] = True,
) -> ReviewDetails:
    """One review: how far it is, and its cells."""
    found = _report(view, review_id, cells=cells)
    return (
        ReviewDetails.with_cells(found) if cells else ReviewDetails(**dict(ReviewShape.of(found)), cells=[])
    )


@router.get(
    "/{review_id}/export",
    dependencies=[TAKES_LONG],
    response_class=Response,
    responses={200: {"content": _FILES}},
)
def export(
    review_id: str,
    view: Reading,
    request: Request,
    form: Annotated[Format, Query(alias="format", description="Of the file.")] = "xlsx",
) -> Response:
    """The review as a file: a workbook with three sheets, or a row for each cell, or what `GET` gives."""
    server = view.services.settings.public_url or str(request.base_url)
    content = encode(_report(view, review_id), form, server=server)
    headers = {"Content-Disposition": f'attachment; filename="review-{review_id}.{form}"'}
    return Response(content, media_type=MEDIA_TYPES[form], headers=headers)


@router.post("/{review_id}/resume", status_code=HTTPStatus.ACCEPTED)
def resume(review_id: str, body: ResumeRequest, view: Writing, running: Running) -> BegunShape:
    """Go on with a review that has ended: what is missing, what has changed and, if asked, what failed.

    The key that goes on with it pays from then on.
    """
    identity = view.review(review_id).id
    view.require_budget()
    begun = controlling.resume(
        view.services,
        view.tenant,
        identity,
        key=view.caller.key,
        max_usd=body.max_usd,
        retry_failed=body.retry_failed,
        unattended=True,
    )
    running.wake()
    return BegunShape.begun(report(view.services.catalog, begun.review, cells=False), begun)


@router.post("/{review_id}/cancel")
def cancel(review_id: str, view: Writing) -> ReviewShape:
    """Cancel a review that waits or runs: what is answered stays. One that has ended stays as it is."""
    stopped = controlling.cancel(view.services.catalog, view.tenant, view.review(review_id).id)
    return ReviewShape.of(report(view.services.catalog, stopped, cells=False))


@router.delete(
    "/{review_id}",
    response_model=ReviewShape,
    responses={204: {"description": "It had ended, and is forgotten with its cells."}},
)
def delete(review_id: str, view: Writing) -> ReviewShape | Response:
    """Cancel a review that waits or runs: what is answered stays. One that has ended is forgotten."""
    stopped = controlling.stop(view.services.catalog, view.tenant, view.review(review_id).id)
    if stopped is None:
        return Response(status_code=HTTPStatus.NO_CONTENT)
    return ReviewShape.of(report(view.services.catalog, stopped, cells=False))


def _report(view: View, identity: str, *, cells: bool = True) -> ReviewReport:
    settle(view.services.catalog)
    return report(view.services.catalog, view.review(identity), cells=cells)
