"""A whole answer as HTTP gives it; the command line prints the same with ``--json``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from pydantic import Field

from ingest.answerability import LEAST_CONFIDENCE
from service.http.place_shapes import Citation
from service.http.plan_shapes import Cost, Plan, Usage
from service.http.shapes import Response

if TYPE_CHECKING:
    from service.answers import Answer


class Claim(Response):
    """A sentence or list item of the answer."""

    start: int
    end: int
    substantive: bool
    supported: bool
    score: float
    citations: list[int]
    missing: list[str]


class QueryResponse(Response):
    """A checked answer."""

    id: str
    session_id: str
    answer: str
    llm_generated: bool
    model: str | None
    grounded: bool
    claims: list[Claim]
    citations: list[Citation]
    unresolved: list[str]
    usage: Usage
    cost: Cost
    plan: Plan
    timings_ms: dict[str, float]
    confidence: float | None = Field(
        default=None,
        description="Of extracts, how sure the search is, from 0 to 1, that there is an answer; below "
        f"{LEAST_CONFIDENCE} the answer says that there is none. Null where a model wrote the answer.",
    )
    html: str | None = Field(
        default=None,
        description="The answer as sanitised HTML, if it was asked for: citations are `a.citation`, what "
        "claims say `span.claim`, and after what is not supported stands an empty `span.verdict`.",
    )

    @classmethod
    def of(cls, answer: Answer, *, html: str | None = None) -> Self:
        """From the service's answer."""
        return cls(
            html=html,
            id=answer.id,
            session_id=answer.session,
            answer=answer.text,
            llm_generated=answer.llm_generated,
            model=answer.model,
            grounded=answer.grounded,
            claims=[Claim.model_validate(claim) for claim in answer.claims],
            citations=[Citation.of(placed) for placed in answer.citations],
            unresolved=list(answer.unresolved),
            usage=Usage.model_validate(answer.usage),
            cost=Cost.model_validate(answer.cost),
            plan=Plan.model_validate(answer.plan),
            timings_ms=dict(answer.timings_ms),
            confidence=None if answer.confidence is None else round(answer.confidence, 3),
        )
