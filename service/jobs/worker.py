"""The thread of a server that runs the jobs that wait, one at a time."""

from __future__ import annotations

import logging
import threading
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from ingest.errors import LecternError, PermanentError, UnknownName
from ingest.repairing import forget_stray_versions
from service.ingest_lock import IngestRunning
from service.ingesting import open_ingest
from service.jobs.alone import run_alone
from service.jobs.controlling import TRUSTED_ATTEMPTS, put_back, settle
from service.jobs.forgetting import forget_strays
from service.jobs.leave import require_disk
from service.jobs.owner import this_process
from service.jobs.running import run_job

if TYPE_CHECKING:
    from ingest.catalog.job_records import JobRecord
    from service.ingesting import OpenIngest
    from service.services import Services

_LOOK_SECONDS = 1.0
_TROUBLE_SECONDS = 3.0
KEPT_JOBS = 1_000
KEPT_FOR = timedelta(days=30)
"""Finished jobs are forgotten after this time, or when this many newer ones have finished."""
_log = logging.getLogger(__name__)


class Worker:
    """Runs jobs from `start` to `stop`; both return soon, whatever is being read."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._stopping = threading.Event()
        self._awake = threading.Event()
        self._thread = threading.Thread(target=self._work, name="lectern-jobs", daemon=True)
        self._claimed: JobRecord | None = None
        """Begun here, until its end is recorded."""

    def start(self) -> None:
        """Take up what waits."""
        self._thread.start()

    @property
    def is_alive(self) -> bool:
        """Whether it runs, or was told to end."""
        return self._thread.is_alive() or self._stopping.is_set()

    def wake(self) -> None:
        """Look for jobs now."""
        self._awake.set()

    def hurry(self) -> None:
        """End the job that runs at its next file or batch, and leave it queued."""
        self._stopping.set()
        self._awake.set()

    def stop(self) -> None:
        """Hurry, and wait for the end."""
        self.hurry()
        if self._thread.is_alive():
            self._thread.join()

    def _work(self) -> None:
        tidied = False
        while not self._stopping.is_set():
            pause = _LOOK_SECONDS
            try:
                tidied = tidied and not self._services.untidy.is_set()
                if not tidied:
                    self._services.untidy.clear()
                    tidied = tidy(self._services)
                self._put_back()
                if is_waiting(self._services):
                    require_disk(self._services)
                    self._drain()
            except LecternError as error:
                _log.warning("jobs wait: %s", error)
                pause = _TROUBLE_SECONDS
            except Exception:  # noqa: BLE001 — an edge: a thread that ends would leave jobs waiting for ever
                _log.exception("the thread that runs jobs met an error")
                pause = _TROUBLE_SECONDS
            self._awake.wait(pause)
            self._awake.clear()

    def _put_back(self) -> None:
        """Let a job wait again whose end could not be recorded, such as while the database was away."""
        if self._claimed is not None:
            put_back(self._services.catalog, self._claimed)
            self._claimed = None

    def _drain(self) -> None:
        """Run all that waits; while another process ingests, only wait."""
        while (suspect := self._run_trusted()) is not None:
            run_alone(self._services, suspect, stopping=self._stopping)
            self._claimed = None
            self._pause_if_queued(suspect)
        if not self._services.catalog.is_shared:  # else one of the servers does it for all
            prune(self._services)

    def _run_trusted(self) -> JobRecord | None:
        """Run jobs one after another, up to one that must run in a process of its own."""
        with ExitStack() as closing:
            work = self._enter(closing)
            while work is not None and not self._stopping.is_set():
                require_disk(self._services)
                job = self._claimed = claim(self._services)
                if job is None or job.attempts > TRUSTED_ATTEMPTS:
                    return job
                run_job(self._services, work, job, stopping=self._stopping)
                self._claimed = None
                self._pause_if_queued(job)
        return None

    def _pause_if_queued(self, job: JobRecord) -> None:
        """What failed for the moment may succeed later: each time after twice as long."""
        try:
            state = self._services.catalog.job(job.tenant, job.id).state
        except UnknownName:  # finished and forgotten
            return
        if state == "queued":
            self._stopping.wait(_TROUBLE_SECONDS * 2 ** (job.attempts - 1))

    def _enter(self, closing: ExitStack) -> OpenIngest | None:
        while not self._stopping.is_set():
            try:
                return closing.enter_context(open_ingest(self._services, work="jobs of the server"))
            except IngestRunning:
                continue
        return None


def claim(services: Services) -> JobRecord | None:
    """Begin a job that waits, unless none does."""
    catalog = services.catalog
    return catalog.claim_job(services.originals.place, this_process(), in_turn=catalog.is_shared)


def is_waiting(services: Services) -> bool:
    """Whether a job waits for a process of this data folder; dead ones' jobs are found on the way."""
    settle(services.catalog)
    place = services.originals.place
    return any(job.place == place for job in services.catalog.jobs(states=("queued",)))


def tidy(services: Services) -> bool:
    """Delete what uploads that were never acknowledged have left, and deletions that were cut short."""
    with services.originals.locked():
        services.originals.sweep({job.id for job in services.catalog.jobs()})
    prune(services)
    forget_strays(services.catalog, services.originals)
    for tenant in services.catalog.tenants():
        for collection in services.catalog.collections(tenant):
            try:
                forget_stray_versions(services.catalog, services.index, collection)
            except PermanentError as error:  # other collections, and jobs, need not wait for that
                _log.warning("what deletions left in %r is not looked for: %s", collection.name, error)
    return True


def prune(services: Services, now: datetime | None = None) -> None:
    """Forget old jobs, what still waits for them, and what they would have read if they were tried again."""
    catalog, before = services.catalog, (now or datetime.now(UTC)) - KEPT_FOR
    ended = catalog.jobs(states=("done", "failed", "cancelled"))
    pruned: set[str] = set()
    for tenant in {job.tenant for job in ended}:
        pruned |= {*catalog.prune_jobs(tenant, keep=KEPT_JOBS, before=before)}
    services.originals.forget_jobs(pruned)
    if any(job.id in pruned and (job.state != "done" or job.report.failed) for job in ended):
        forget_strays(catalog, services.originals)
