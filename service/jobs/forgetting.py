"""Files that were sent, once nothing is known of them any more: with a purge, a failure, a better file."""

from __future__ import annotations

import shutil
from pathlib import PurePath
from typing import TYPE_CHECKING

from ingest.catalog.job_records import UNFINISHED

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator
    from pathlib import Path

    from ingest.catalog.catalog import Catalog
    from ingest.catalog.records import CollectionRecord
    from service.jobs.originals import Originals


def forget_unowned(
    catalog: Catalog, originals: Originals, collection: CollectionRecord, paths: Collection[str] | None = None
) -> None:
    """Delete the files of a collection that belong to no version, failure or unfinished job.

    Args:
        catalog: what is known.
        originals: the files.
        collection: whose.
        paths: only files that were sent under these; None looks through all.
    """
    tenant, name = collection.tenant, collection.name
    with originals.locked():
        # Jobs first: what one publishes in between is then known by the job, or by its version.
        unfinished = catalog.jobs(tenant, collections=[name], states=UNFINISHED)
        kept = list(_known(catalog, collection))
        originals.forget_all_but(tenant, name, kept, unfinished, paths=paths)


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
    """Folders of sent files that belong to no document, failure or unfinished job, of any tenant.

    Who was killed between a deletion in the catalog and that of the files has left them. Hold
    `Originals.locked`.
    """
    # Jobs first: what one publishes in between is then known by the job, or by its document.
    kept = {
        (job.tenant, job.collection, file.path)
        for job in catalog.jobs(states=UNFINISHED)
        for file in job.request.uploads
    }
    for tenant in catalog.tenants():
        for collection in catalog.collections(tenant):
            kept |= {(tenant, collection.name, path) for path in catalog.locations(tenant, collection.name)}
    return originals.strays(kept)


def forget_strays(catalog: Catalog, originals: Originals) -> list[Path]:
    """Delete the `strays`; those that there were."""
    with originals.locked():
        found = strays(catalog, originals)
        for folder in found:
            shutil.rmtree(folder, ignore_errors=True)
    return found


def _known(catalog: Catalog, collection: CollectionRecord) -> Iterator[tuple[str, str]]:
    """Paths and hashes of all versions and failures."""
    for found in (catalog.pending_versions, catalog.ready_versions, catalog.superseded_versions):
        yield from ((version.path, version.content_hash) for version in found(collection))
    for failure in catalog.failures(collection).values():  # one refused unread has no hash but in its name
        yield failure.path, failure.content_hash or PurePath(failure.location).name.partition(".")[0]
