"""``/v1/query`` and ``/v1/search``."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response
from fastapi.responses import StreamingResponse

from service.http import events
from service.http.access import TENANT, Wired
from service.http.leaving import unless_left
from service.http.requests import QueryRequest, SearchRequest
from service.http.responses import Hit, QueryResponse, SearchResponse
from service.rendering.answers import AnswerHtml, html_of

router = APIRouter(tags=["questions"])


@router.post(
    "/query",
    response_model=QueryResponse,
    responses={200: {"content": {events.MEDIA_TYPE: {"schema": {"type": "string"}}}}},
)
async def query(body: QueryRequest, request: Request, services: Wired) -> QueryResponse | Response:
    """Answer a question; every claim is cited and checked. With ``stream``, as server-sent events."""
    prepared = await services.answerer.prepare(body.to_query(TENANT))
    if body.stream:
        rendered = AnswerHtml() if body.html else None
        frames = events.encode(services.answerer.stream(prepared), rendered)
        return StreamingResponse(frames, media_type=events.MEDIA_TYPE, headers=events.HEADERS)
    answer = await unless_left(request, services.answerer.answer(prepared))
    if isinstance(answer, Response):
        return answer
    return QueryResponse.of(answer, html=html_of(answer) if body.html else None)


@router.post("/search")
def search(request: SearchRequest, services: Wired) -> SearchResponse:
    """Find places, best first."""
    collection = services.library.collection(TENANT, request.collection)
    chosen = services.library.numbers(collection, request.documents) if request.documents else None
    hits = services.searcher.search(collection, request.query, documents=chosen, limit=request.top_k)
    return SearchResponse(hits=[Hit.of(hit) for hit in hits])
