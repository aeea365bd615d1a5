"""One version at a time: as the catalog's own calls do for many."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ingest.catalog.records import NewVersion
from ingest.errors import Gone

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ingest.catalog.catalog import Catalog
    from ingest.catalog.records import CollectionRecord, FileFacts, VersionRecord
    from ingest.model import Document, Passage


def begin(catalog: Catalog, collection: CollectionRecord, file: FileFacts) -> VersionRecord:
    (version,) = catalog.begin_versions(collection, [file])
    return version


def publish(
    catalog: Catalog, version: VersionRecord, document: Document, passages: Sequence[Passage], *, chunks: int
) -> VersionRecord:
    (published,) = catalog.publish_versions([NewVersion(version, document, passages, chunks)])
    if published is None:
        raise Gone("document", f"D{version.number}")
    return published
