"""Pins: the documents that every prompt of their collection reads whole."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import delete, insert, select

from ingest.catalog.collection import owned, owned_by_asked, require_collection
from ingest.catalog.database import CatalogPart, rows
from ingest.catalog.schema import documents, pins, versions
from ingest.catalog.version import records_of, versions_where
from ingest.errors import UnknownName

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ingest.catalog.records import CollectionRecord, VersionRecord


_PINNED = versions_where(
    owned_by_asked(versions)
    & (versions.c.state == "ready")
    & versions.c.document.in_(select(pins.c.document).where(owned_by_asked(pins)))
)


class Pins(CatalogPart):
    """The calls about pinned documents."""

    def set_pinned(self, collection: CollectionRecord, chosen: Iterable[str]) -> None:
        """Pin these documents, by their public ids, and no others.

        Raises:
            UnknownName: the collection, or one of them in it, is not there; nothing changes.
        """
        tenant, name = collection.tenant, collection.name
        wanted = sorted(set(chosen))
        with self._database.write() as connection:
            require_collection(connection, tenant, name)
            mine = owned(documents, tenant, name) & documents.c.id.in_(wanted)
            known = {row["id"] for row in rows(connection, select(documents.c.id).where(mine))}
            for document in wanted:
                if document not in known:
                    raise UnknownName("document", document)
            connection.execute(delete(pins).where(owned(pins, tenant, name)))
            if wanted:
                owner = {"tenant": tenant, "collection": name}
                connection.execute(insert(pins), [owner | {"document": document} for document in wanted])

    def pinned(self, collection: CollectionRecord) -> tuple[VersionRecord, ...]:
        """The ready versions of the pinned documents, by number."""
        with self._database.read() as connection:
            found = rows(connection, _PINNED, tenant=collection.tenant, collection=collection.name)
        return records_of(found)
