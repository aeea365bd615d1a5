"""One writer of a data directory, and of a collection, at a time; whoever finds it held is told by whom.

A data directory is locked by a file. Servers with one each may share a database: there a collection is held
by a lease, and who has lost it, because it was silent, writes nothing more.
"""

from __future__ import annotations

import json
import os
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING

from filelock import FileLock, Timeout

from ingest.catalog.lease_records import LeaseName
from ingest.errors import TransientError
from service.jobs.owner import described
from service.leasing import Held, holding_lease

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

    from ingest.catalog.catalog import Catalog

_PATIENCE_SECONDS = 1.0
_LOCK = "ingest.lock"
_HOLDER = "ingest.json"


class IngestRunning(TransientError):
    """Another process ingests into this data directory, or into this collection."""


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


@contextmanager
def writing(catalog: Catalog, tenant: str, collection: str, work: str) -> Generator[Catalog]:
    """The catalog to write a collection by, while no other server over its database writes it.

    Raises:
        IngestRunning: one does.
        CatalogUnavailable: the database does not answer.
    """
    if not catalog.is_shared:
        yield catalog
        return
    try:
        with holding_lease(catalog, LeaseName("ingest", tenant, collection), work) as lease:
            yield catalog.fenced(lease)
    except Held as held:
        since = held.lease.since.astimezone().isoformat(timespec="seconds")
        who = f"{described(held.lease.owner)}, {held.lease.work}, since {since}"
        raise IngestRunning(f"another ingest is at work in {collection!r}: {who}") from None


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
