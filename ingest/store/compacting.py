"""Where a shard is written anew, so that its files hold nothing of the points that were deleted.

A deleted point is only marked: its vectors stay in their segment, and what was written of it in the log. The
log cannot be thrown away beside its segments, for its numbers go on in them. So what is left is copied into a
shard of its own, which takes the place of the old one.
"""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

LEAST = 5_000
"""Deleted points, about 10 MB with their entries in the log, for which a shard is not written anew."""
SHARE = 0.5
"""Of the points that are left: two are copied for each that was deleted, and a shard takes little more than
half as much again as it must."""
_BLOCK = 512
"""Bytes, as `os.stat` counts blocks."""


def is_worth_it(deleted: int, left: int) -> bool:
    """Whether a shard with so many points should be written anew."""
    return deleted >= max(LEAST, SHARE * left)


def free_bytes(path: Path) -> int:
    """On the disk of a folder."""
    return shutil.disk_usage(path).free


def needed_bytes(path: Path) -> int:
    """Without so much room a shard is not written anew, twice what it takes: a full disk kills the engine."""
    return 2 * sum(_taken(file) for file in path.rglob("*"))


def _taken(file: Path) -> int:
    """Bytes on the disk, where the system tells: the engine's files have holes."""
    try:
        found = file.stat()
    except OSError:  # it has gone meanwhile
        return 0
    return getattr(found, "st_blocks", found.st_size // _BLOCK) * _BLOCK


def deleted_in(path: Path) -> int:
    """How many points the files of a shard hold that were deleted; 0 where nobody has noted it."""
    try:
        return int(json.loads(_note(path).read_bytes()))
    except (OSError, ValueError, TypeError):
        return 0


def note_deleted(path: Path, deleted: int) -> None:
    """Note it within the shard, so that it goes where the files go, and with them."""
    draft = _note(path).with_suffix(".draft")
    draft.write_text(json.dumps(deleted), encoding="utf-8")
    draft.replace(_note(path))


def fresh_path(path: Path) -> Path:
    """Where the shard that lies at ``path`` is written anew; no name of a shard begins like this."""
    return path.with_name(f".{path.name}.fresh")


def swap(path: Path) -> None:
    """Let the fresh shard take the place of the old one, which is deleted. Nobody may have it open."""
    path.rename(_stale_path(path))
    settle(path)


def settle(path: Path) -> None:
    """Bring what was killed to an end: before the swap the old shard stays, after it the new one."""
    fresh, stale = fresh_path(path), _stale_path(path)
    if stale.exists() and not path.exists():
        fresh.rename(path)
    for left in (stale, fresh):
        shutil.rmtree(left, ignore_errors=True)


def _note(path: Path) -> Path:
    return path / "deleted.json"


def _stale_path(path: Path) -> Path:
    return path.with_name(f".{path.name}.stale")
