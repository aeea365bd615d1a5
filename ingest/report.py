"""What becomes of the files of an ingest, told while it runs and at its end."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ingest.changes import Failure

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from ingest.catalog.records import VersionRecord
    from ingest.changes import ChangedFile
    from ingest.costs import Cost, Stage


@dataclass(frozen=True, slots=True)
class Renamed:
    """A document whose file goes by another path now; it was not read again."""

    path: str
    before: str


@dataclass(frozen=True, slots=True)
class Partial:
    """A document that lacks something of its file."""

    path: str
    warnings: tuple[str, ...]


@dataclass(slots=True)
class Report:
    """What became of every file that was found."""

    indexed: list[str] = field(default_factory=list[str])
    unchanged: list[str] = field(default_factory=list[str])
    failed: list[Failure] = field(default_factory=list[Failure])
    characters: int = 0
    """Of the documents that were indexed now."""
    chunks: int = 0
    passed_over: dict[str, int] = field(default_factory=dict[str, int])
    """Files below folders that have no reader, by their ending."""
    moved: list[Renamed] = field(default_factory=list[Renamed])
    partial: list[Partial] = field(default_factory=list[Partial])
    """Of the documents that were indexed now."""
    gone: list[str] = field(default_factory=list[str])
    """Documents whose files are not found any more; they are still answered from."""
    removed: list[str] = field(default_factory=list[str])
    """Documents that were deleted because their files are not found any more."""
    costs: Mapping[Stage, Cost] = field(default_factory=dict["Stage", "Cost"])
    """Of each stage, all its workers together."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far an ingest has come; bytes and counts are of the files that had to be parsed."""

    path: str
    done: int
    total: int
    bytes_done: int
    bytes_total: int
    failed: int
    pages: int = 0
    """Of the documents that were indexed now, as far as their kind has pages."""
    failure: Failure | None = None
    """Why the file of this path is not in the index."""
    finished: bool = True
    """Whether the file of this path has come to its end."""


class Tally:
    """Counts what becomes of the files, for the report and for whoever watches."""

    def __init__(
        self, changes: Sequence[ChangedFile], report: Report, on_progress: Callable[[Progress], None]
    ) -> None:
        self._report = report
        self._on_progress = on_progress
        self._total = len(changes)
        self._bytes_total = sum(change.source.size for change in changes)
        self._done = self._bytes = self._pages = 0

    def begun(self) -> None:
        """It is known how much there is to do."""
        if self._total:
            self._tell("", finished=False)

    def read(self, change: ChangedFile, pages: int) -> None:
        """So many pages of a file are read."""
        self._tell(change.source.path, pages=pages, finished=False)

    def written(self, group: Sequence[ChangedFile], share: float, pages: int) -> None:
        """This share of files that are indexed together, with so many pages, is in the index."""
        at = min(int(share * len(group)), len(group) - 1)
        size = int(share * sum(change.source.size for change in group))
        self._tell(group[at].source.path, pages=pages, size=size, finished=False)

    def failed(self, change: ChangedFile, failure: Failure) -> None:
        """A file will not be in the index."""
        self._report.failed.append(failure)
        self._finish(change, failure)

    def indexed(self, change: ChangedFile, version: VersionRecord) -> None:
        """A document is ready."""
        self._report.indexed.append(change.source.path)
        self._report.characters += version.characters
        self._report.chunks += version.chunks
        if version.warnings:
            self._report.partial.append(Partial(version.path, version.warnings))
        self._pages += version.pages
        self._finish(change)

    def _finish(self, change: ChangedFile, failure: Failure | None = None) -> None:
        self._done += 1
        self._bytes += change.source.size
        self._tell(change.source.path, failure=failure)

    def _tell(
        self,
        path: str,
        *,
        pages: int = 0,
        size: int = 0,
        failure: Failure | None = None,
        finished: bool = True,
    ) -> None:
        """``pages`` and ``size`` are of what is not finished."""
        self._on_progress(
            Progress(
                path=path,
                done=self._done,
                total=self._total,
                bytes_done=self._bytes + size,
                bytes_total=self._bytes_total,
                failed=len(self._report.failed),
                pages=self._pages + pages,
                failure=failure,
                finished=finished,
            )
        )
