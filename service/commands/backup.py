"""``lectern backup``: the data folder in one file, taken while it serves."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from service.backup.manifest import UnusableBackup
from service.backup.reading import verify
from service.backup.taking import take
from service.commands import options
from service.commands.terminal import say, say_json

if TYPE_CHECKING:
    from service.backup.manifest import Manifest
    from service.backup.taking import Taken

_MEGABYTE = 1e6


@click.command(short_help="Write all that is kept into one file, while it serves.")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--verify", "only_verify", is_flag=True, help="Read a backup, check all of it, write nothing.")
@click.option("--force", is_flag=True, help="Also where there is such a file: it is replaced.")
@options.as_json
def command(file: Path, *, only_verify: bool, force: bool, as_json: bool) -> None:
    """Write catalog, index and sent files into one file, as they are at one moment.

    Searches, answers and ingests go on; uploads and deletions wait for the moment in which all is copied.
    The file holds the text of every document, and everything else that is private: keep it like the data.
    A catalog in PostgreSQL, and an index on a Qdrant server, are not in it: their own tools save them.
    """
    if only_verify:
        manifest = verify(file)
        if as_json:
            say_json(json.dumps(_figures(file, manifest), indent=2))
        else:
            say(_verified(file, manifest))
        return
    _require_room(file, force=force)
    taken = take(options.settings(), file)
    if as_json:
        say_json(json.dumps(asdict(taken), ensure_ascii=False, indent=2))
    else:
        say(describe(taken))


def _require_room(file: Path, *, force: bool) -> None:
    folder = file.absolute().parent
    if not folder.is_dir():
        raise UnusableBackup(f"{folder}, where the backup is to lie, is no folder: make it first")
    if file.exists() and not force:
        raise UnusableBackup(f"{file} is there already: name another file, or add --force to replace it")


def describe(taken: Taken) -> str:
    """What has been written."""
    size = f"{taken.bytes / _MEGABYTE:,.1f} MB of {taken.files} files"
    line = f"{taken.file}: {size} in {taken.seconds:.1f} s; writes waited {taken.frozen_seconds:.2f} s"
    return "\n".join([line, *(f"not in it: {what}" for what in taken.left_out)])


def _figures(file: Path, manifest: Manifest) -> dict[str, object]:
    return {
        "file": str(file),
        "bytes": file.stat().st_size,
        "files": len(manifest.files),
        "created_at": manifest.created_at,
        "lectern": manifest.lectern,
        "schema": manifest.schema,
        "left_out": manifest.left_out,
    }


def _verified(file: Path, manifest: Manifest) -> str:
    made = f"made by Lectern {manifest.lectern}, {manifest.created_at}"
    return f"{file} is whole: {len(manifest.files)} files, {made}"
