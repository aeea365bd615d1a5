"""Pins: the documents that every prompt of their collection reads whole."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import delete, insert, select

from ingest.catalog.collection import owned, require_collection
from ingest.catalog.database import CatalogPart, rows
from ingest.catalog.schema import documents, pins, versions
from ingest.catalog.version import read_versions
from ingest.errors import UnknownName

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ingest.catalog.records import CollectionRecord, VersionRecord


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
        listed = select(pins.c.document).where(owned(pins, collection.tenant, collection.name))
        ready = owned(versions, collection.tenant, collection.name) & (versions.c.state == "ready")
        with self._database.read() as connection:
            return read_versions(connection, ready & versions.c.document.in_(listed))
