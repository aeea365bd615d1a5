"""Documents: the list that people see, one of them, its text, its end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, select

from ingest.catalog.codec import decode_layout, decode_passages, decode_text
from ingest.catalog.collection import bury, lock_collection, owned
from ingest.catalog.database import CatalogPart, rows
from ingest.catalog.records import CitableText, DocumentContent, DocumentPage, DocumentRecord, VersionRecord
from ingest.catalog.schema import contents, documents, session_documents, sessions, tombstones, versions
from ingest.catalog.version import absence, version_query
from ingest.errors import Gone, UnknownName

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy import Connection, Select

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
        return DocumentContent(document, decode_passages(row["passages"]))

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
            _end_sessions(connection, tenant, collection, numbers)
            bury(connection, chosen)
            connection.execute(delete(documents).where(chosen))
        return numbers

    def _blobs(self, tenant: str, collection: str, number: int, *names: str) -> Mapping[str, Any]:
        chosen = owned(contents, tenant, collection) & (contents.c.number == number)
        with self._database.read() as connection:
            found = rows(connection, select(*(contents.c[name] for name in names)).where(chosen))
            if not found:
                raise absence(connection, tenant, collection, number)
        return found[0]


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


def _end_sessions(connection: Connection, tenant: str, collection: str, numbers: Sequence[int]) -> None:
    shown = select(session_documents.c.session).where(
        (session_documents.c.tenant == tenant) & session_documents.c.number.in_(numbers)
    )
    over = owned(sessions, tenant, collection) & sessions.c.id.in_(shown)
    connection.execute(delete(sessions).where(over))
