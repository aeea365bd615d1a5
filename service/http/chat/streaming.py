"""Streams that fail as requests do until the model has begun, and by a frame of their own after that."""

from __future__ import annotations

from contextlib import aclosing
from typing import TYPE_CHECKING, Any

from fastapi.responses import StreamingResponse

from service.http import events
from service.http.chat.errors import chat_error
from service.http.problems import answer_to

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, MutableMapping

    from starlette.types import Receive, Scope, Send


class ChatStream(StreamingResponse):
    """A stream that sends its status with the first frame: what fails before has the status of its error.

    So the SDK raises what it would have raised without a stream, and asks again where that helps.
    """

    def __init__(self, frames: AsyncGenerator[str, None]) -> None:
        super().__init__(frames, media_type=events.MEDIA_TYPE, headers=events.HEADERS)
        self._frames = frames

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """As `StreamingResponse`."""
        self._scope, self._receive = scope, receive
        await super().__call__(scope, receive, send)

    async def stream_response(self, send: Send) -> None:
        """Wait for the first frame, then send what comes."""
        async with aclosing(self._frames) as frames:
            try:
                first = await anext(frames)
            except Exception as error:  # noqa: BLE001 — an edge: nothing has been sent, the error is the answer
                await answer_to(error, self._scope["path"])(self._scope, self._receive, send)
                return
            self.body_iterator = _to_the_end(first, frames, self._scope["state"])
            await super().stream_response(send)


async def _to_the_end(
    first: str, frames: AsyncGenerator[str, None], state: MutableMapping[str, Any]
) -> AsyncGenerator[str, None]:
    yield first
    try:
        async for frame in frames:
            yield frame
    except Exception as error:  # noqa: BLE001 — an edge: the status has been sent, the stream must say how it ends
        problem = events.broken_off(error, state)
        yield f"data: {chat_error(problem, error).model_dump_json()}\n\n"
