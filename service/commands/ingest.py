"""``lectern ingest``: files and folders into a collection."""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ingest.catalog.job_records import JobRequest
from ingest.errors import UnknownName, UnusableReader
from ingest.readers.llama import choose, load
from service.commands import options
from service.commands.auditing import opened
from service.commands.progress import showing_progress
from service.commands.rounds import Rounds, keep_ingesting
from service.commands.terminal import say, say_json
from service.http.job_shapes import JobShape
from service.ingesting import open_ingest
from service.jobs.owner import this_process
from service.jobs.running import run_job
from service.loading import adopt, folder_of, forget_removed, materialise, old_folder_of
from service.wiring import open_services

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Sequence
    from types import FrameType

    from ingest.catalog.job_records import JobRecord
    from ingest.readers.options import ChosenReader
    from ingest.report import Report
    from service.services import Services
    from service.settings import Settings

_INTERRUPTED = 130
"""What shells give a command that Ctrl-C has ended."""


class Stopped(Exception):
    """Ctrl-C, or somebody's cancellation, has ended the job."""

    def __init__(self, job: JobRecord) -> None:
        super().__init__(job.id)
        self.job = job


class _FileOrFolder(click.Path):
    """A path; an empty one, as of a variable that was never set, would be the current folder."""

    def convert(
        self,
        value: str | os.PathLike[str],
        param: click.Parameter | None,
        ctx: click.Context | None,
    ) -> str | bytes | os.PathLike[str]:
        if not os.fspath(value):
            self.fail("a path is empty", param, ctx)
        return super().convert(value, param, ctx)


def _pairs(
    _context: click.Context, _option: click.Parameter, given: tuple[str, ...]
) -> tuple[tuple[str, str], ...]:
    pairs = [argument.partition("=") for argument in given]
    for name, sign, _ in pairs:
        if not name or not sign:
            raise click.BadParameter("must be written key=value")
    return tuple((name, value) for name, _, value in pairs)


@click.command(short_help="Read files and folders into a collection.")
@click.argument("paths", nargs=-1, type=_FileOrFolder(path_type=Path))
@options.collection
@click.option(
    "--reader",
    metavar="MODULE:CLASS",
    help="A reader of LlamaIndex's: of the files, or without paths a source by itself.",
)
@click.option(
    "--reader-argument",
    "arguments",
    multiple=True,
    metavar="KEY=VALUE",
    callback=_pairs,
    help="For that reader; a value may be JSON; repeatable.",
)
@click.option(
    "--prune",
    is_flag=True,
    help="Delete, for good, the documents whose files are not found below PATHS any more.",
)
@click.option("--watch", is_flag=True, help="Keep running, and ingest again whenever files change.")
@options.as_json
def command(
    paths: tuple[Path, ...],
    collection: str | None,
    reader: str | None,
    arguments: tuple[tuple[str, str], ...],
    *,
    prune: bool,
    watch: bool,
    as_json: bool,
) -> None:
    """Read files and folders into a collection; what has not changed is not read again.

    A file that was moved or renamed stays the document that it was. One that was removed, or is ignored now,
    stays too, and is counted as gone, until --prune deletes it; one that is there and cannot be read keeps
    what was read of it before.

    A file that cannot be read is named with its reason and does not stop the others; the exit status is
    then 2. Ctrl-C, or SIGTERM, stops within a moment, with status 130: what was finished stays, and the same
    command goes on from there. A second Ctrl-C ends at once.

    With --reader, files of every kind are read by that class; without PATHS it delivers documents itself,
    which are kept as files in the data folder.
    """
    settings = options.settings()
    name = collection or settings.collection
    chosen = _chosen(reader, arguments, takes_files=bool(paths))
    for path in paths:
        if not os.path.lexists(path):
            raise UnknownName("path", str(path))
    if watch:
        if not paths:
            raise click.UsageError("--watch needs PATHS: a source cannot be watched")
        rounds = Rounds()
        keep_ingesting(
            paths,
            settings.data,
            lambda may_prune: _ingest_round(settings, name, paths, chosen=chosen, prune=prune and may_prune),
            lambda report: (
                say_json(json.dumps(asdict(report), ensure_ascii=False))
                if as_json
                else say(rounds.words_of(report))
            ),
        )
        return
    try:
        if chosen and not paths:
            report = ingest_source(settings, name, chosen, shown=not as_json)
        else:
            report = ingest(settings, name, paths, chosen=chosen, prune=prune, shown=not as_json)
    except Stopped as stopped:
        if as_json:
            say_json(JobShape.of(stopped.job).model_dump_json(indent=2))
        else:
            say(_told(stopped.job), err=True)
        raise SystemExit(_INTERRUPTED) from None
    if as_json:
        say_json(json.dumps(asdict(report), ensure_ascii=False, indent=2))
    else:
        say("\n".join([describe(report), *costs_of(report)]))
    if report.failed:
        raise SystemExit(2)


