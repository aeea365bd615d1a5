"""``lectern reindex``: a collection's index, anew and beside the one that serves."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from ingest.reindexing import Reindexer
from service.commands import options
from service.commands.auditing import opened
from service.commands.terminal import say, say_json, say_over
from service.ingest_lock import holding, writing
from service.wording import counted

if TYPE_CHECKING:
    from ingest.reindexing import ReindexProgress, ReindexReport


@click.command(short_help="Build a collection's index anew from what is stored.")
@click.argument("collection", required=False)
@click.option("--anew", is_flag=True, help="Also where all of it is up to date.")
@options.as_json
def command(collection: str | None, *, anew: bool, as_json: bool) -> None:
    """Build the index of a collection anew, with the embedder that the settings ask for.

    No file is read: the text is that of the catalog. Searches use the old index until the new one is whole.
    A run that is killed goes on where it was when it is called again.
    """
    settings = options.settings()
    name = collection or settings.collection
    work = f"re-index of {name!r}"
    with (
        opened(settings, collection=name) as services,
        holding(settings.data, work),
        writing(services.catalog, settings.tenant, name, work) as catalog,
    ):
        reindexer = Reindexer(catalog, services.index, services.embedder)
        report = reindexer.reindex(settings.tenant, name, on_progress=_show, anew=anew)
    if as_json:
        say_json(json.dumps(asdict(report), ensure_ascii=False, indent=2))
    else:
        say(describe(report))


def describe(report: ReindexReport) -> str:
    """What has been built."""
    if not report.documents:
        return f"{report.collection} is of {report.embedder} already: nothing to build, unless with --anew"
    resumed = f", {report.resumed} of them by a run before" if report.resumed else ""
    made = f"{counted(report.documents, 'document')}, {counted(report.chunks, 'chunk')}{resumed}"
    return f"{report.collection} is of {report.embedder} now: {made}"


def _show(progress: ReindexProgress) -> None:
    if sys.stderr.isatty():
        end = "\n" if progress.done == progress.total else ""
        say_over(f"{progress.done}/{progress.total} documents{end}")
