"""Whether a job may begin, or go on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ingest.store.compacting import free_bytes
from service.access.keys import require_live
from service.jobs.receiving import require_room

if TYPE_CHECKING:
    from ingest.catalog.job_records import JobRecord
    from service.services import Services


def require_leave(services: Services, job: JobRecord) -> None:
    """Ask before a job begins, and again and again while it runs; it blocks.

    Raises:
        KeyEnded: the access key that asked for it opens nothing any more.
        StorageFull: it would take what is left of the disk.
        CatalogUnavailable: the database does not answer.
    """
    require_live(services.catalog, job.request.key)
    require_disk(services)


def require_disk(services: Services) -> None:
    """Ask before anything is ingested; raises `StorageFull`."""
    require_room(free_bytes(services.settings.data), what="more documents: make some where it lies")
