"""Versions: what is known of them by number, by file and by state."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, exists, func, or_, select, update

from ingest.catalog.collection import end_sessions, owned
from ingest.catalog.database import CatalogPart, rows
from ingest.catalog.records import KnownFile, VersionRecord
from ingest.catalog.schema import collections, documents, failures, versions
from ingest.errors import Gone, UnknownName

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from sqlalchemy import Connection, Select
    from sqlalchemy.sql import ColumnElement

    from ingest.catalog.records import CollectionRecord

_ID_BYTES = 8


class Versions(CatalogPart):
    """The calls about versions."""

    def known_files(self, collection: CollectionRecord) -> dict[str, KnownFile]:
        """Every file of the collection by path, in one query; superseded versions are left out."""
        columns = [documents.c.path, documents.c.location, documents.c.id.label("document")]
        columns += [versions.c[name] for name in _KNOWN]
        chosen = owned(versions, collection.tenant, collection.name) & (versions.c.state != "superseded")
        query = select(*columns).join_from(versions, documents).where(chosen)
        with self._database.read() as connection:
            found = rows(connection, query.order_by(versions.c.state, versions.c.number))
        return {row["path"]: KnownFile(**row) for row in found}  # "pending" sorts first: "ready" wins

    def locations(self, tenant: str, collection: str) -> dict[str, str]:
        """For every path that a document or a failed file goes by, where the file lies."""
        columns = (table.c["path", "location"] for table in (failures, documents))  # a document wins
        with self._database.read() as connection:
            found = [
                row
                for path, location in columns
                for row in rows(
                    connection, select(path, location).where(owned(path.table, tenant, collection))
                )
            ]
        return {row["path"]: row["location"] for row in found}

    def discard_version(self, version: VersionRecord) -> None:
        """Forget a pending version; its number stays burnt. Its points must be deleted before."""
        orphaned = (documents.c.id == version.document) & ~exists().where(
            versions.c.document == documents.c.id
        )
        with self._database.write() as connection:
            _require_pending(connection, version)
            connection.execute(delete(versions).where(_is(version)))
            connection.execute(delete(documents).where(orphaned))

    def touch(
        self, version: VersionRecord | KnownFile, *, size: int, modified_ns: int, location: str
    ) -> None:
        """Record that the same bytes have a new time or place: the next run need not hash them."""
        statement = (
            update(versions)
            .where((versions.c.document == version.document) & (versions.c.number == version.number))
            .values(size=size, modified_ns=modified_ns)
        )
        with self._database.write() as connection:
            connection.execute(statement)
            _move(connection, version.document, location)

    def pending_versions(self, collection: CollectionRecord) -> tuple[VersionRecord, ...]:
        """What a run began and did not end, by number."""
        return self._in_state(collection, "pending")

    def ready_versions(self, collection: CollectionRecord) -> tuple[VersionRecord, ...]:
        """The current version of every document, by number."""
        return self._in_state(collection, "ready")

    def ready_kinds(self, collection: CollectionRecord) -> dict[str, int]:
        """How many current versions there are of each media type: of a large collection cheaper than all."""
        ready = owned(versions, collection.tenant, collection.name) & (versions.c.state == "ready")
        kind = versions.c.media_type
        with self._database.read() as connection:
            found = connection.execute(select(kind, func.count()).where(ready).group_by(kind)).all()
        return {row[0]: row[1] for row in found}

    def ready_characters(self, collection: CollectionRecord) -> int:
        """Code points of all current versions."""
        ready = owned(versions, collection.tenant, collection.name) & (versions.c.state == "ready")
        with self._database.read() as connection:
            counted = connection.execute(select(func.sum(versions.c.characters)).where(ready)).scalar()
        return int(counted or 0)

    def numbered(self, tenant: str, collection: str, numbers: Collection[int]) -> dict[int, VersionRecord]:
        """The versions behind these numbers, in whatever state, in one query; unknown ones are left out."""
        chosen = owned(versions, tenant, collection) & versions.c.number.in_(numbers)
        with self._database.read() as connection:
            return {version.number: version for version in read_versions(connection, chosen)}

    def ready_titled(self, collection: CollectionRecord, words: Sequence[str]) -> tuple[VersionRecord, ...]:
        """Ready versions whose title or path holds any of these words, by number.

        Only Latin letters may differ in case: what SQLite can tell.
        """
        columns = (versions.c.title, documents.c.path)
        named = or_(*(column.icontains(word, autoescape=True) for column in columns for word in words))
        chosen = owned(versions, collection.tenant, collection.name) & (versions.c.state == "ready") & named
        with self._database.read() as connection:
            return read_versions(connection, chosen)

    def superseded_versions(self, collection: CollectionRecord) -> tuple[VersionRecord, ...]:
        """Old versions that are still resolvable, by number; none of their points belongs in the index."""
        return self._in_state(collection, "superseded")

    def versions_of(self, tenant: str, document: str) -> tuple[VersionRecord, ...]:
        """Ready and superseded versions of a document, the oldest first; none where it is not known."""
        chosen = (versions.c.tenant == tenant) & (versions.c.document == document)
        with self._database.read() as connection:
            return read_versions(connection, chosen & (versions.c.state != "pending"))

    def purge_superseded(self, collection: CollectionRecord) -> tuple[int, ...]:
        """Forget the text of old versions for good; their numbers answer `Gone` from now on.

        The conversations that have shown any of them end.
        """
        old = owned(versions, collection.tenant, collection.name) & (versions.c.state == "superseded")
        with self._database.write() as connection:
            found = rows(connection, select(versions.c.number).where(old).order_by(versions.c.number))
            numbers = tuple(row["number"] for row in found)
            end_sessions(connection, collection.tenant, collection.name, numbers)
            connection.execute(delete(versions).where(old))
        self._database.truncate_log()
        return numbers

    def manifest(self, collection: CollectionRecord) -> dict[int, int]:
        """Ready version number → chunks the index must hold; any other number there is a leftover."""
        ready = owned(versions, collection.tenant, collection.name) & (versions.c.state == "ready")
        with self._database.read() as connection:
            found = rows(connection, select(versions.c.number, versions.c.chunks).where(ready))
        return {row["number"]: row["chunks"] for row in found}

    def version(self, tenant: str, collection: str, number: int) -> VersionRecord:
        """The version behind ``D7``, in whatever state.

        Raises:
            UnknownName: the number was never given.
            Gone: it was, and its document has been deleted.
        """
        chosen = owned(versions, tenant, collection) & (versions.c.number == number)
        with self._database.read() as connection:
            found = read_versions(connection, chosen)
            if not found:
                raise absence(connection, tenant, collection, number)
        return found[0]

    def _in_state(self, collection: CollectionRecord, state: str) -> tuple[VersionRecord, ...]:
        chosen = owned(versions, collection.tenant, collection.name) & (versions.c.state == state)
        with self._database.read() as connection:
            return read_versions(connection, chosen)


_KNOWN = (
    *("number", "state", "size", "modified_ns", "content_hash", "media_type", "title"),
    *("reader", "chunker", "embedder"),
)


def version_query() -> Select[*tuple[Any, ...]]:
    """Versions with the paths of their documents: the columns of a `VersionRecord`."""
    return select(versions, documents.c.path).join_from(versions, documents)


def read_versions(connection: Connection, chosen: ColumnElement[bool]) -> tuple[VersionRecord, ...]:
    """The chosen versions, by number."""
    found = rows(connection, version_query().where(chosen).order_by(versions.c.number))
    return tuple(VersionRecord(**row) for row in found)


def absence(connection: Connection, tenant: str, collection: str, number: int) -> Gone | UnknownName:
    """Why there is nothing under this number: a number below the counter was given once."""
    named = (collections.c.tenant == tenant) & (collections.c.name == collection)
    following = connection.execute(select(collections.c.next_number).where(named)).scalar() or 0
    return (Gone if 0 < number < following else UnknownName)("document", f"D{number}")


def _is(version: VersionRecord) -> ColumnElement[bool]:
    return owned(versions, version.tenant, version.collection) & (versions.c.number == version.number)


def _move(connection: Connection, document: str, location: str) -> None:
    connection.execute(update(documents).where(documents.c.id == document).values(location=location))


def _require_pending(connection: Connection, version: VersionRecord) -> None:
    state = connection.execute(select(versions.c.state).where(_is(version)).with_for_update()).scalar()
    if state is None:
        raise Gone("document", f"D{version.number}")
    if state != "pending":
        raise ValueError(f"D{version.number} is {state}, not pending")
