"""What the audit log keeps: who did what, when, to which collection and thing, and what came of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime

OK = "ok"
"""The outcome of what was done; else an HTTP status, or the name of an error."""


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One thing that somebody did, or wanted to do. Ids and names alone, never text, questions or keys."""

    tenant: str
    key: str
    """Label of the access key; empty where none was needed, or none was known."""
    action: str
    collection: str = ""
    subject: str = ""
    """Id of the document, session, review or key; of text that was sent, its recipient."""
    outcome: str = OK
    request_id: str = ""
    peer: str = ""
    """Network address that it came from, or ``user@machine`` of a command."""
    at: datetime = field(default_factory=lambda: datetime.now(UTC))


@dataclass(frozen=True, slots=True)
class AuditLine:
    """An entry with its number; numbers grow with time."""

    number: int
    entry: AuditEntry


@dataclass(frozen=True, slots=True)
class AuditWanted:
    """Which entries; None does not narrow them."""

    since: datetime | None = None
    action: str | None = None
    collection: str | None = None
    key: str | None = None
    before: int | None = None
    """Only entries with smaller numbers: the next page."""
    limit: int = 100
