"""A job in a process of its own, which may die without the server.

A server that dies takes the job that it runs with it, and nobody can tell whether the job was to blame.
One that dies beside a server that lives was.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from multiprocessing.connection import wait
from typing import TYPE_CHECKING

from ingest.catalog.job_records import JobReport
from ingest.errors import LecternError
from service import logs
from service.ingesting import open_ingest
from service.jobs.running import run_job
from service.wiring import open_services

if TYPE_CHECKING:
    from types import FrameType

    from ingest.catalog.job_records import JobRecord
    from service.services import Services
    from service.settings import Settings

_LOOK_SECONDS = 0.2
_FALLING_SECONDS = 1.0
"""A machine that goes down, or somebody who ends all, takes the server too within this time."""
_NOT_BEGUN = 75
"""Exit status: not the job's fault."""


def run_alone(services: Services, job: JobRecord, *, stopping: threading.Event) -> None:
    """Run a job that this process has claimed, as `run_job`; where it ends its process it has failed.

    Nobody may hold the lock of ingests: the other process takes it.
    """
    process = multiprocessing.get_context("spawn").Process(
        target=_run, args=(services.settings, job), name="lectern-job"
    )
    process.start()
    while process.is_alive() and not stopping.is_set():
        process.join(_LOOK_SECONDS)
    while process.is_alive():  # a signal that came before its handler would end it all the same
        process.terminate()
        process.join(_LOOK_SECONDS)
    status = process.exitcode or 0
    process.close()
    if status < 0 and not stopping.wait(_FALLING_SECONDS):
        services.catalog.finish_job(job, "failed", JobReport(reason=_reason(job, -status)))
    elif status:
        services.catalog.release_job(job, "queued", attempts=job.attempts - 1)


def _run(settings: Settings, job: JobRecord) -> None:
    """Be the other process."""
    logs.configure_for(settings)
    stopping = threading.Event()

    def stop(_number: int, _frame: FrameType | None) -> None:
        stopping.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stop)
    threading.Thread(target=_follow_parent, daemon=True).start()
    try:
        with open_services(settings) as services, open_ingest(services) as work:
            run_job(services, work, job, stopping=stopping)
    except LecternError:
        raise SystemExit(_NOT_BEGUN) from None


def _follow_parent() -> None:
    """Die with the server, however it died: whoever comes next takes the job up."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(_NOT_BEGUN)


def _reason(job: JobRecord, number: int) -> str:
    name = signal.Signals(number).name
    return f"begun {job.attempts} times without finishing a file; the last time {name} ended its process"
