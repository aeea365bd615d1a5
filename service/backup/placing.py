"""A restored folder put in the place of what a data folder holds, so that no kill leaves half of each.

What has been unpacked and checked lies in ``restored``; whatever is killed from then on, the next process
that opens the data folder goes on here. It all happens within the folder: it may be a volume of its own.
"""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from filelock import FileLock

if TYPE_CHECKING:
    from pathlib import Path

ARRIVING = "restoring"
"""What is being unpacked; of a killed process it is no use."""
WHOLE = "restored"
"""All of it is there; what the data folder holds is to go."""
EMPTIED = "restored.moving"
"""What the data folder held is gone."""
_LOCK = "restore.lock"
_HELD = (
    "catalog.sqlite*",
    "index*",
    ".index*",
    "uploads",
    "recognised",
    "bots.sqlite*",
    "tokens.json",
    "place",
    "server.json",
    "ingest.json",
)
_STAYS = {".gitignore", ARRIVING, WHOLE, EMPTIED}


def held(data: Path) -> list[Path]:
    """What a data folder holds beside locks and its mark for Git; nothing where it is not there."""
    if not data.is_dir():
        return []
    return [path for path in sorted(data.iterdir()) if path.suffix != ".lock" and path.name not in _STAYS]


def finish(data: Path) -> None:
    """Put what was restored in its place, where there is any."""
    if not any((data / name).is_dir() for name in (WHOLE, EMPTIED)):
        return
    with FileLock(data / _LOCK):
        if (data / WHOLE).is_dir():
            for path in _replaced(data):
                remove(path)
            (data / WHOLE).rename(data / EMPTIED)
        if (data / EMPTIED).is_dir():
            for path in sorted((data / EMPTIED).iterdir()):
                path.rename(data / path.name)
            (data / EMPTIED).rmdir()


def _replaced(data: Path) -> list[Path]:
    """What a restored store takes the place of; a lock that somebody may hold stays."""
    found = {path for pattern in _HELD for path in data.glob(pattern)}
    return sorted(path for path in found if path.suffix != ".lock")


def remove(path: Path) -> None:
    """Delete a file, or a folder and all in it."""
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
