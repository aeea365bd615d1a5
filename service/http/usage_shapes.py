"""The shapes of the ledger: what calls took, and why the cache served what it did."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING, Self

from pydantic import Field

from ingest.catalog.call_records import UsageKey
from service.explaining import CacheKind, DifferenceKind
from service.http.shapes import Response

if TYPE_CHECKING:
    from ingest.catalog.call_records import CallRecord, UsageRow
    from service.explaining import Explanation
    from service.ledger import Used


class UsageTotals(Response):
    """What calls took together; tokens are those of the calls that the provider has counted."""

    answers: int = Field(description="That came to their end.")
    calls: int = Field(description="Of models: the answers' own and those on the way to them.")
    failed: int = Field(description="Of the calls, those that failed or were left before their end.")
    unpriced: int = Field(
        description="Of the calls, those that `usd` lacks: no price is known, or they ended uncounted."
    )
    planned_tokens: int = Field(description="Of all prompts, failed ones too, as they were estimated.")
    prompt_tokens: int
    cached_tokens: int
    predicted_cached_tokens: int
    completion_tokens: int
    reasoning_tokens: int
    usd: float | None = Field(description="Dollars; null where the cost of no call is known.")
    saved_usd: float | None = Field(description="What the cached tokens would have cost more.")
    cached_ratio: float = Field(description="Of the prompt tokens.")
    median_milliseconds: float | None = Field(
        description="Half of the answers' own calls took no longer; null where none came to its end."
    )
    slow_milliseconds: float | None = Field(description="Likewise, 95 in a hundred.")


class UsageGroup(UsageTotals):
    """What the calls of one day, collection, key or model took; the other three are null."""

    day: date | None = Field(default=None, description="In UTC.")
    collection: str | None = None
    key: str | None = Field(default=None, description="Label of the access key; empty where there is one.")
    model: str | None = None


class UsageList(Response):
    """Rows in order of day or name, and their sum."""

    by: UsageKey
    rows: list[UsageGroup]
    total: UsageTotals

    @classmethod
    def of(cls, by: UsageKey, used: Used) -> Self:
        """From the ledger's rows."""
        groups = [UsageGroup.model_validate({by: row.group, **_figures(row)}) for row in used.rows]
        return cls(by=by, rows=groups, total=UsageTotals.model_validate(_figures(used.total)))


class ExplainedSegment(Response):
    """A block of the prompt, as the ledger keeps it."""

    name: str
    stability: str
    tokens: int
    cached_tokens: int = Field(description="That were expected in the provider's cache.")
    fingerprint: str
    documents: list[int] = Field(description="Whose passages it shows: the 7 of `[D7:31]`.")
    same: bool = Field(description="Whether the request that it is compared with began with it, too.")


class ExplainedCall(Response):
    """A call of a model."""

    purpose: str
    provider: str
    model: str
    mode: str
    created_at: datetime
    milliseconds: float
    outcome: str = Field(description="`ok`, `cancelled`, or an error's name.")
    planned_tokens: int
    predicted_cached_tokens: int
    prompt_tokens: int
    cached_tokens: int
    completion_tokens: int
    reasoning_tokens: int
    usd: float | None
    saved_usd: float | None


class ComparedRequest(Response):
    """The request before: of the same session, else of the same collection, provider and model."""

    id: str
    created_at: datetime
    same_session: bool


class ExplainedDifference(Response):
    """Where the prompt parts from the one before."""

    kind: DifferenceKind
    block: str | None
    why: str


class ExplainedCache(Response):
    """What the provider's cache served, against what the same beginning lets expect."""

    kind: CacheKind
    why: str
    expected_tokens: int


class ExplanationShape(Response):
    """Of what an answer's prompt was made, what the cache served, what it cost, and why."""

    id: str
    session_id: str
    collection: str
    reason: str | None = Field(description="Of the plan; null once the details are gone.")
    segments: list[ExplainedSegment]
    call: ExplainedCall = Field(description="The answer's own.")
    calls: list[ExplainedCall] = Field(description="All that the answer took, the earliest first.")
    usd: float | None = Field(description="Of all of them; null where the cost of one is not known.")
    saved_usd: float | None
    compared_with: ComparedRequest | None
    difference: ExplainedDifference
    cache: ExplainedCache

    @classmethod
    def of(cls, found: Explanation) -> Self:
        """From the ledger's explanation."""
        call, plan = found.call, found.call.plan
        return cls(
            id=call.answer,
            session_id=call.session,
            collection=call.collection,
            reason=plan.reason if plan else None,
            segments=_segments(found),
            call=ExplainedCall.model_validate(call),
            calls=[ExplainedCall.model_validate(one) for one in found.calls],
            usd=_sum([one.usd for one in found.calls]),
            saved_usd=_sum([one.saved_usd for one in found.calls]),
            compared_with=_compared(call, found.earlier),
            difference=ExplainedDifference.model_validate(found.difference),
            cache=ExplainedCache.model_validate(found.cache),
        )


def _segments(found: Explanation) -> list[ExplainedSegment]:
    segments = found.call.plan.segments if found.call.plan else ()
    return [
        ExplainedSegment(
            name=segment.name,
            stability=segment.stability,
            tokens=segment.tokens,
            cached_tokens=segment.cached_tokens,
            fingerprint=segment.fingerprint,
            documents=list(segment.documents),
            same=place < found.difference.shared,
        )
        for place, segment in enumerate(segments)
    ]


def _compared(call: CallRecord, earlier: CallRecord | None) -> ComparedRequest | None:
    if earlier is None:
        return None
    same = bool(call.session) and call.session == earlier.session
    return ComparedRequest(id=earlier.answer, created_at=earlier.created_at, same_session=same)


def _sum(dollars: list[float | None]) -> float | None:
    known = [one for one in dollars if one is not None]
    return sum(known) if len(known) == len(dollars) else None


def _figures(row: UsageRow) -> dict[str, object]:
    names = [name for name in UsageTotals.model_fields if name != "cached_ratio"]
    figures: dict[str, object] = {name: getattr(row, name) for name in names}
    ratio = row.cached_tokens / row.prompt_tokens if row.prompt_tokens else 0.0
    return {**figures, "cached_ratio": ratio}
