"""The shapes of the audit log."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Self

from pydantic import Field

from ingest.catalog.audit_records import AuditWanted
from service.http.requests import Moment, Parameters
from service.http.shapes import Response

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ingest.catalog.audit_records import AuditLine

_LARGEST = 2**53
"""What JSON numbers hold exactly."""
Word = Annotated[str, Field(max_length=200)]


class AuditRequest(Parameters):
    """Which entries of the audit log."""

    since: Moment = Field(
        default=None, description="Not before this time, with its zone: `2026-05-04T00:00:00Z`."
    )
    action: Word | None = Field(default=None, description="Such as `ask`, `read_text`, `delete_document`.")
    collection: Word | None = None
    key: Word | None = Field(default=None, description="Label of an access key.")
    before: Annotated[int, Field(ge=1, le=_LARGEST)] | None = Field(
        default=None, description="`next` of the page before."
    )
    limit: int = Field(default=100, ge=1, le=1_000)

    def to_wanted(self) -> AuditWanted:
        """As the log is asked."""
        return AuditWanted(self.since, self.action, self.collection, self.key, self.before, self.limit)


class AuditShape(Response):
    """One thing that somebody did, or wanted to do."""

    number: int = Field(description="Grows with time.")
    at: datetime
    key: str = Field(description="Label of the access key; empty where none was needed, or none was known.")
    peer: str = Field(description="Network address it came from, or user and machine of a command.")
    action: str
    collection: str
    subject: str = Field(description="Id of the document, answer, session, job, review or key; a recipient.")
    outcome: str = Field(description="`ok`, else an HTTP status or the name of an error.")
    request_id: str = Field(description="The answer's `X-Request-Id`.")

    @classmethod
    def of(cls, line: AuditLine) -> Self:
        """From the log."""
        entry = line.entry
        return cls(
            number=line.number,
            at=entry.at,
            key=entry.key,
            peer=entry.peer,
            action=entry.action,
            collection=entry.collection,
            subject=entry.subject,
            outcome=entry.outcome,
            request_id=entry.request_id,
        )


class AuditList(Response):
    """Entries, the newest first; ``next`` continues the list."""

    entries: list[AuditShape]
    next: int | None

    @classmethod
    def of(cls, lines: Sequence[AuditLine], limit: int) -> Self:
        """A page that may hold ``limit`` entries."""
        following = lines[-1].number if len(lines) == limit else None
        return cls(entries=[AuditShape.of(line) for line in lines], next=following)
