"""A thread beside a running job: its signs of life, its progress, and whether it is to stop."""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING, Literal

from ingest.catalog.job_records import JobFile, JobProgress, Standing
from ingest.errors import LecternError
from service.access.keys import KeyEnded
from service.jobs.receiving import StorageFull

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Self

    from ingest.catalog.catalog import Catalog
    from ingest.catalog.job_records import JobRecord, JobReport, JobState
    from ingest.report import Progress

LOOK_SECONDS = 0.5
_HEARTBEAT_LOOKS = 10
_log = logging.getLogger(__name__)

Ending = Literal["cancelled", "stopping", "lost", "refused"]


class Watch:
    """Looks twice a second. A job that is to stop has its parser aborted until it has stopped.

    Args:
        catalog: where progress is recorded, and a cancellation is asked for.
        job: as it was claimed.
        stopping: set where the whole process is to end.
        abort: ends what is being parsed.
        require_leave: raises `KeyEnded` or `StorageFull` where the job may not go on.
    """

    def __init__(
        self,
        catalog: Catalog,
        job: JobRecord,
        stopping: threading.Event,
        abort: Callable[[], None],
        require_leave: Callable[[], None] = lambda: None,
    ) -> None:
        self.ending: Ending | None = None
        self.refusal: KeyEnded | StorageFull | None = None
        """Why it may not go on, where it is ended for that."""
        self._catalog = catalog
        self._job = job
        self._stopping = stopping
        self._abort = abort
        self._require_leave = require_leave
        self._guard = threading.Lock()
        self._progress = JobProgress()
        self._files: list[JobFile] = []
        self._noted: set[str] = set()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look, name=f"lectern-job-{job.id}", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def note(self, progress: Progress) -> None:
        """Remember how far it is, and the file that was finished."""
        with self._guard:
            self._progress = JobProgress(
                path=progress.path,
                files_done=progress.done,
                files_total=progress.total,
                bytes_done=progress.bytes_done,
                bytes_total=progress.bytes_total,
                pages=progress.pages,
                failures=progress.failed,
            )
            if progress.finished:
                file = _finished(progress)
                self._files.append(file)
                self._noted.add(file.path)

    def finish(self, state: JobState, report: JobReport, rest: Sequence[JobFile] = ()) -> JobState:
        """End the job and say how; ``rest`` are outcomes that nobody has noted."""
        self._settle()
        more = [file for file in rest if file.path not in self._noted]
        self._catalog.finish_job(self._job, state, report, more)
        return state

    def attempts(self) -> int:
        """How often it was begun since the last file that was finished."""
        self._settle()
        return self._catalog.job(self._job.tenant, self._job.id).attempts

    def release(self, *, attempts: int, reason: str = "") -> JobState:
        """Leave the job to whoever takes it up next; ``reason`` tells what it waits for."""
        self._catalog.release_job(self._job, "queued", attempts=attempts, reason=reason)
        return "queued"

    def _settle(self) -> None:
        """Stop looking, and record what was noted since the last look."""
        self.__exit__()
        self._advance()

    def _look(self) -> None:
        looks = 0
        while not self._over.wait(LOOK_SECONDS):
            looks += 1
            try:
                standing = self._exchange(beat=looks % _HEARTBEAT_LOOKS == 0)
            except LecternError as error:  # the next look may succeed; the job itself goes on
                _log.warning("job %s: %s", self._job.id, error)
                standing = Standing(owned=True, cancelling=False)
            self.ending = self.ending or self._ending(standing) or self._refused()
            if self.ending is not None:
                self._abort()

    def _ending(self, standing: Standing) -> Ending | None:
        if not standing.owned:
            return "lost"
        if standing.cancelling:
            return "cancelled"
        return "stopping" if self._stopping.is_set() else None

    def _refused(self) -> Ending | None:
        try:
            self._require_leave()
        except (KeyEnded, StorageFull) as error:
            self.refusal = error
            return "refused"
        except (LecternError, OSError) as error:  # nobody can tell: the next look may
            _log.warning("job %s: %s", self._job.id, error)
        return None

    def _exchange(self, *, beat: bool) -> Standing:
        if beat or self._files:
            return self._advance()
        return self._catalog.job_standing(self._job)

    def _advance(self) -> Standing:
        with self._guard:
            progress, files, self._files = self._progress, self._files, []
        try:
            return self._catalog.advance_job(self._job, progress, files)
        except LecternError:
            with self._guard:
                self._files[:0] = files
            raise


def _finished(progress: Progress) -> JobFile:
    failure = progress.failure
    if failure is None:
        return JobFile(progress.path, "indexed")
    return JobFile(failure.path, "failed", failure.reason, failure.detail)
