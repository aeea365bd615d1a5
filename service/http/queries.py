"""``/v1/query`` and ``/v1/search``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import APIRouter, Request, Response
from fastapi.responses import StreamingResponse
from starlette.concurrency import run_in_threadpool

from service.cancelling import in_thread
from service.http import event_schemas, events
from service.http.access import Reading
from service.http.leaving import unless_left
from service.http.place_shapes import Hit, SearchResponse
from service.http.requests import QueryRequest, SearchRequest
from service.http.responses import QueryResponse
from service.http.turns import TAKES_LONG
from service.rendering.answers import AnswerHtml, html_of

if TYPE_CHECKING:
    from service.access.view import View

router = APIRouter(tags=["questions"])


@router.post(
    "/query",
    response_model=QueryResponse,
    responses={
        200: {"content": {events.MEDIA_TYPE: {"schema": event_schemas.described(event_schemas.EVENTS)}}}
    },
)
async def query(request: QueryRequest, view: Reading, http: Request) -> QueryResponse | Response:
    """Answer a question; every claim is cited and checked. With ``stream``, as server-sent events."""
    answerer = view.services.answerer
    admitted = await run_in_threadpool(view.admit, request.to_query(view.tenant))
    prepared = await unless_left(http, answerer.prepare(admitted))
    if isinstance(prepared, Response):
        return prepared
    view.touched.subject = prepared.id
    if request.stream:
        rendered = AnswerHtml() if request.html else None
        frames = events.encode(answerer.stream(prepared), http.scope["state"], rendered)
        return StreamingResponse(frames, media_type=events.MEDIA_TYPE, headers=events.HEADERS)
    answer = await unless_left(http, answerer.answer(prepared))
    if isinstance(answer, Response):
        return answer
    return QueryResponse.of(answer, html=html_of(answer) if request.html else None)


@router.post("/search", response_model=SearchResponse, dependencies=[TAKES_LONG])
async def search(request: SearchRequest, view: Reading, http: Request) -> SearchResponse | Response:
    """Find places, best first."""
    # A turn is a thread's: it ends no sooner, though the client may leave before.
    searching = in_thread(http.app.state.turns.threads, lambda: _found(request, view), outlast=True)
    return await unless_left(http, searching)


def _found(request: SearchRequest, view: View) -> SearchResponse:
    collection, services = view.collection(request.collection), view.services
    chosen = services.library.chosen(collection, request.documents) if request.documents else None
    hits = services.searcher.search(
        collection, request.query, documents=chosen, limit=request.top_k, key=view.caller.key
    )
    return SearchResponse(hits=[Hit.of(hit) for hit in hits])
