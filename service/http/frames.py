"""An answer's events as the frames of a stream: a name and a body each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from service.answers import Cited, Judged, Planned, Reasoned, Stepped, Written
from service.http.responses import (
    Citation,
    Claim,
    Cost,
    PlanEvent,
    QueryResponse,
    StepEvent,
    TextEvent,
    Usage,
    UsageEvent,
)

if TYPE_CHECKING:
    from pydantic import BaseModel

    from service.answers import AnswerEvent


def bodies(event: AnswerEvent) -> list[tuple[str, BaseModel]]:
    """``plan, reasoning, step, delta, citation, claim, usage, done``; the last two tell the same event."""
    match event:
        case Planned():
            return [("plan", PlanEvent.of(event))]
        case Stepped():
            return [("step", StepEvent.model_validate(event))]
        case Reasoned() | Written():
            name = "reasoning" if isinstance(event, Reasoned) else "delta"
            return [(name, TextEvent(text=event.text))]
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
