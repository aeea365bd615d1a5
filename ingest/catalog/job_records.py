"""What a job is asked for, how far it has come, what became of it: values, detached from the database."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from datetime import datetime

    from ingest.errors import FailureReason

JobKind = Literal["upload", "ingest", "reindex"]
JobState = Literal["queued", "running", "done", "failed", "cancelled", "interrupted"]
FileOutcome = Literal["indexed", "unchanged", "failed"]
UNFINISHED: tuple[JobState, ...] = ("queued", "running", "interrupted")
FINISHED: tuple[JobState, ...] = ("done", "failed", "cancelled")


@dataclass(frozen=True, slots=True)
class UploadedFile:
    """A file that was sent; its bytes wait below the data folder."""

    path: str
    """The path that people see."""
    staged: str
    """Name of the file that waits, in the folder of its job."""
    content_hash: str
    size: int


@dataclass(frozen=True, slots=True)
class JobRequest:
    """What is to be read: folders and files of the server's machine, or files that were sent."""

    paths: tuple[str, ...] = ()
    uploads: tuple[UploadedFile, ...] = ()
    prune: bool = False
    """Whether documents whose files are gone are deleted."""
    reader: str = ""
    """``module:Class`` of a reader that the user chose; only the same command can do that again."""
    key: str = ""
    """Label of the access key that asked for it, or last tried it again; empty where no key did."""


@dataclass(frozen=True, slots=True)
class JobProgress:
    """How far it has come; files and bytes are those that had to be read in this attempt."""

    path: str = ""
    """The file that was finished last."""
    files_done: int = 0
    files_total: int = 0
    bytes_done: int = 0
    bytes_total: int = 0
    pages: int = 0
    failures: int = 0


@dataclass(frozen=True, slots=True)
class JobReport:
    """What a job that came to its end found; the files themselves stand in its list of files."""

    indexed: int = 0
    unchanged: int = 0
    failed: int = 0
    characters: int = 0
    chunks: int = 0
    reason: str = ""
    """Why the job as a whole failed, or waits again."""


@dataclass(frozen=True, slots=True)
class JobFile:
    """What became of one file."""

    path: str
    outcome: FileOutcome
    reason: FailureReason | None = None
    detail: str = ""


@dataclass(frozen=True, slots=True)
class NumberedJobFile:
    """A file of a job; ``number`` grows with every outcome that is recorded."""

    number: int
    file: JobFile


@dataclass(frozen=True, slots=True)
class JobRecord:
    """A job as the catalog knows it."""

    tenant: str
    id: str
    collection: str
    kind: JobKind
    state: JobState
    request: JobRequest
    progress: JobProgress
    report: JobReport
    place: str
    """The data folder whose process may run it: its files lie there."""
    unattended: bool
    """Whether it is taken up again by itself when its process has died."""
    cancelling: bool
    """Whether somebody has asked its process to stop it."""
    attempts: int
    """How often a process began it since the last file that was finished."""
    owner: str
    """The process that runs it; empty where none does."""
    heartbeat: datetime | None
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None


@dataclass(frozen=True, slots=True)
class Standing:
    """What the process that runs a job must know about it."""

    owned: bool
    """False where another process has taken it over."""
    cancelling: bool
