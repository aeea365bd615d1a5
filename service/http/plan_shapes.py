"""Plans as HTTP gives them, with what calls of models take."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from service.http.place_shapes import Context
from service.http.shapes import Response


class Usage(Response):
    """Tokens; the predicted ones were said before the call."""

    prompt_tokens: int
    cached_tokens: int
    predicted_cached_tokens: int
    completion_tokens: int
    reasoning_tokens: int


class Cost(Response):
    """Dollars; null where the model's price is not known."""

    usd: float | None
    saved_usd: float | None
    cached_ratio: float
    alternatives: dict[str, float]


class SideCall(Response):
    """A call of a model on the way to an answer; the answer's usage and cost include it."""

    purpose: Literal["rewrite", "rerank", "part", "step"]
    model: str
    usage: Usage
    usd: float | None = Field(description="Dollars; null where the model's price is not known.")


class Segment(Response):
    """A block of the prompt."""

    name: str
    stability: str
    tokens: int
    cached_tokens: int
    fingerprint: str


class Part(Response):
    """A part of the documents that a map reads, and what came of it."""

    number: int = Field(description="From 1 on.")
    documents: int = Field(description="Documents that it holds, or holds a stretch of.")
    first: str = Field(description="Marker of its first passage.")
    last: str
    tokens: int
    cached_tokens: int = Field(description="Foretold.")
    outcome: Literal["waiting", "found", "nothing", "failed"]
    findings: int
    dropped: int = Field(description="Findings that could not be proven; the answer does not use them.")
    detail: str = Field(description="Why it failed, or that its report was cut short.")


class Plan(Response):
    """What was read and why."""

    mode: Literal["pin", "retrieve", "map", "agent", "extract"]
    reason: str
    segments: list[Segment]
    left_out: list[str]
    searched: str | None = Field(
        default=None,
        description="What was searched for in place of a follow-up that was rewritten; the model reads the "
        "question as it was asked.",
    )
    side_calls: list[SideCall] = Field(
        default=[],
        description="Calls of a model before the answer's own: rewriting, reranking, parts of a map, steps "
        "of an agent.",
    )
    warnings: list[str] = Field(
        default=[],
        description="What should have helped and failed, or was left out; the answer does without it.",
    )
    context: list[Context] = Field(description="Passages read beside those found, and why.")
    tokens: int = Field(default=0, description="Of the whole prompt, estimated.")
    cached_tokens: int = Field(default=0, description="Of these, what the provider's cache should serve.")
    parts: list[Part] = Field(default=[], description="Of a map, as far as they have been read.")
    withheld_from: str | None = Field(
        default=None,
        description="The provider that the collection's egress keeps its text from: why the answer is an "
        "extract although a model is configured.",
    )
