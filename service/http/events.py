"""Server-sent events: an answer as it comes into being."""

from __future__ import annotations

import logging
from contextlib import aclosing
from http import HTTPStatus
from typing import TYPE_CHECKING

from service.http.frames import bodies
from service.http.problems import problem_of

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from pydantic import BaseModel

    from service.answers import AnswerEvent
    from service.rendering.answers import AnswerHtml

MEDIA_TYPE = "text/event-stream"
HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
"""A proxy must neither keep a stream nor hold it back."""
_log = logging.getLogger(__name__)


async def encode(
    events: AsyncGenerator[AnswerEvent, None], html: AnswerHtml | None = None
) -> AsyncGenerator[str, None]:
    """The frames of an answer; ``error`` in the place of the rest where it fails.

    Args:
        events: of the answer.
        html: renders the answer, if that is wanted.
    """
    try:
        async with aclosing(events):
            async for event in events:
                for name, body in bodies(event, html):
                    yield frame(name, body)
    except Exception as error:  # noqa: BLE001 — an edge: the status has been sent, the stream must say how it ends
        problem = problem_of(error)
        if problem.status == HTTPStatus.INTERNAL_SERVER_ERROR:
            _log.exception("a stream broke off")
        yield frame("error", problem)


def frame(name: str, body: BaseModel) -> str:
    """One event."""
    return f"event: {name}\ndata: {body.model_dump_json(exclude_none=name == 'error')}\n\n"
