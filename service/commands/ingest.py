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
from service.ingesting import open_ingester
from service.wiring import open_services

if TYPE_CHECKING:
    from ingest.pipeline import Report

_MEGABYTE = 2**20


@click.command(short_help="Read files and folders into a collection.")
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path))
@options.collection
@options.as_json
def command(paths: tuple[Path, ...], collection: str | None, *, as_json: bool) -> None:
    """Read files and folders into a collection; what has not changed is not read again.

    A file that cannot be read is named with its reason and does not stop the others; the exit status is
    then 2.
    """
    settings = options.settings()
    with (
        open_services(settings) as services,
        open_ingester(services) as ingester,
        showing_progress(enabled=not as_json) as on_progress,
    ):
        report = ingester.ingest(
            DEFAULT_TENANT,
            collection or settings.collection,
            paths,
            largest=settings.largest_file_mb * _MEGABYTE,
            on_progress=on_progress,
        )
    click.echo(json.dumps(asdict(report), ensure_ascii=False, indent=2) if as_json else describe(report))
    if report.failed:
        raise SystemExit(2)


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
