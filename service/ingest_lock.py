"""One writer of a data directory at a time; whoever finds it held is told by whom."""

from __future__ import annotations

import json
import os
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING

from filelock import FileLock, Timeout

from ingest.errors import TransientError

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

_PATIENCE_SECONDS = 1.0
_LOCK = "ingest.lock"
_HOLDER = "ingest.json"


class IngestRunning(TransientError):
    """Another process ingests into this data directory."""


@contextmanager
def holding(data: Path, work: str) -> Generator[None]:
    """Hold the directory for as long as the block runs; ``work`` says what for.

    Raises:
        IngestRunning: somebody else holds it.
    """
    lock = FileLock(data / _LOCK)
    try:
        lock.acquire(timeout=_PATIENCE_SECONDS)
    except Timeout:
        raise IngestRunning(f"another ingest is at work in {data}{holder(data)}") from None
    note = data / _HOLDER
    try:
        since = datetime.now().astimezone().isoformat(timespec="seconds")
        note.write_text(json.dumps({"pid": os.getpid(), "work": work, "since": since}), encoding="utf-8")
        yield
    finally:
        note.unlink(missing_ok=True)
        lock.release()


def holder(data: Path) -> str:
    """``: process 71, re-index of 'contracts', since …``; empty where nobody has said so."""
    try:
        noted = json.loads((data / _HOLDER).read_text(encoding="utf-8"))
        return f": process {noted['pid']}, {noted['work']}, since {noted['since']}"
    except (OSError, ValueError, KeyError, TypeError):
        return ""


def abandoned(data: Path) -> list[Path]:
    """The note of a holder that was killed; nothing while somebody holds the directory."""
    lock = FileLock(data / _LOCK)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        return []
    lock.release()
    return [note for note in (data / _HOLDER,) if note.exists()]
