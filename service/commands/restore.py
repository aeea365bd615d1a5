"""``lectern restore``: the data folder from a backup."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from service.backup.restoring import restore
from service.commands import options
from service.commands.terminal import say, say_json

if TYPE_CHECKING:
    from service.backup.restoring import Restored


@click.command(short_help="Make the data folder from a backup.")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--force", is_flag=True, help="Also where the data folder holds something: it is replaced.")
@options.as_json
def command(file: Path, *, force: bool, as_json: bool) -> None:
    """Make the data folder from a file that `lectern backup` has written.

    Every file is checked before anything is changed; killed at any moment, it leaves the folder as it was, or
    the next command finishes it. No server may run over the folder. The exit status is 1 where something is
    not right afterwards, as `lectern doctor` would tell.
    """
    restored = restore(options.settings(), file, force=force)
    if as_json:
        say_json(json.dumps(asdict(restored), ensure_ascii=False, indent=2))
    else:
        say(describe(restored))
    if restored.wrong:
        raise SystemExit(1)


def describe(restored: Restored) -> str:
    """What has been made."""
    size = f"{restored.files} files, {restored.content_bytes / 1e6:,.1f} MB"
    lines = [f"{restored.data} is as it was on {restored.created_at}: {size} in {restored.seconds:.1f} s"]
    lines += [f"made anew: {what}" for what in restored.repaired]
    lines += [f"wrong: {what}" for what in restored.wrong]
    return "\n".join([*lines, *(f"not in it: {what}" for what in restored.left_out)])
