"""``/v1/chat/completions`` and ``/v1/models``, as OpenAI's clients know them."""

from __future__ import annotations

from contextlib import aclosing
from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, Request, Response
from starlette.concurrency import run_in_threadpool

from prompts.chores import recognise_chore
from service.answers import Done, Reasoned
from service.http import event_schemas
from service.http.access import Reading
from service.http.chat.conversation import read_messages
from service.http.chat.errors import ChatError
from service.http.chat.naming import model_id
from service.http.chat.reading import find_model, read_model, read_query, refuse_unsupported, wanted_tokens
from service.http.chat.requests import ChatRequest
from service.http.chat.responses import ChatCompletion, Model, ModelList
from service.http.chat.streaming import ChatStream
from service.http.chat.writing import Manner, chore_chunks, chunks, complete, complete_chore
from service.http.events import MEDIA_TYPE
from service.http.leaving import unless_left
from service.http.problems import STATUSES, headers_of

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from service.access.view import View
    from service.answers import AnswerEvent

router = APIRouter(tags=["chat clients"])
_ERRORS: dict[int | str, dict[str, Any]] = {
    status: {
        **headers_of(status),
        "description": "Every error of this route has this shape.",
        "model": ChatError,
    }
    for status in STATUSES
}


@router.post(
    "/chat/completions",
    response_model=ChatCompletion,
    responses={**_ERRORS, 200: {"content": {MEDIA_TYPE: {"schema": event_schemas.described_chunks()}}}},
)
async def chat_completions(body: ChatRequest, request: Request, view: Reading) -> Response | ChatCompletion:
    """Answer as an OpenAI-compatible model: whole or, with `stream`, in chunks.

    A history that was held here is recognised, and its prompt goes on. Titles, tags and the like, which chat
    clients ask for on their own account, are neither searched for nor kept.
    """
    refuse_unsupported(body)
    services = view.services
    asked = read_model(body, await _names(view))
    said = read_messages(body.messages)
    manner = Manner(
        body.model,
        services.settings.public_url or str(request.base_url),
        asked.options.citations or "annotations",
        usage=bool(body.stream_options and body.stream_options.include_usage),
    )
    view.touched.collection = asked.name.collection
    chore = recognise_chore([(one.role, one.text) for one in said])
    if chore is not None:
        asking = services.chores.reply(
            chore,
            [(one.role, one.text) for one in said],
            tenant=view.tenant,
            collection=asked.name.collection,
            key=view.caller.key,
            max_tokens=wanted_tokens(body),
        )
        reply = await unless_left(request, asking)
        if isinstance(reply, Response):
            return reply
        return ChatStream(chore_chunks(reply, manner)) if body.stream else complete_chore(reply, manner)
    query = await run_in_threadpool(view.admit, read_query(body, said, asked, view.tenant))
    prepared = await unless_left(request, services.answerer.prepare(query))
    if isinstance(prepared, Response):
        return prepared
    view.touched.subject = prepared.id
    events = services.answerer.stream(prepared)
    if body.stream:
        return ChatStream(chunks(events, manner))
    return await unless_left(request, _whole(events, manner))


@router.get("/models", responses=_ERRORS)
def models(view: Reading) -> ModelList:
    """A model for each collection."""
    records = view.collections()
    return ModelList(data=[_model(model_id(one.name), one.created_at.timestamp()) for one in records])


@router.get("/models/{model:path}", responses=_ERRORS)
def model(model: str, view: Reading) -> Model:
    """One model, under the id that was asked for: with options after its name it is one, too."""
    records = {record.name: record for record in view.collections()}
    found = find_model(model, records)
    return _model(model, records[found.collection].created_at.timestamp())


async def _names(view: View) -> set[str]:
    records = await run_in_threadpool(view.collections)
    return {record.name for record in records}


async def _whole(events: AsyncGenerator[AnswerEvent, None], manner: Manner) -> ChatCompletion:
    reasoning: list[str] = []
    async with aclosing(events):
        async for event in events:
            if isinstance(event, Reasoned):
                reasoning.append(event.text)
            if isinstance(event, Done):
                return complete(event.answer, manner, "".join(reasoning))
    raise AssertionError("a stream ends with Done")


def _model(identity: str, created: float) -> Model:
    return Model(id=identity, created=int(created))
