"""The events of a streamed answer as HTTP gives them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from pydantic import Field

from service.http.place_shapes import Citation
from service.http.plan_shapes import Cost, Part, Plan, Usage
from service.http.responses import Claim, QueryResponse
from service.http.shapes import Response

if TYPE_CHECKING:
    from service.answers import PartRead, Planned


class PlanEvent(Response):
    """The first event of a stream."""

    id: str
    session_id: str
    plan: Plan

    @classmethod
    def of(cls, planned: Planned) -> Self:
        """From the service's event."""
        return cls(id=planned.id, session_id=planned.session, plan=Plan.model_validate(planned.plan))


class PartEvent(Part):
    """One more part of a map was read, or could not be; they come in no order."""

    of: int = Field(description="Parts in all.")

    @classmethod
    def of_part(cls, read: PartRead) -> Self:
        """From the service's event."""
        return cls(**Part.model_validate(read.part).model_dump(), of=read.of)


class TextEvent(Response):
    """A piece of the answer, or of the model's thinking."""

    text: str


class Reasoning(TextEvent):
    """A piece of the model's thinking."""


class Delta(TextEvent):
    """A piece of the answer."""


class StepEvent(Response):
    """A call of an agent has been carried out."""

    step: int = Field(description="From 1; calls that the model made at once share it.")
    tool: str
    arguments: str = Field(description="JSON as the model wrote it, shortened.")
    results: int = Field(description="Passages or documents.")
    error: str | None = Field(description="Why it brought nothing.")


class BlockEvent(Response):
    """A part of the answer as it will stay: a paragraph, a list, a table."""

    start: int = Field(description="Code points of the answer.")
    end: int
    html: str = Field(description="Sanitised.")


class UsageEvent(Response):
    """What the answer took."""

    usage: Usage
    cost: Cost


StreamEvent = (
    PlanEvent
    | PartEvent
    | StepEvent
    | Reasoning
    | Delta
    | Citation
    | Claim
    | BlockEvent
    | UsageEvent
    | QueryResponse
)
"""What a streamed answer consists of; the whole of it comes last."""
