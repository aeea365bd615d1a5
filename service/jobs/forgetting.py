"""Files that were sent, once nothing is known of them any more: with a purge, a failure, a better file."""

from __future__ import annotations

import shutil
from pathlib import PurePath
from typing import TYPE_CHECKING

from ingest.catalog.job_records import UNFINISHED
from service.jobs.wanted import wanted

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator
    from pathlib import Path

    from ingest.catalog.catalog import Catalog
    from ingest.catalog.records import CollectionRecord
    from service.jobs.originals import Originals


def forget_unowned(
    catalog: Catalog, originals: Originals, collection: CollectionRecord, paths: Collection[str] | None = None
) -> None:
    """Delete the files of a collection that belong to no version and no failure, and that no job wants.

    Args:
        catalog: what is known.
        originals: the files.
        collection: whose.
        paths: only files that were sent under these; None looks through all.
    """
    tenant, name = collection.tenant, collection.name
    with originals.locked():
        # Jobs first: what one publishes in between is then known by the job, or by its version.
        still_read = list(wanted(catalog, tenant, collections=[name]))
        kept = [*_versions(catalog, collection), *_failures(catalog, collection)]
        originals.forget_all_but(tenant, name, kept, still_read, paths=paths)


def forget_unread(catalog: Catalog, originals: Originals, collection: CollectionRecord, path: str) -> None:
    """Delete what could not be read under a path, though its job could be tried again.

    Before the failure itself: killed in between, whoever deletes can do it again.
    """
    tenant, name = collection.tenant, collection.name
    with originals.locked():
        unfinished = catalog.jobs(tenant, collections=[name], states=UNFINISHED)
        still_read = [(job, file) for job in unfinished for file in job.request.uploads]
        kept = list(_versions(catalog, collection))
        originals.forget_all_but(tenant, name, kept, still_read, paths=[path])


def forget_replaced(
    catalog: Catalog, originals: Originals, collection: CollectionRecord, sent: Iterable[str]
) -> None:
    """After an upload: a file that could not be read goes with the one that took its place.

    ``sent`` are the paths of the upload.
    """
    paths = [path for path in sent if originals.has_several(collection.tenant, collection.name, path)]
    if paths:
        forget_unowned(catalog, originals, collection, paths)


def strays(catalog: Catalog, originals: Originals) -> list[Path]:
    """Sent files that belong to no document and no failure, and that no job wants, of any tenant.

    Who was killed between a deletion in the catalog and that of the files has left them, and so has a job
    that was forgotten. Hold `Originals.locked`.
    """
    # Jobs first: what one publishes in between is then known by the job, or by its document.
    still_read = list(wanted(catalog))
    kept = {
        (tenant, collection.name, path)
        for tenant in catalog.tenants()
        for collection in catalog.collections(tenant)
        for path in catalog.locations(tenant, collection.name)
    }
    return originals.strays(kept, still_read)


def forget_strays(catalog: Catalog, originals: Originals) -> list[Path]:
    """Delete the `strays`; those that there were."""
    with originals.locked():
        found = strays(catalog, originals)
        for path in found:
            if path.is_dir():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink(missing_ok=True)
    return found


def _versions(catalog: Catalog, collection: CollectionRecord) -> Iterator[tuple[str, str]]:
    """Paths and hashes of all versions."""
    for found in (catalog.pending_versions, catalog.ready_versions, catalog.superseded_versions):
        yield from ((version.path, version.content_hash) for version in found(collection))


def _failures(catalog: Catalog, collection: CollectionRecord) -> Iterator[tuple[str, str]]:
    """Paths and hashes of files that could not be read."""
    for failure in catalog.failures(collection).values():  # one refused unread has no hash but in its name
        yield failure.path, failure.content_hash or PurePath(failure.location).name.partition(".")[0]
