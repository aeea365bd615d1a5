"""Server-sent events: an answer as it comes into being."""

from __future__ import annotations

from contextlib import aclosing
from typing import TYPE_CHECKING

from service.http.failing import FAILED, log_failure
from service.http.frames import bodies
from service.http.problems import problem_of

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, MutableMapping
    from typing import Any

    from pydantic import BaseModel

    from service.answers import AnswerEvent
    from service.http.shapes import Problem
    from service.rendering.answers import AnswerHtml

MEDIA_TYPE = "text/event-stream"
HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
"""A proxy must neither keep a stream nor hold it back."""


async def encode(
    events: AsyncGenerator[AnswerEvent, None], state: MutableMapping[str, Any], html: AnswerHtml | None = None
) -> AsyncGenerator[str, None]:
    """The frames of an answer; ``error`` in the place of the rest where it fails.

    Args:
        events: of the answer.
        state: of the request.
        html: renders the answer, if that is wanted.
    """
    try:
        async with aclosing(events):
            async for event in events:
                for name, body in bodies(event, html):
                    yield frame(name, body)
    except Exception as error:  # noqa: BLE001 — an edge: the status has been sent, the stream must say how it ends
        yield frame("error", broken_off(error, state))


def broken_off(error: Exception, state: MutableMapping[str, Any]) -> Problem:
    """What the last frame of a stream tells; it is logged, and the request's state says it from now on."""
    problem = problem_of(error)
    log_failure(error, problem.status)
    state[FAILED] = problem.status
    return problem


def frame(name: str, body: BaseModel) -> str:
    """One event."""
    return f"event: {name}\ndata: {body.model_dump_json(exclude_none=name == 'error')}\n\n"
