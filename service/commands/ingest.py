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
from service.ingesting import open_ingester
from service.loading import folder_of, forget_removed, materialise
from service.wiring import open_services

if TYPE_CHECKING:
    from ingest.pipeline import Report
    from ingest.readers.options import ChosenReader

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
@options.as_json
def command(
    paths: tuple[Path, ...],
    collection: str | None,
    reader: str | None,
    arguments: tuple[tuple[str, str], ...],
    *,
    as_json: bool,
) -> None:
    """Read files and folders into a collection; what has not changed is not read again.

    A file that cannot be read is named with its reason and does not stop the others; the exit status is
    then 2. With --reader, files of every kind are read by that class; without PATHS it delivers documents
    itself, which are kept as files in the data folder.
    """
    settings = options.settings()
    name = collection or settings.collection
    chosen = _chosen(reader, arguments, takes_files=bool(paths))
    source = None
    if chosen and not paths:
        source = materialise(folder_of(settings.data, name, chosen), load(chosen))
    with (
        open_services(settings) as services,
        open_ingester(services, chosen if paths else None) as ingester,
        showing_progress(enabled=not as_json) as on_progress,
    ):
        report = ingester.ingest(
            DEFAULT_TENANT,
            name,
            source.files if source else paths,
            largest=settings.largest_file_mb * _MEGABYTE,
            on_progress=on_progress,
        )
        if source:
            forget_removed(services, name, source.folder)
    click.echo(json.dumps(asdict(report), ensure_ascii=False, indent=2) if as_json else describe(report))
    if report.failed:
        raise SystemExit(2)


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
