"""An answer's events as the frames of a stream: a name and a body each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from service.answers import Cited, Done, Judged, PartRead, Planned, Reasoned, Stepped, Written
from service.http.event_shapes import (
    BlockEvent,
    Delta,
    PartEvent,
    PlanEvent,
    Reasoning,
    StepEvent,
    UsageEvent,
)
from service.http.place_shapes import Citation
from service.http.plan_shapes import Cost, Usage
from service.http.responses import Claim, QueryResponse

if TYPE_CHECKING:
    from service.answers import AnswerEvent
    from service.http.event_shapes import StreamEvent
    from service.rendering.answers import AnswerHtml


def bodies(event: AnswerEvent, html: AnswerHtml | None = None) -> list[tuple[str, StreamEvent]]:
    """``plan, part, reasoning, step, delta, citation, claim, block, usage, done``.

    An event may be told by several frames; with ``html`` those follow that make parts of the answer complete.
    """
    if html is None:
        return _told(event)
    blocks = [("block", BlockEvent.model_validate(block)) for block in html.feed(event)]
    if isinstance(event, Done):
        return [*blocks, *_told(event, html.html)]
    return [*_told(event), *blocks]


def _told(event: AnswerEvent, html: str | None = None) -> list[tuple[str, StreamEvent]]:
    match event:
        case Planned():
            return [("plan", PlanEvent.of(event))]
        case PartRead() | Stepped():
            return [_progress(event)]
        case Reasoned() | Written():
            return [_text(event)]
        case Cited():
            return [("citation", Citation.of(event.citation))]
        case Judged():
            return [("claim", Claim.model_validate(event.claim))]
        case _:
            answer = event.answer
            usage = UsageEvent(
                usage=Usage.model_validate(answer.usage), cost=Cost.model_validate(answer.cost)
            )
            return [("usage", usage), ("done", QueryResponse.of(answer, html=html))]


def _progress(event: PartRead | Stepped) -> tuple[str, StreamEvent]:
    if isinstance(event, PartRead):
        return "part", PartEvent.of_part(event)
    return "step", StepEvent.model_validate(event)


def _text(event: Reasoned | Written) -> tuple[str, StreamEvent]:
    if isinstance(event, Written):
        return "delta", Delta(text=event.text)
    return "reasoning", Reasoning(text=event.text)
