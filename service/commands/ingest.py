"""``lectern ingest``: files and folders into a collection."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ingest.errors import UnusableReader
from ingest.readers.llama import choose, load
from service.answers import DEFAULT_TENANT
from service.commands import options
from service.commands.progress import showing_progress
from service.commands.rounds import keep_ingesting, line_of
from service.ingesting import open_ingester
from service.loading import folder_of, forget_removed, materialise
from service.wiring import open_services

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ingest.pipeline import Report
    from ingest.readers.options import ChosenReader
    from service.settings import Settings

_MEGABYTE = 2**20


def _pairs(
    _context: click.Context, _option: click.Parameter, given: tuple[str, ...]
) -> tuple[tuple[str, str], ...]:
    pairs = [argument.partition("=") for argument in given]
    for name, sign, _ in pairs:
        if not name or not sign:
            raise click.BadParameter("must be written key=value")
    return tuple((name, value) for name, _, value in pairs)


@click.command(short_help="Read files and folders into a collection.")
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
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
    then 2. With --reader, files of every kind are read by that class; without PATHS it delivers documents
    itself, which are kept as files in the data folder.
    """
    settings = options.settings()
    name = collection or settings.collection
    chosen = _chosen(reader, arguments, takes_files=bool(paths))
    if watch:
        if not paths:
            raise click.UsageError("--watch needs PATHS: a source cannot be watched")
        keep_ingesting(
            paths,
            settings.data,
            lambda may_prune: ingest(settings, name, paths, chosen=chosen, prune=prune and may_prune),
            lambda report: click.echo(
                json.dumps(asdict(report), ensure_ascii=False) if as_json else line_of(report)
            ),
        )
        return
    if chosen and not paths:
        report = ingest_source(settings, name, chosen, shown=not as_json)
    else:
        report = ingest(settings, name, paths, chosen=chosen, prune=prune, shown=not as_json)
    click.echo(json.dumps(asdict(report), ensure_ascii=False, indent=2) if as_json else describe(report))
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
    """One ingest, with its progress ``shown`` in a terminal."""
    with (
        open_services(settings) as services,
        open_ingester(services, chosen) as ingester,
        showing_progress(enabled=shown) as on_progress,
    ):
        return ingester.ingest(
            DEFAULT_TENANT,
            collection,
            paths,
            largest=settings.largest_file_mb * _MEGABYTE,
            on_progress=on_progress,
            prune=prune,
        )


def ingest_source(settings: Settings, collection: str, chosen: ChosenReader, *, shown: bool) -> Report:
    """Ask a source for its documents and ingest them; those that it does not deliver any more are deleted."""
    source = materialise(folder_of(settings.data, collection, chosen), load(chosen))
    report = ingest(settings, collection, source.files, shown=shown)
    with open_services(settings) as services:
        forget_removed(services, collection, source.folder)
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
    yield from (f"  {partial.path}: {words}" for partial in report.partial for words in partial.warnings)
    if report.gone:
        yield (
            f"  files that are gone: {len(report.gone)}; their documents are still answered from, "
            "until the same command with --prune deletes them"
        )
    if report.passed_over:
        kinds = ", ".join(
            f"{count} {ending or 'without ending'}" for ending, count in report.passed_over.items()
        )
        yield f"  no reader for {kinds}"