def ingest(
    settings: Settings,
    collection: str,
    paths: Sequence[Path],
    *,
    chosen: ChosenReader | None = None,
    prune: bool = False,
    shown: bool = False,
) -> Report:
    """One ingest as a job, with its progress ``shown`` in a terminal.

    Raises:
        Stopped: it was ended before its end.
    """
    with opened(settings) as services, open_ingest(services, chosen) as work:
        asked = JobRequest(
            paths=tuple(str(path.absolute()) for path in paths),
            prune=prune,
            reader=chosen.name if chosen else "",
        )
        job = begin(services, collection, asked)
        with showing_progress(enabled=shown) as on_progress, interruptible() as stopping:
            ran = run_job(services, work, job, stopping=stopping, on_progress=on_progress)
        if ran.error is not None:
            raise ran.error
        if ran.report is None:
            raise Stopped(services.catalog.job(job.tenant, job.id))
        return ran.report


def _ingest_round(
    settings: Settings, collection: str, paths: Sequence[Path], *, chosen: ChosenReader | None, prune: bool
) -> Report:
    """A round of watching: Ctrl-C ends the watch, too."""
    try:
        return ingest(settings, collection, paths, chosen=chosen, prune=prune)
    except Stopped as stopped:
        raise KeyboardInterrupt from stopped


def begin(services: Services, collection: str, asked: JobRequest) -> JobRecord:
    """Record what this process is about to do: ``lectern jobs`` and a server show it."""
    return services.catalog.add_job(
        services.settings.tenant,
        collection,
        "ingest",
        asked,
        place=services.originals.place,
        owner=this_process(),
    )


def ingest_source(settings: Settings, collection: str, chosen: ChosenReader, *, shown: bool) -> Report:
    """Ask a source for its documents and ingest them; those that it does not deliver any more are deleted."""
    delivered = load(chosen)
    folder = folder_of(settings.data, settings.tenant, collection, chosen)
    old_folder = old_folder_of(settings.data, collection, chosen)
    if old_folder.exists():
        with open_services(settings) as services:
            adopt(services, collection, folder, old_folder)
    report = ingest(settings, collection, materialise(folder, delivered).files, shown=shown)
    with opened(settings) as services:
        forget_removed(services, collection, folder)
    return report


def _chosen(
    reader: str | None, arguments: tuple[tuple[str, str], ...], *, takes_files: bool
) -> ChosenReader | None:
    """What is wrong with a reader's name or arguments is said before anything is read."""
    if reader is None:
        if arguments:
            raise click.UsageError("--reader-argument needs --reader")
        if not takes_files:
            raise click.UsageError("Missing argument 'PATHS...'.")
        return None
    if str(Path.cwd()) not in sys.path:
        sys.path.append(str(Path.cwd()))  # a reader of one's own lies where one works
    try:
        return choose(reader, arguments, takes_files=takes_files)
    except UnusableReader as error:
        raise click.UsageError(str(error)) from error


@contextmanager
def interruptible() -> Generator[threading.Event]:
    """An event that the first Ctrl-C, or signal to end, sets; the second one interrupts as ever."""
    stopping = threading.Event()
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}

    def stop(_number: int, _frame: FrameType | None) -> None:
        stopping.set()
        restore()

    def restore() -> None:
        for number, handler in before.items():
            signal.signal(number, handler)

    for number in before:
        signal.signal(number, stop)
    try:
        yield stopping
    finally:
        restore()


def _told(job: JobRecord) -> str:
    done = f"{job.progress.files_done} of {job.progress.files_total} files were finished"
    return f"lectern: stopped; {done} and stay. The same command, or lectern jobs retry {job.id}, goes on."


def describe(report: Report) -> str:
    """What became of the files, every failed one by name."""
    return "\n".join(_lines(report))


def _lines(report: Report) -> Iterator[str]:
    made = f"{report.characters:,} characters, {report.chunks:,} chunks"
    counts = f"{len(report.indexed)} indexed ({made}), {len(report.unchanged)} unchanged"
    for word, paths in (("moved", report.moved), ("removed", report.removed)):
        counts += f", {len(paths)} {word}" if paths else ""
    yield f"{counts}, {len(report.failed)} failed"
    yield from (f"  {failure.path}: {failure.reason}: {failure.detail}" for failure in report.failed)
    yield from (f"  {move.before} is {move.path} now" for move in report.moved)
    yield from (f"  {path}: removed" for path in report.removed)
    yield from (
        f"  {partial.path}: indexed, but for: {words}"
        for partial in report.partial
        for words in partial.warnings
    )
    if report.gone:
        yield (
            f"  files that are gone: {len(report.gone)}; their documents are still answered from, "
            "until the same command with --prune deletes them"
        )
    if report.passed_over:
        kinds = ", ".join(
            f"{count} {ending or 'without ending'}" for ending, count in report.passed_over.items()
        )
        yield f"  passed over, without a reader or as a repository's images: {kinds}"


def costs_of(report: Report) -> Iterator[str]:
    """What each stage took, and its share of the time of all; nothing where nothing was read."""
    if report.indexed:
        yield "  what each stage took, all its workers together:"
    total = sum(cost.seconds for cost in report.costs.values()) or 1.0
    for stage, cost in report.costs.items() if report.indexed else ():
        share = 100 * cost.seconds / total
        yield f"    {stage:8} {cost.seconds:9,.1f} s {share:4.0f} % {cost.cpu_seconds:9,.1f} s of CPU"
