"""Where a shard is written anew, so that its files hold nothing of the points that were deleted.

A deleted point is only marked: its vectors stay in their segment, and what was written of it in the log. The
log cannot be thrown away beside its segments, for its numbers go on in them. So what is left is copied into a
shard of its own, which takes the place of the old one.
"""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


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


def _stale_path(path: Path) -> Path:
    return path.with_name(f".{path.name}.stale")
