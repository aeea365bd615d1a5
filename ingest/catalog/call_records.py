"""Calls of language models as the ledger keeps them: figures, and of some the plan; never a text."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from datetime import datetime

OK = "ok"
"""The outcome of a call that came to its end; any other one is an error's name, or `CANCELLED`."""
CANCELLED = "cancelled"
"""Whoever asked left before the end."""
UsageKey = Literal["day", "collection", "key", "model"]
USAGE_KEYS: tuple[UsageKey, ...] = ("day", "collection", "key", "model")


@dataclass(frozen=True, slots=True)
class UsageWanted:
    """Which calls are counted, and how they are put together; None leaves a choice out."""

    by: UsageKey | None = None
    since: datetime | None = None
    """The first moment that counts."""
    until: datetime | None = None
    """The first one that does not any more."""
    collection: str | None = None
    key: str | None = None
    model: str | None = None


@dataclass(frozen=True, slots=True)
class CallSegment:
    """A block of a prompt."""

    name: str
    stability: str
    message: int
    """Place of its message in the prompt, from 0."""
    tokens: int
    """Estimated."""
    cached_tokens: int
    """Of them, those that were expected in the provider's cache."""
    fingerprint: str
    """Equal for equal bytes."""
    documents: tuple[int, ...] = ()
    """Numbers of the versions that it shows passages of, ascending."""


@dataclass(frozen=True, slots=True)
class CallPlan:
    """The details of a call: they go with the documents that were shown, its figures stay."""

    reason: str
    segments: tuple[CallSegment, ...]
    messages: tuple[str, ...]
    """Fingerprints of the whole messages: a turn's blocks become one block of the next turn's history."""

    @property
    def documents(self) -> tuple[int, ...]:
        """Numbers of all versions that the prompt shows passages of, ascending."""
        return tuple(sorted({number for segment in self.segments for number in segment.documents}))


@dataclass(frozen=True, slots=True)
class CallRecord:
    """One call of a language model."""

    id: str
    tenant: str
    created_at: datetime
    """When it was sent."""
    answer: str
    """The id that callers see; empty where the call belongs to no answer, such as that of a search."""
    session: str
    collection: str
    key: str
    """Label of the access key; empty where there is but one."""
    provider: str
    model: str
    purpose: str
    mode: str
    """The way of answering; empty for calls on the way to it."""
    planned_tokens: int
    """The prompt as it was estimated."""
    predicted_cached_tokens: int
    prompt_tokens: int = 0
    cached_tokens: int = 0
    completion_tokens: int = 0
    reasoning_tokens: int = 0
    usd: float | None = None
    """None where the price is unknown, or nobody has counted."""
    saved_usd: float | None = None
    milliseconds: float = 0.0
    outcome: str = OK
    plan: CallPlan | None = None
    """None where none was recorded, and once a document that it shows was deleted."""

    @property
    def was_left(self) -> bool:
        """Whether nobody counted it because whoever asked had gone: the provider bills it all the same."""
        return self.outcome == CANCELLED and self.usd is None


@dataclass(frozen=True, slots=True)
class SpentRow:
    """What a key's calls of one model took."""

    model: str
    usd: float
    left_tokens: int
    """Planned for the prompts of calls that nobody counted because whoever asked had gone."""


@dataclass(frozen=True, slots=True)
class RunRow:
    """What the calls of one agent's answer took together."""

    calls: int
    prompt_tokens: int
    cached_tokens: int
    completion_tokens: int


@dataclass(frozen=True, slots=True)
class UsageRow:
    """What the calls of one day, collection, key or model took together."""

    group: str
    """The day as ``2026-05-04`` (UTC), or the name; empty for the sum of all."""
    answers: int
    """Those that have come to their end."""
    calls: int
    failed: int
    """Of the calls, those that did not come to their end."""
    unpriced: int
    """Of the calls, those whose cost nobody knows: no price is known, or they ended uncounted."""
    planned_tokens: int
    prompt_tokens: int
    cached_tokens: int
    predicted_cached_tokens: int
    completion_tokens: int
    reasoning_tokens: int
    usd: float | None
    """Of the calls whose cost is known; None where there are only others."""
    saved_usd: float | None
    median_milliseconds: float | None
    """Of the answers' own calls that came to their end; half took no longer. None where there are none."""
    slow_milliseconds: float | None
    """Likewise, of which 95 in a hundred took no longer."""
