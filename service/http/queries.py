"""``/v1/query`` and ``/v1/search``."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import StreamingResponse

from service.http import events
from service.http.access import TENANT, Wired
from service.http.requests import QueryRequest, SearchRequest
from service.http.responses import Hit, QueryResponse, SearchResponse
from service.rendering.answers import AnswerHtml, html_of

router = APIRouter(tags=["questions"])


@router.post(
    "/query",
    response_model=QueryResponse,
    responses={200: {"content": {events.MEDIA_TYPE: {"schema": {"type": "string"}}}}},
)
async def query(request: QueryRequest, services: Wired) -> QueryResponse | StreamingResponse:
    """Answer a question; every claim is cited and checked. With ``stream``, as server-sent events."""
    prepared = await services.answerer.prepare(request.to_query(TENANT))
    if request.stream:
        rendered = AnswerHtml() if request.html else None
        frames = events.encode(services.answerer.stream(prepared), rendered)
        return StreamingResponse(frames, media_type=events.MEDIA_TYPE, headers=events.HEADERS)
    answer = await services.answerer.answer(prepared)
    return QueryResponse.of(answer, html=html_of(answer) if request.html else None)


@router.post("/search")
def search(request: SearchRequest, services: Wired) -> SearchResponse:
    """Find places, best first."""
    collection = services.library.collection(TENANT, request.collection)
    chosen = services.library.numbers(collection, request.documents) if request.documents else None
    hits = services.searcher.search(collection, request.query, documents=chosen, limit=request.top_k)
    return SearchResponse(hits=[Hit.of(hit) for hit in hits])
