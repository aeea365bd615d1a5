"""Answers and searches in this process, told as a server would tell them."""

from __future__ import annotations

import asyncio
from contextlib import contextmanager
from typing import TYPE_CHECKING

from ingest.errors import PermanentError
from prompts.plan_request import PromptTooLongError
from service.commands.auditing import opened
from service.http.frames import bodies
from service.http.place_shapes import Hit, SearchResponse
from service.http.warm_shapes import WarmResponse
from service.models.errors import ModelUnreachable

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Generator, Iterable, Iterator

    from service.answers import AnswerEvent
    from service.http.event_shapes import StreamEvent
    from service.http.requests import QueryRequest, SearchRequest
    from service.http.warm_shapes import WarmRequest
    from service.services import Services
    from service.settings import Settings


class QuestionTooLong(PermanentError):
    """What was asked does not fit the model's context."""


def events(settings: Settings, request: QueryRequest) -> Iterator[StreamEvent]:
    """The events of an answer, the whole of it last.

    Raises:
        LecternError: whatever a server would have answered as a problem.
    """
    with opened(settings) as services, running(services) as runner:
        try:
            yield from answer_events(services, runner, request)
        except ModelUnreachable as error:
            if not error.host:
                raise
            raise ModelUnreachable(
                f"{error.host} cannot be reached, see setting llm_base_url: {error}"
            ) from error


@contextmanager
def running(services: Services) -> Generator[asyncio.Runner]:
    """An event loop for several answers: a model's connections belong to the loop that made them."""
    with asyncio.Runner() as runner:
        try:
            yield runner
        finally:
            runner.run(services.close_model())


def answer_events(services: Services, runner: asyncio.Runner, request: QueryRequest) -> Iterator[StreamEvent]:
    """As `events`, with services and a loop that are there already."""
    answering = _answer(services, request)
    try:
        while (event := runner.run(anext(answering, None))) is not None:
            yield from (body for _, body in bodies(event))
    finally:
        runner.run(answering.aclose())


def search(settings: Settings, request: SearchRequest) -> SearchResponse:
    """Places, best first.

    Raises:
        LecternError: whatever a server would have answered as a problem.
    """
    with opened(settings) as services:
        record = services.library.collection(services.settings.tenant, request.collection)
        chosen = services.library.chosen(record, request.documents) if request.documents else None
        hits = services.searcher.search(record, request.query, documents=chosen, limit=request.top_k)
    return SearchResponse(hits=[Hit.of(hit) for hit in hits])


def warmings(settings: Settings, collection: str, requests: Iterable[WarmRequest]) -> Iterator[WarmResponse]:
    """What comes of sending the beginning of a collection's prompts, or of asking what that would cost.

    Raises:
        LecternError: whatever a server would have answered as a problem.
    """
    with opened(settings) as services, running(services) as runner:
        for request in requests:
            query = request.to_query(services.settings.tenant, collection)
            try:
                warming = services.warmer.plan(query, request.max_usd)
            except PromptTooLongError as error:
                raise QuestionTooLong(str(error)) from error
            warmed = None if request.estimate_only else runner.run(services.warmer.warm(warming))
            yield WarmResponse.of(warming, warmed)


async def _answer(services: Services, request: QueryRequest) -> AsyncGenerator[AnswerEvent, None]:
    try:
        prepared = await services.answerer.prepare(request.to_query(services.settings.tenant))
    except PromptTooLongError as error:
        raise QuestionTooLong(str(error)) from error
    async for event in services.answerer.stream(prepared):
        yield event
