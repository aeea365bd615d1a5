"""Running one job: the ingest itself, with its signs of life, its progress and its end."""

from __future__ import annotations

import logging
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ingest.catalog.job_records import JobFile, JobReport
from ingest.discovery import Discovery, judge_file
from ingest.errors import Cancelled, Gone, LecternError, TransientError
from service.ingest_lock import IngestRunning
from service.jobs.forgetting import forget_replaced
from service.jobs.leave import require_leave
from service.jobs.receiving import StorageFull
from service.jobs.wanted import overtaken
from service.jobs.watching import Watch

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable

    from ingest.catalog.job_records import JobRecord, JobState
    from ingest.pipeline import Ingester
    from ingest.report import Progress, Report
    from service.ingesting import OpenIngest
    from service.services import Services

_MEGABYTE = 2**20
MOST_TRIES = 8
"""A job that failed for the moment so often, without finishing a file in between, has failed."""
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Ran:
    """How a job ended in this process."""

    state: JobState
    report: Report | None = None
    """Of a job that came to its end."""
    error: Exception | None = None
    """What it failed with."""


def run_job(
    services: Services,
    work: OpenIngest,
    job: JobRecord,
    *,
    stopping: threading.Event,
    on_progress: Callable[[Progress], None] = lambda _: None,
) -> Ran:
    """Do what a claimed job asks for and record its end.

    ``stopping`` ends it early: queued again, or cancelled where somebody waits for it. One whose access key
    has ended fails, and another key can try it again; one that has no room on the disk waits for it.

    Raises:
        CatalogUnavailable: its end could not be recorded.
    """
    with Watch(services.catalog, job, stopping, work.abort, lambda: require_leave(services, job)) as watch:

        def show(progress: Progress) -> None:
            watch.note(progress)
            on_progress(progress)

        try:
            require_leave(services, job)
            with (
                services.observer.job(job.kind, job.id),
                work.writing(job.tenant, job.collection) as ingester,
            ):
                report = _ingest(services, ingester, job, show, lambda: watch.ending is not None)
        except Cancelled:
            return Ran(_end_early(watch, work, job), error=watch.refusal)
        except (StorageFull, IngestRunning) as error:
            return Ran(_wait(watch, job, error), error=error)
        except (TransientError, Gone) as error:
            return Ran(_try_again(watch, job, str(error)), error=error)
        except (LecternError, OSError) as error:
            return Ran(watch.finish("failed", JobReport(reason=str(error))), error=error)
        except Exception as error:  # noqa: BLE001 — an edge: the next job must run, this one say how it ended
            _log.exception("job %s failed unexpectedly", job.id)
            state = watch.finish("failed", JobReport(reason="an error on our side; the log has it"))
            return Ran(state, error=error)
        except BaseException:  # a second Ctrl-C
            watch.finish("cancelled", JobReport())
            raise
        services.observer.ingested(report)
        return Ran(_conclude(watch, job, report), report)


def _ingest(
    services: Services,
    ingester: Ingester,
    job: JobRecord,
    on_progress: Callable[[Progress], None],
    cancelled: Callable[[], bool],
) -> Report:
    largest = services.settings.largest_file_mb * _MEGABYTE
    if job.kind == "upload":
        found = _uploaded(services, job, largest)
        report = ingester.ingest_found(
            job.tenant, job.collection, found, on_progress=on_progress, cancelled=cancelled
        )
        collection = services.catalog.collection(job.tenant, job.collection)
        sent = [file.path for file in job.request.uploads]
        forget_replaced(services.catalog, services.originals, collection, sent)
        return report
    return ingester.ingest(
        job.tenant,
        job.collection,
        [Path(path) for path in job.request.paths],
        largest=largest,
        on_progress=on_progress,
        prune=job.request.prune,
        cancelled=cancelled,
    )


def _uploaded(services: Services, job: JobRecord, largest: int) -> Discovery:
    """The files of an upload under the paths that they were given; a later upload of a path goes before."""
    later = overtaken(services.catalog, job)
    kept = services.originals.keep(job)
    found = [judge_file(file.path, location, largest) for file, location in kept if file.path not in later]
    return Discovery(sorted(found, key=lambda each: each.path), Counter())


def _conclude(watch: Watch, job: JobRecord, report: Report) -> JobState:
    """``done``, though some files failed; ``failed`` where files were sent and none could be read."""
    rest = [JobFile(f.path, "failed", f.reason, f.detail) for f in report.failed]
    unchanged = _unchanged(report)
    if job.kind == "upload":
        rest += [JobFile(path, "unchanged") for path in unchanged]
    hopeless = job.kind == "upload" and report.failed and not report.indexed and not unchanged
    counted = JobReport(
        indexed=len(report.indexed),
        unchanged=len(unchanged),
        failed=len(report.failed),
        characters=report.characters,
        chunks=report.chunks,
        reason="none of its files could be read" if hopeless else "",
    )
    return watch.finish("failed" if hopeless else "done", counted, rest)


def _unchanged(report: Report) -> list[str]:
    """Files that the index held before, some by another path, and that were not read again."""
    read = {*report.indexed, *(failure.path for failure in report.failed)}
    return [*report.unchanged, *(moved.path for moved in report.moved if moved.path not in read)]


def _end_early(watch: Watch, work: OpenIngest, job: JobRecord) -> JobState:
    """What was finished stays; what was half written goes, unless somebody is to go on with it."""
    if watch.ending == "stopping" and job.unattended:  # nothing went wrong: this attempt does not count
        return watch.release(attempts=max(0, watch.attempts() - 1))
    if isinstance(watch.refusal, StorageFull):
        return _wait(watch, job, watch.refusal)
    if job.unattended:
        try:
            with work.writing(job.tenant, job.collection) as ingester:
                ingester.withdraw(job.tenant, job.collection)
        except LecternError as error:  # the next ingest does it
            _log.warning("job %s: %s", job.id, error)
    if watch.refusal is not None:
        return watch.finish("failed", JobReport(reason=str(watch.refusal)))
    return watch.finish("cancelled", JobReport())


def _wait(watch: Watch, job: JobRecord, reason: StorageFull | IngestRunning) -> JobState:
    """Nothing is wrong with its files, however long it lasts: this attempt does not count."""
    if not job.unattended:
        return watch.finish("failed", JobReport(reason=str(reason)))
    return watch.release(attempts=max(0, watch.attempts() - 1), reason=str(reason))


def _try_again(watch: Watch, job: JobRecord, reason: str) -> JobState:
    """What may succeed later waits again, unless it was somebody's command, who reads the reason now."""
    attempts = watch.attempts()
    if not job.unattended or attempts >= MOST_TRIES:
        return watch.finish("failed", JobReport(reason=reason))
    return watch.release(attempts=attempts)
