"""``lectern migrate``: the index to a Qdrant server, back, or into another layout there."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from service.commands import options
from service.commands.terminal import say, say_json, say_over
from service.migrating import EMBEDDED, migrate, rebuild
from service.wording import counted

if TYPE_CHECKING:
    from ingest.migrating import MigrationProgress, MigrationReport

_MOST_TOLD = 20


def _check_place(_context: click.Context, _option: click.Parameter, place: str | None) -> str | None:
    if place is None or place == EMBEDDED or place.startswith(("http://", "https://")):
        return place
    raise click.BadParameter(f"must be {EMBEDDED!r} or the URL of a Qdrant server, http://… or https://…")


@click.command(short_help="Copy the index to a Qdrant server, or back.")
@click.argument("target", required=False, callback=_check_place)
@click.option(
    "--from",
    "source",
    metavar="PLACE",
    callback=_check_place,
    help="Where the index is; by default where the settings say.",
)
@click.option(
    "--key-file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Holds the API key of the server that the settings do not name.",
)
@click.option("--rebuild", "anew", is_flag=True, help="Build it anew on the server of the settings.")
@options.as_json
def command(
    target: str | None, source: str | None, key_file: Path | None, *, anew: bool, as_json: bool
) -> None:
    """Copy the index of all tenants to TARGET: `embedded`, in the data folder, or the URL of a Qdrant server.

    Nothing is embedded anew, and nothing changes where the index is now: point LECTERN_QDRANT_URL at the new
    place afterwards. Each document is read again from where it was written, and compared. Searches and
    deletions may go on meanwhile, ingests may not. Killed at any moment, the same command does what is left.

    With --rebuild the Qdrant server of the settings gets new Qdrant collections with the shards, replicas and
    so on that the settings ask for; they serve once they are whole.

    The exit status is 1 where documents lack points, as they do where they came from.
    """
    settings = options.settings()
    if anew == (target is not None) or (anew and (source is not None or key_file is not None)):
        raise click.UsageError("name one place to copy to, or --rebuild alone")
    key = key_file.read_text(encoding="utf-8").strip() if key_file else None
    if target is None:
        report = rebuild(settings, on_progress=_show)
    else:
        whence = source or settings.qdrant_url or EMBEDDED
        report = migrate(settings, whence, target, key=key, on_progress=_show)
    if as_json:
        say_json(json.dumps(asdict(report), ensure_ascii=False, indent=2))
    else:
        say(describe(report))
    if report.lacking:
        raise SystemExit(1)


def describe(report: MigrationReport) -> str:
    """What is there now, and what of it was copied."""
    held = f"{counted(report.documents, 'document')} of {counted(report.collections, 'collection')}"
    copied = f"{counted(report.copied_documents, 'document')} copied"
    rest = f"{report.kept_documents:,} there already, {report.forgotten_documents:,} forgotten"
    told = f"the index holds {held}, {counted(report.points, 'point')}: {copied}, {rest}"
    if not report.lacking:
        return told
    named = ", ".join(report.lacking[:_MOST_TOLD]) + (", …" if len(report.lacking) > _MOST_TOLD else "")
    lacking = f"{counted(len(report.lacking), 'document')} without all their points, as where they came from"
    return f"{told}\n{lacking}: {named}; lectern doctor --repair writes them anew"


def _show(progress: MigrationProgress) -> None:
    if sys.stderr.isatty():
        end = "\n" if progress.done == progress.total else ""
        say_over(f"{progress.collection}: {progress.done:,} of {progress.total:,} points{end}")
