"""``lectern ingest``: files and folders into a collection."""

from __future__ import annotations

import json
import os
import signal
import threading
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ingest.catalog.job_records import JobRequest
from ingest.errors import UnknownName
from service.answers import DEFAULT_TENANT
from service.commands import options
from service.commands.progress import showing_progress
from service.http.job_shapes import JobShape
from service.ingesting import open_ingest
from service.jobs.owner import this_process
from service.jobs.running import run_job
from service.wiring import open_services

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence
    from types import FrameType

    from ingest.catalog.job_records import JobRecord
    from ingest.pipeline import Report
    from service.wiring import Services

_INTERRUPTED = 130
"""What shells give a command that Ctrl-C has ended."""


@click.command(short_help="Read files and folders into a collection.")
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path))
@options.collection
@options.as_json
def command(paths: tuple[Path, ...], collection: str | None, *, as_json: bool) -> None:
    """Read files and folders into a collection; what has not changed is not read again.

    A file that cannot be read is named with its reason and does not stop the others; the exit status is
    then 2. Ctrl-C stops between two files, with status 130: what was finished stays, and the same command
    goes on from there. A second Ctrl-C ends at once.
    """
    settings = options.settings()
    for path in paths:
        if not os.path.lexists(path):
            raise UnknownName("path", str(path))
    with open_services(settings) as services, open_ingest(services) as work:
        name = collection or settings.collection
        job = begin(services, name, paths)
        with showing_progress(enabled=not as_json) as on_progress, interruptible() as stopping:
            ran = run_job(services, work, job, stopping=stopping, on_progress=on_progress)
        ended = services.catalog.job(job.tenant, job.id)
    if ran.error is not None:
        raise ran.error
    if ran.report is None:
        told = JobShape.of(ended).model_dump_json(indent=2) if as_json else _stopped(ended)
        click.echo(told, err=not as_json)
        raise SystemExit(_INTERRUPTED)
    report = ran.report
    click.echo(json.dumps(asdict(report), ensure_ascii=False, indent=2) if as_json else describe(report))
    if report.failed:
        raise SystemExit(2)


def begin(services: Services, collection: str, paths: Sequence[Path]) -> JobRecord:
    """Record what this process is about to do: ``lectern jobs`` and a server show it."""
    asked = JobRequest(paths=tuple(str(path.absolute()) for path in paths))
    return services.catalog.add_job(
        DEFAULT_TENANT,
        collection,
        "ingest",
        asked,
        place=services.originals.place,
        owner=this_process(),
    )


@contextmanager
def interruptible() -> Generator[threading.Event]:
    """An event that the first Ctrl-C sets; the second one interrupts as ever."""
    stopping = threading.Event()
    before = signal.getsignal(signal.SIGINT)

    def stop(_number: int, _frame: FrameType | None) -> None:
        stopping.set()
        signal.signal(signal.SIGINT, before)

    signal.signal(signal.SIGINT, stop)
    try:
        yield stopping
    finally:
        signal.signal(signal.SIGINT, before)


def _stopped(job: JobRecord) -> str:
    done = f"{job.progress.files_done} of {job.progress.files_total} files were finished"
    return f"lectern: stopped; {done} and stay. The same command, or lectern jobs retry {job.id}, goes on."


def describe(report: Report) -> str:
    """What became of the files, every failed one by name."""
    made = f"{report.characters:,} characters, {report.chunks:,} chunks"
    counts = f"{len(report.indexed)} indexed ({made}), {len(report.unchanged)} unchanged"
    lines = [f"{counts}, {len(report.failed)} failed"]
    lines += [f"  {failure.path}: {failure.reason}: {failure.detail}" for failure in report.failed]
    if report.passed_over:
        kinds = ", ".join(
            f"{count} {ending or 'without ending'}" for ending, count in report.passed_over.items()
        )
        lines.append(f"  no reader for {kinds}")
    return "\n".join(lines)
