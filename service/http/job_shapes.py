"""The shapes of jobs."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Self

from pydantic import Field

from ingest.catalog.job_records import FileOutcome, JobKind, JobState
from ingest.errors import FailureReason
from ingest.showing import shown_path
from service.http.shapes import Response

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ingest.catalog.job_records import JobFile, JobRecord


_SHOWN_PATHS = 100


class JobProgressShape(Response):
    """How far a job has come; files and bytes are those that had to be read since it began last."""

    path: str = Field(description="The file that was finished last.")
    files_done: int
    files_total: int
    bytes_done: int
    bytes_total: int
    pages: int
    failures: int


class JobReportShape(Response):
    """What came of a job that has ended."""

    indexed: int
    unchanged: int
    failed: int
    characters: int
    chunks: int
    reason: str = Field(description="Why the job as a whole failed, or waits again; else empty.")


class JobFileShape(Response):
    """What became of one file."""

    path: str
    outcome: FileOutcome
    reason: FailureReason | None
    detail: str


class JobShape(Response):
    """A job."""

    id: str
    collection: str
    kind: JobKind
    state: JobState
    cancelling: bool = Field(description="It was asked to stop, and has not yet.")
    attempts: int = Field(description="How often it was begun since the last file that was finished.")
    paths: list[str] = Field(description="Folders and files to read, or the files sent; the first hundred.")
    paths_total: int
    size: int = Field(description="Bytes of the files sent.")
    progress: JobProgressShape
    report: JobReportShape
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None

    @classmethod
    def of(cls, record: JobRecord) -> Self:
        """From the catalog's record."""
        sent = record.request.uploads
        paths = [*record.request.paths, *(file.path for file in sent)]
        return cls(
            id=record.id,
            collection=record.collection,
            kind=record.kind,
            state=record.state,
            cancelling=record.cancelling,
            attempts=record.attempts,
            paths=[shown_path(path) for path in paths[:_SHOWN_PATHS]],
            paths_total=len(paths),
            size=sum(file.size for file in sent),
            progress=JobProgressShape.model_validate(record.progress),
            report=JobReportShape.model_validate(record.report),
            created_at=record.created_at,
            started_at=record.started_at,
            finished_at=record.finished_at,
        )


class JobDetails(JobShape):
    """A job with the files that could not be read."""

    failures: list[JobFileShape]

    @classmethod
    def with_failures(cls, record: JobRecord, failures: Sequence[JobFile]) -> Self:
        """From the catalog's records."""
        shapes = [JobFileShape.model_validate(file) for file in failures]
        return cls(**dict(JobShape.of(record)), failures=shapes)


JobEvent = JobShape | JobFileShape
"""What a followed job tells: how far it is, and what became of a file; the last one has ended."""


class JobList(Response):
    """Jobs, the newest first."""

    jobs: list[JobShape]
