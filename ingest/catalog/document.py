"""Documents: the list that people see, one of them, its text, its end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, select, update

from ingest.catalog.codec import decode_layout, decode_passages, decode_text
from ingest.catalog.collection import bury, end_sessions, lock_collection, owned, owned_among
from ingest.catalog.database import CatalogPart, rows, storable
from ingest.catalog.records import CitableText, DocumentContent, DocumentPage, DocumentRecord, VersionRecord
from ingest.catalog.schema import contents, documents, tombstones, versions
from ingest.catalog.version import absence, version_query
from ingest.errors import Gone, UnknownName

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy import Connection, Select

    from ingest.catalog.records import CollectionRecord, Moved

_CREATED = "document_created_at"


class Documents(CatalogPart):
    """The calls about documents and their contents."""

    def documents(
        self, tenant: str, collection: str, *, limit: int, after: str | None = None
    ) -> DocumentPage:
        """Documents with a ready version, by path; ``after`` is the ``next`` of the page before."""
        chosen = owned(documents, tenant, collection)
        if after is not None:
            chosen &= documents.c.path > after
        query = _ready().where(chosen).order_by(documents.c.path).limit(limit + 1)
        with self._database.read() as connection:
            found = tuple(_record(row) for row in rows(connection, query))
        shown = found[:limit]
        return DocumentPage(shown, shown[-1].version.path if len(found) > limit and shown else None)

    def document(self, tenant: str, document: str) -> DocumentRecord:
        """One document by its public id.

        Raises:
            UnknownName: there is none that this tenant may know of.
            Gone: it has been deleted.
        """
        chosen = (documents.c.tenant == tenant) & (documents.c.id == document)
        with self._database.read() as connection:
            found = rows(connection, _ready().where(chosen))
            if not found:
                raise _lost(connection, tenant, document)
        return _record(found[0])

    def location(self, tenant: str, document: str) -> str:
        """Where the file of a document lies; empty where it never was one.

        Raises:
            UnknownName, Gone: as `document`.
        """
        chosen = (documents.c.tenant == tenant) & (documents.c.id == document)
        with self._database.read() as connection:
            found = rows(connection, select(documents.c.location).where(chosen))
            if not found:
                raise _lost(connection, tenant, document)
        return found[0]["location"]

    def text(self, tenant: str, collection: str, number: int) -> str:
        """The canonical text of a version, ready or superseded.

        Raises:
            UnknownName: the number was never given, or nothing is published under it.
            Gone: its document has been deleted.
        """
        return decode_text(self._blobs(tenant, collection, number, "text")["text"])

    def citable(self, tenant: str, collection: str, number: int) -> CitableText:
        """Text and passages, without unpacking the layout; raises as `text`."""
        row = self._blobs(tenant, collection, number, "text", "passages")
        return CitableText(decode_text(row["text"]), decode_passages(row["passages"]))

    def content(self, tenant: str, collection: str, number: int) -> DocumentContent:
        """The whole document and its passages; raises as `text`."""
        row = self._blobs(tenant, collection, number, "text", "passages", "layout")
        document = decode_layout(row["layout"], decode_text(row["text"]))
        chosen = owned(versions, tenant, collection) & (versions.c.number == number)
        with self._database.read() as connection:
            query = select(documents.c.path).where(chosen & (documents.c.id == versions.c.document))
            path = connection.execute(query).scalar()
        return DocumentContent(document, decode_passages(row["passages"]), path or "")

    def delete_document(self, tenant: str, document: str) -> tuple[int, ...]:
        """Forget a document, its versions, and the sessions that have shown any of them.

        Returns:
            The numbers whose points the caller must delete from the index.

        Raises:
            UnknownName: there is none that this tenant may know of.
            Gone: it has been deleted before.
        """
        chosen = (documents.c.tenant == tenant) & (documents.c.id == document)
        with self._database.write() as connection:
            collection = connection.execute(select(documents.c.collection).where(chosen)).scalar()
            if collection is None:
                raise _lost(connection, tenant, document)
            lock_collection(connection, tenant, collection)
            held = rows(connection, select(versions.c.number).where(versions.c.document == document))
            numbers = tuple(sorted(row["number"] for row in held))
            end_sessions(connection, tenant, collection, numbers)
            bury(connection, chosen)
            connection.execute(delete(documents).where(chosen))
        self._database.truncate_log()
        return numbers

    def document_at(self, tenant: str, collection: str, path: str) -> DocumentRecord:
        """The document that goes by this path; raises `UnknownName`."""
        chosen = owned(documents, tenant, collection) & (documents.c.path == path)
        with self._database.read() as connection:
            found = rows(connection, _ready().where(chosen))
        if not found:
            raise UnknownName("document", path)
        return _record(found[0])

    def move_documents(self, collection: CollectionRecord, moves: Sequence[Moved]) -> None:
        """Give documents new paths, all at once: two of them may swap theirs.

        Those that get a new title, or are of another source now, are `retitled` until their points show it.
        """
        mine = owned(documents, collection.tenant, collection.name)
        with self._database.write() as connection:
            for move in moves:  # out of each other's way: no path of a file begins like this
                document = update(documents).where(mine & (documents.c.id == move.document))
                connection.execute(document.values(path=f"/moving/{move.document}"))
            for move in moves:
                document = update(documents).where(mine & (documents.c.id == move.document))
                connection.execute(document.values(path=move.path, location=move.location))
                of_version = owned(versions, collection.tenant, collection.name) & (
                    versions.c.number == move.number
                )
                stamp = {"size": move.size, "modified_ns": move.modified_ns}
                connection.execute(update(versions).where(of_version).values(stamp))
                _retitle(connection, collection, move)

    def retitled(self, collection: CollectionRecord) -> tuple[int, ...]:
        """Numbers of the ready versions whose points still show the title, or source, before a move."""
        chosen = owned_among(documents, collection.tenant, collection.name) & documents.c.retitled
        query = select(documents.c.current).where(chosen & documents.c.current.is_not(None))
        with self._database.read() as connection:
            return tuple(row["current"] for row in rows(connection, query.order_by(documents.c.current)))

    def settle_title(self, collection: CollectionRecord, number: int) -> None:
        """The points of a retitled version show its title and source."""
        chosen = owned(documents, collection.tenant, collection.name) & (documents.c.current == number)
        with self._database.write() as connection:
            connection.execute(update(documents).where(chosen).values(retitled=False))

    def _blobs(self, tenant: str, collection: str, number: int, *names: str) -> Mapping[str, Any]:
        chosen = owned(contents, tenant, collection) & (contents.c.number == number)
        with self._database.read() as connection:
            found = rows(connection, select(*(contents.c[name] for name in names)).where(chosen))
            if not found:
                raise absence(connection, tenant, collection, number)
        return found[0]


def _retitle(connection: Connection, collection: CollectionRecord, move: Moved) -> None:
    if move.title is not None:
        of_version, of_content = (
            owned(table, collection.tenant, collection.name) & (table.c.number == move.number)
            for table in (versions, contents)
        )
        connection.execute(update(versions).where(of_version).values(title=storable(move.title)))
        connection.execute(update(contents).where(of_content).values(layout=move.layout))
    if move.title is not None or move.of_other_source:
        connection.execute(update(documents).where(documents.c.id == move.document).values(retitled=True))


def _ready() -> Select[*tuple[Any, ...]]:
    query = version_query().add_columns(documents.c.created_at.label(_CREATED))
    return query.where(versions.c.number == documents.c.current)


def _record(row: Mapping[str, Any]) -> DocumentRecord:
    version = VersionRecord(**{key: value for key, value in row.items() if key != _CREATED})
    return DocumentRecord(version.document, row[_CREATED], version)


def _lost(connection: Connection, tenant: str, document: str) -> Gone | UnknownName:
    buried = (tombstones.c.tenant == tenant) & (tombstones.c.document == document)
    grave = connection.execute(select(tombstones.c.document).where(buried)).scalar()
    return (UnknownName if grave is None else Gone)("document", document)
