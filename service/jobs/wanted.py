"""Which files that were sent a job still has to read: now, or once somebody tries it again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ingest.catalog.job_records import UNFINISHED

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from ingest.catalog.catalog import Catalog
    from ingest.catalog.job_records import JobRecord, UploadedFile


def wanted(
    catalog: Catalog, tenant: str | None = None, *, collections: Collection[str] | None = None
) -> Iterator[tuple[JobRecord, UploadedFile]]:
    """Files that unfinished jobs read, and those that ended ones would read if they were tried again.

    Of all tenants where none is named, of all collections likewise.
    """
    taken: set[tuple[str, str, str]] = set()
    for job in _uploads(catalog, tenant, collections):
        for file in _left(catalog, job):
            if job.state in UNFINISHED or (job.tenant, job.collection, file.path) not in taken:
                yield job, file
        taken |= {(job.tenant, job.collection, path) for path in _taken(catalog, job)}


def overtaken(catalog: Catalog, job: JobRecord) -> set[str]:
    """Paths of which later uploads have sent other files that are read, or were: however those jobs ended."""
    others = _uploads(catalog, job.tenant, [job.collection])
    later = (other for other in others if other.created_at > job.created_at)
    return {path for other in later for path in _taken(catalog, other)}


def _uploads(
    catalog: Catalog, tenant: str | None, collections: Collection[str] | None
) -> Iterator[JobRecord]:
    """The newest first."""
    return (job for job in catalog.jobs(tenant, collections=collections) if job.kind == "upload")


def _left(catalog: Catalog, job: JobRecord) -> list[UploadedFile]:
    """What another attempt would read, were it not for later uploads."""
    if job.state in UNFINISHED:
        return list(job.request.uploads)
    if job.state == "done" and not job.report.failed:
        return []
    read = catalog.settled_job_paths(job)
    return [file for file in job.request.uploads if file.path not in read]


def _taken(catalog: Catalog, job: JobRecord) -> Collection[str]:
    """Paths whose files of earlier uploads are not read any more."""
    if job.state in {"done", "running"}:
        return [file.path for file in job.request.uploads]
    return catalog.settled_job_paths(job)
