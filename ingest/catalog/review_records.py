"""What the catalog hands out of reviews: values, detached from the database."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from datetime import datetime

CellState = Literal["answered", "absent", "failed"]
ReviewState = Literal["queued", "running", "done", "failed", "cancelled", "interrupted"]


@dataclass(frozen=True, slots=True)
class Spent:
    """What calls of a model took; dollars are those of the calls whose price is known."""

    calls: int = 0
    unpriced: int = 0
    """Calls of models whose price nobody knows."""
    prompt_tokens: int = 0
    cached_tokens: int = 0
    completion_tokens: int = 0
    usd: float = 0.0
    saved_usd: float = 0.0
    """What the cached tokens would have cost more."""


@dataclass(frozen=True, slots=True)
class ReviewRecord:
    """A review as the catalog knows it. ``request`` is JSON that only its writer understands."""

    tenant: str
    id: str
    collection: str
    name: str
    """By which whoever began it finds it again; empty where nobody wants to."""
    state: ReviewState
    request: str
    reason: str
    """Why it failed as a whole; else empty."""
    unattended: bool
    """Whether a server goes on with it by itself when its process has died."""
    cancelling: bool
    """Whether somebody has asked its process to stop it."""
    owner: str
    """The process that runs it; empty where none does."""
    heartbeat: datetime | None
    created_at: datetime
    finished_at: datetime | None
    spent: Spent
    """By all its calls, those for cells that are gone included."""
    key: str = ""
    """Label of the access key that pays for it: the one that began it or, last, went on with it."""


@dataclass(frozen=True, slots=True)
class CellRecord:
    """A cell that was answered, or failed. ``result`` is JSON that only its writer understands."""

    document: str
    question: int
    """Its place among the review's questions, from 0."""
    number: int
    """Of the version that was read."""
    state: CellState
    result: str
    """Empty where only the states were asked for."""
