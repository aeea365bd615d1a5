"""``lectern ingest``: files and folders into a collection."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from service.answers import DEFAULT_TENANT
from service.commands import options
from service.commands.progress import showing_progress
from service.commands.rounds import keep_ingesting, line_of
from service.ingesting import open_ingester
from service.wiring import open_services

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ingest.pipeline import Report
    from service.settings import Settings

_MEGABYTE = 2**20


@click.command(short_help="Read files and folders into a collection.")
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path))
@options.collection
@click.option(
    "--prune",
    is_flag=True,
    help="Delete, for good, the documents whose files are not found below PATHS any more.",
)
@click.option("--watch", is_flag=True, help="Keep running, and ingest again whenever files change.")
@options.as_json
def command(
    paths: tuple[Path, ...], collection: str | None, *, prune: bool, watch: bool, as_json: bool
) -> None:
    """Read files and folders into a collection; what has not changed is not read again.

    A file that was moved or renamed stays the document that it was. One that was removed, or is ignored now,
    stays too, and is counted as gone, until --prune deletes it; one that is there and cannot be read keeps
    what was read of it before.

    A file that cannot be read is named with its reason and does not stop the others; the exit status is
    then 2.
    """
    settings = options.settings()
    name = collection or settings.collection
    if watch:
        keep_ingesting(
            paths,
            settings.data,
            lambda may_prune: ingest(settings, name, paths, prune=prune and may_prune),
            lambda report: click.echo(
                json.dumps(asdict(report), ensure_ascii=False) if as_json else line_of(report)
            ),
        )
        return
    report = ingest(settings, name, paths, prune=prune, shown=not as_json)
    click.echo(json.dumps(asdict(report), ensure_ascii=False, indent=2) if as_json else describe(report))
    if report.failed:
        raise SystemExit(2)


def ingest(
    settings: Settings, collection: str, paths: tuple[Path, ...], *, prune: bool, shown: bool = False
) -> Report:
    """One ingest, with its progress ``shown`` in a terminal."""
    with (
        open_services(settings) as services,
        open_ingester(services) as ingester,
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
