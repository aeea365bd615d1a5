"""One question on its way to its answer, shown as it comes."""

from __future__ import annotations

from contextlib import aclosing
from http import HTTPStatus
from typing import TYPE_CHECKING, Protocol

from service.bots.replying import partly, reply_of
from service.bots.styled import Styled, marked, plain
from service.client import ServerRefused
from service.http.event_shapes import Delta, PartEvent, StepEvent
from service.http.requests import QueryRequest
from service.http.responses import QueryResponse

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from service.bots.posting import Posting
    from service.bots.threads import Thread
    from service.http.event_shapes import StreamEvent

BEGUN_ANEW = "The earlier conversation is gone (a document in it was deleted); this begins a new one."
NOT_WHOLE = "This answer is not whole and was not checked."
_ENDED = frozenset({HTTPStatus.NOT_FOUND, HTTPStatus.GONE})


class Streaming(Protocol):
    """What it needs of `service.client.AsyncClient`."""

    def stream(self, request: QueryRequest) -> AsyncGenerator[StreamEvent, None]:
        """The answer as it comes, the whole of it last."""
        ...


class Asking:
    """Asks once, and shows on ``posting`` what has arrived."""

    def __init__(self, client: Streaming, posting: Posting) -> None:
        self._client = client
        self._posting = posting
        self._text = ""
        self._parts = 0
        self._note = Styled()
        self._whole: Styled | None = None

    async def ask(self, question: str, thread: Thread) -> QueryResponse:
        """The checked answer; in a new conversation where the thread's own is gone.

        Raises:
            ServerRefused, ServerUnreachable: there is none.
        """
        request = QueryRequest(question=question, collection=thread.collection, session_id=thread.session)
        try:
            return await self._stream(request)
        except ServerRefused as error:
            if thread.session is None or error.problem.status not in _ENDED:
                raise
        self._text, self._note = "", marked(BEGUN_ANEW, "italic") + plain("\n\n")
        return await self._stream(request.model_copy(update={"session_id": None}))

    def told(self, answer: QueryResponse, server: str) -> Styled:
        """What is shown of it in the end; ``server`` as in `reply_of`."""
        self._whole = self._note + reply_of(answer, server)
        return self._whole

    def broken(self, why: str) -> Styled:
        """What is shown where it ends before that: all there is, and why there is no more."""
        if self._whole is not None:
            return self._whole
        if not self._text.strip():
            return plain(why)
        return partly(self._text) + plain("\n\n") + marked(f"{NOT_WHOLE} {why}", "italic")

    async def _stream(self, request: QueryRequest) -> QueryResponse:
        async with aclosing(self._client.stream(request)) as events:
            async for event in events:
                if isinstance(event, QueryResponse):
                    return event
                await self._show(event)
        raise AssertionError("a stream ends with the answer or an error")

    async def _show(self, event: StreamEvent) -> None:
        match event:
            case Delta():
                self._text += event.text
                if self._text.strip():
                    await self._posting.show(partly(self._text))
            case PartEvent():
                self._parts += 1
                await self._tell(f"Read {self._parts} of {event.of} parts …")
            case StepEvent():
                await self._tell(f"Step {event.step}: {event.tool} …")
            case _:
                pass

    async def _tell(self, words: str) -> None:
        if not self._text:
            await self._posting.show(marked(words, "italic"))
