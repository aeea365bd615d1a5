"""Whether a job may go on: somebody answers for it still, and there is room for what it writes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ingest.store.compacting import free_bytes
from service.access.keys import require_live
from service.jobs.receiving import RESERVE, StorageFull

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from ingest.catalog.catalog import Catalog
    from ingest.catalog.job_records import JobRecord

LEAST_FREE = RESERVE // 2
"""Bytes of the disk that no job takes: with less, nothing else can be written either, deletions included."""


class GoingOn:
    """Asked before a job begins and while it runs.

    Args:
        catalog: knows the access keys.
        folder: where jobs write.
        free: bytes that are free on the disk of a folder.
    """

    def __init__(self, catalog: Catalog, folder: Path, *, free: Callable[[Path], int] = free_bytes) -> None:
        self._catalog = catalog
        self._folder = folder
        self._free = free

    def require(self, job: JobRecord) -> None:
        """What is written so far stays; who asks again, goes on with the rest.

        Raises:
            StorageFull: the disk has hardly any room left.
            KeyEnded: the access key that asked for the job was revoked or has expired.
            CatalogUnavailable: nobody knows.
        """
        if self._free(self._folder) < LEAST_FREE:
            raise StorageFull("the disk of the data folder is nearly full: make room, then try it again")
        require_live(self._catalog, job.request.key)
