"""The shapes of pinning and warming."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Self

from pydantic import Field

from service.answers import Query
from service.http.plan_shapes import Segment, Usage
from service.http.requests import Documents, Name, Request
from service.http.shapes import Response

if TYPE_CHECKING:
    from service.warming import Warmed, Warming


class PinnedRequest(Request):
    """The documents that every prompt of a collection reads whole, in place of those before."""

    documents: Annotated[list[Name], Field(max_length=1_000)] = Field(description="Ids; none unpins all.")


class WarmRequest(Request):
    """What the provider's cache is to hold before anybody asks."""

    documents: Documents | None = Field(
        default=None,
        description="Ids, paths or patterns of paths: what questions about the whole of exactly these "
        "documents begin with. Without them, what every question to the collection begins with.",
    )
    model: Name | None = None
    max_usd: float | None = Field(
        default=None, ge=0, description="Dollars; what should cost more is refused."
    )
    estimate_only: bool = Field(default=False, description="Send nothing: only say what it should cost.")

    def to_query(self, tenant: str, collection: str) -> Query:
        """A question without words, whose prompt is all beginning."""
        documents = tuple(self.documents) if self.documents else None
        mode = "pin" if documents else "auto"
        return Query("", collection, tenant, mode=mode, documents=documents, model=self.model)


class WarmResponse(Response):
    """What was sent, or would be."""

    id: str
    model: str
    segments: list[Segment]
    warnings: list[str]
    tokens: int = Field(description="Of the prompt, estimated.")
    cached_tokens: int = Field(description="Of these, what the cache should have held already.")
    sends: int = Field(description="Times that the provider must read it before its cache holds it.")
    expected_usd: float | None = Field(description="Null where the model's price is not known.")
    sent: int = 0
    held_before: int = Field(
        default=0, description="Tokens that the cache held already, by the provider's word."
    )
    usage: Usage | None = Field(default=None, description="Of all that was sent; null where nothing was.")
    usd: float | None = Field(default=None, description="What it cost; null where nobody knows.")

    @classmethod
    def of(cls, warming: Warming, warmed: Warmed | None = None) -> Self:
        """From what was planned and, where it was sent, what came of it."""
        summary = warming.summary
        return cls(
            id=warming.id,
            model=warming.model,
            segments=[Segment.model_validate(segment) for segment in summary.segments],
            warnings=list(summary.warnings),
            tokens=summary.tokens,
            cached_tokens=summary.cached_tokens,
            sends=warming.sends,
            expected_usd=warming.usd,
            sent=warmed.sent if warmed else 0,
            held_before=warmed.held_before if warmed else 0,
            usage=Usage.model_validate(warmed.usage) if warmed else None,
            usd=warmed.cost.usd if warmed else None,
        )
