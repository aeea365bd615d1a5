"""``lectern jobs``: what is being ingested, whoever does it."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from ingest.catalog.job_records import UNFINISHED
from ingest.errors import PermanentError
from ingest.showing import shown_line, shown_path
from service.commands import options
from service.commands.auditing import opened
from service.commands.ingest import interruptible
from service.commands.pace import Done, amount, pace, span
from service.commands.progress import showing_progress
from service.commands.terminal import say, say_json
from service.http.job_shapes import JobDetails, JobList, JobShape
from service.ingest_lock import IngestRunning
from service.ingesting import open_ingest
from service.jobs import controlling
from service.jobs.receiving import StorageFull
from service.jobs.running import run_job
from service.jobs.worker import claim
from service.running import find_server

if TYPE_CHECKING:
    from collections.abc import Generator

    from ingest.catalog.job_records import JobRecord
    from service.services import Services

_LISTED = 50
_LISTED_FAILURES = 50
_LONGEST_PATHS = 60


@click.group(
    invoke_without_command=True, short_help="List what is being ingested; show, cancel, or try again."
)
@options.collection
@options.as_json
@click.pass_context
def command(context: click.Context, collection: str | None, *, as_json: bool) -> None:
    """List jobs, the newest first: every upload and every ingest, running or over."""
    if context.invoked_subcommand is not None:
        return
    chosen = None if collection is None else [collection]
    with _catalog() as services:
        found = services.catalog.jobs(services.settings.tenant, collections=chosen, limit=_LISTED)
    if as_json:
        say_json(JobList(jobs=[JobShape.of(job) for job in found]).model_dump_json(indent=2))
        return
    for job in found:
        say(_line(job))
    if not found:
        say("no jobs")


@command.command()
@click.argument("identity", metavar="ID")
@options.as_json
def show(identity: str, *, as_json: bool) -> None:
    """Show a job, and every file that could not be read."""
    with _catalog() as services:
        job = services.catalog.job(services.settings.tenant, identity)
        failures = services.catalog.failed_job_files(job)
    if as_json:
        say_json(JobDetails.with_failures(job, failures).model_dump_json(indent=2))
        return
    say(_line(job))
    for file in failures[:_LISTED_FAILURES]:
        say(shown_line(f"  {file.path}: {file.reason}: {file.detail}"))
    if len(failures) > _LISTED_FAILURES:
        say(f"  and {len(failures) - _LISTED_FAILURES:,} more: --json lists them all")


@command.command()
@click.argument("identity", metavar="ID")
@options.as_json
def cancel(identity: str, *, as_json: bool) -> None:
    """Cancel a job, whichever process runs it; that takes about a second. What is indexed stays."""
    with _catalog() as services:
        job = controlling.cancel(services.catalog, services.settings.tenant, identity)
    _tell(job, "its process was asked to stop" if job.state == "running" else "cancelled", as_json=as_json)


@command.command()
@click.argument("identity", metavar="ID")
@options.as_json
def retry(identity: str, *, as_json: bool) -> None:
    """Try a job again: what is indexed is skipped, what failed is read again.

    A running server does it; without one, this command does, and first whatever else waits.
    """
    with _catalog() as services:
        served = find_server(services.settings.data) is not None
        if services.catalog.job(services.settings.tenant, identity).place != services.originals.place:
            raise PermanentError(f"job {identity} is another data folder's, which holds its files")
        job = controlling.retry(
            services.catalog, services.originals, services.settings.tenant, identity, unattended=served
        )
        if not served:
            job = _run(services, job, quiet=as_json)
    told = "the server goes on with it" if served else job.report.reason or job.state
    _tell(job, told, as_json=as_json)
    if job.state == "failed":
        raise SystemExit(1)


def _run(services: Services, wanted: JobRecord, *, quiet: bool) -> JobRecord:
    """Run what waits until this job has been run."""
    with open_ingest(services) as work, interruptible() as stopping:
        while not stopping.is_set():
            claimed = claim(services)
            if claimed is None:
                break
            with showing_progress(enabled=not quiet) as on_progress:
                ran = run_job(services, work, claimed, stopping=stopping, on_progress=on_progress)
            if isinstance(ran.error, (StorageFull, IngestRunning)):  # which would be claimed again at once
                raise ran.error
            if claimed.id == wanted.id:
                break
    return services.catalog.job(wanted.tenant, wanted.id)


@contextmanager
def _catalog() -> Generator[Services]:
    """The services, with jobs of dead processes told from those of living ones."""
    with opened(options.settings(), needs_index=False) as services:
        controlling.settle(services.catalog)
        yield services


def _tell(job: JobRecord, words: str, *, as_json: bool) -> None:
    if as_json:
        say_json(JobShape.of(job).model_dump_json(indent=2))
    else:
        say(f"job {job.id}: {words}")


def _line(job: JobRecord) -> str:
    """Id, state, age, what it is about, and how far it is or what came of it."""
    now = datetime.now(UTC)
    about = shown_path(", ".join([*job.request.paths, *(file.path for file in job.request.uploads)]))
    if len(about) > _LONGEST_PATHS:
        about = f"{about[: _LONGEST_PATHS - 1]}…"
    age = f"{span((now - job.created_at).total_seconds())} ago"
    state = "stopping" if job.cancelling else job.state
    first = f"{job.id}  {state:11}  {age:14}  {job.kind} into {job.collection}"
    return f"{first}: {about}\n    {_standing(job, now)}"


def _standing(job: JobRecord, now: datetime) -> str:
    report = job.report
    if job.state == "queued":
        size = sum(file.size for file in job.request.uploads)
        waits = f"waits, {amount(size)}" if size else "waits"
        return f"{waits}: {report.reason}" if report.reason else waits
    if job.state in UNFINISHED or job.state == "cancelled":
        return _how_far(job, now)
    counts = f"{report.indexed:,} indexed, {report.unchanged:,} unchanged, {report.failed:,} failed"
    return f"{report.reason}; {counts}" if report.reason else counts


def _how_far(job: JobRecord, now: datetime) -> str:
    progress = job.progress
    done = Done(
        files=progress.files_done,
        files_total=progress.files_total,
        size=progress.bytes_done,
        size_total=progress.bytes_total,
        pages=progress.pages,
        failed=progress.failures,
    )
    running = job.state == "running" and job.started_at is not None
    return pace(done, (now - job.started_at).total_seconds() if running and job.started_at else 0)
