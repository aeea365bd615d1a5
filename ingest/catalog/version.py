"""Versions: a number before the first chunk is stored, a ready record after the last one."""

from __future__ import annotations

import secrets
from dataclasses import fields, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, exists, func, insert, select, update

from ingest.catalog.codec import encode_layout, encode_passages, encode_text
from ingest.catalog.collection import end_sessions, owned, require_collection
from ingest.catalog.database import CatalogPart, rows, storable
from ingest.catalog.records import KnownFile, VersionRecord
from ingest.catalog.schema import collections, contents, documents, failures, versions
from ingest.errors import Gone, UnknownName

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection, Select
    from sqlalchemy.sql import ColumnElement

    from ingest.catalog.records import CollectionRecord, FileFacts, NewVersion

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

    def begin_versions(self, collection: CollectionRecord, files: Sequence[FileFacts]) -> list[VersionRecord]:
        """Give the files numbers, in their order, in one transaction with their pending records.

        What a killed run left pending for the same path and bytes keeps its number, if the same reader,
        chunker and embedder go on with it: its points may then be in the index already.

        Raises:
            UnknownName: the collection has been deleted.
        """
        begun: list[VersionRecord] = []
        with self._database.write() as connection:
            row = require_collection(connection, collection.tenant, collection.name)
            following = number = int(row["next_number"])
            for file in files:
                document = _find_document(connection, collection, file.path)
                if document is not None:
                    _move(connection, document, file.location)
                resumed = None if document is None else _resume(connection, document, file)
                if resumed is None:
                    document = document or _insert_document(connection, collection, file)
                    resumed = _insert_pending(connection, collection, document, following, file)
                    following += 1
                begun.append(resumed)
            counter = (collections.c.tenant == collection.tenant) & (collections.c.name == collection.name)
            if following > number:
                connection.execute(update(collections).where(counter).values(next_number=following))
        return begun

    def publish_versions(self, news: Sequence[NewVersion]) -> list[VersionRecord | None]:
        """Make pending versions ready, once their points are flushed; None where a document was deleted.

        Contents, the new states, the old versions' and the end of the files' failures are one transaction.

        Raises:
            ValueError: a version is not pending, or a document is malformed.
        """
        contents_of = [_content(new) for new in news]
        published: list[VersionRecord | None] = []
        with self._database.write() as connection:
            for new, content in zip(news, contents_of, strict=True):
                try:
                    _require_pending(connection, new.version)
                except Gone:
                    published.append(None)
                else:
                    published.append(_publish(connection, new, content))
        return published

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


def _key(version: VersionRecord) -> dict[str, Any]:
    return {"tenant": version.tenant, "collection": version.collection, "number": version.number}


def _find_document(connection: Connection, collection: CollectionRecord, path: str) -> str | None:
    at_path = owned(documents, collection.tenant, collection.name) & (documents.c.path == path)
    return connection.execute(select(documents.c.id).where(at_path)).scalar()


def _insert_document(connection: Connection, collection: CollectionRecord, file: FileFacts) -> str:
    document = secrets.token_hex(_ID_BYTES)
    row = {"id": document, "tenant": collection.tenant, "collection": collection.name}
    row |= {"path": file.path, "location": file.location}
    connection.execute(insert(documents).values(**row, created_at=datetime.now(UTC)))
    return document


def _move(connection: Connection, document: str, location: str) -> None:
    connection.execute(update(documents).where(documents.c.id == document).values(location=location))


def _resume(connection: Connection, document: str, file: FileFacts) -> VersionRecord | None:
    pending = (versions.c.document == document) & (versions.c.state == "pending")
    for name in ("content_hash", "reader", "chunker", "embedder"):
        pending &= versions.c[name] == getattr(file, name)
    found = read_versions(connection, pending)
    if not found:
        return None
    facts = _fields(file)
    connection.execute(update(versions).where(_is(found[0])).values(_columns(facts)))
    return replace(found[0], **facts)


def _insert_pending(
    connection: Connection, collection: CollectionRecord, document: str, number: int, file: FileFacts
) -> VersionRecord:
    earlier = select(func.coalesce(func.max(versions.c.ordinal), 0)).where(versions.c.document == document)
    version = VersionRecord(
        tenant=collection.tenant,
        collection=collection.name,
        number=number,
        document=document,
        ordinal=connection.execute(earlier).scalar_one() + 1,
        state="pending",
        title="",
        characters=0,
        pages=0,
        passages=0,
        chunks=0,
        created_at=datetime.now(UTC),
        **_fields(file),
    )
    connection.execute(insert(versions).values(_columns(_fields(version))))
    return version


def _fields(record: FileFacts | VersionRecord) -> dict[str, Any]:
    """The fields of a version; where its file lies stands with the document."""
    return {f.name: getattr(record, f.name) for f in fields(record) if f.name != "location"}


def _columns(values: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in values.items() if key != "path"}  # stands with the document


def _content(new: NewVersion) -> dict[str, bytes]:
    return {
        "text": encode_text(new.document.text),
        "passages": encode_passages(new.passages),
        "layout": encode_layout(new.document),
    }


def _publish(connection: Connection, new: NewVersion, content: dict[str, bytes]) -> VersionRecord:
    version, document = new.version, new.document
    published: dict[str, Any] = {
        "state": "ready",
        "title": storable(document.title),
        "reader": document.reader or version.reader,
        "characters": len(document.text),
        "pages": len(document.pages),
        "passages": len(new.passages),
        "chunks": new.chunks,
        "warnings": tuple(storable(words) for words in document.warnings),
    }
    _retire(connection, version.document)
    connection.execute(update(versions).where(_is(version)).values(published))
    connection.execute(insert(contents).values(**_key(version), **content))
    current = update(documents).where(documents.c.id == version.document)
    connection.execute(current.values(current=version.number, retitled=False))
    healed = owned(failures, version.tenant, version.collection) & (failures.c.path == version.path)
    connection.execute(delete(failures).where(healed))
    return replace(version, **published)


def _require_pending(connection: Connection, version: VersionRecord) -> None:
    state = connection.execute(select(versions.c.state).where(_is(version)).with_for_update()).scalar()
    if state is None:
        raise Gone("document", f"D{version.number}")
    if state != "pending":
        raise ValueError(f"D{version.number} is {state}, not pending")


def _retire(connection: Connection, document: str) -> None:
    ready = (versions.c.document == document) & (versions.c.state == "ready")
    connection.execute(update(versions).where(ready).values(state="superseded"))
