"""An answer's events as the frames of a stream: a name and a body each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from service.answers import Cited, Judged, PartRead, Planned, Reasoned, Stepped, Written
from service.http.responses import (
    Citation,
    Claim,
    Cost,
    Delta,
    PartEvent,
    PlanEvent,
    QueryResponse,
    Reasoning,
    StepEvent,
    Usage,
    UsageEvent,
)

if TYPE_CHECKING:
    from service.answers import AnswerEvent
    from service.http.responses import StreamEvent


def bodies(event: AnswerEvent) -> list[tuple[str, StreamEvent]]:
    """``plan, part, reasoning, step, delta, citation, claim, usage, done``; the last two tell one event."""
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
            return [("usage", usage), ("done", QueryResponse.of(answer))]


def _progress(event: PartRead | Stepped) -> tuple[str, StreamEvent]:
    if isinstance(event, PartRead):
        return "part", PartEvent.of_part(event)
    return "step", StepEvent.model_validate(event)


def _text(event: Reasoned | Written) -> tuple[str, StreamEvent]:
    if isinstance(event, Written):
        return "delta", Delta(text=event.text)
    return "reasoning", Reasoning(text=event.text)
