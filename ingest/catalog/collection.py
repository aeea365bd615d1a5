"""Collections: their embedder, and the counter that numbers their versions."""

from __future__ import annotations

import math
import shlex
import sys
from array import array
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, delete, func, insert, literal, select, true, update
from sqlalchemy.exc import IntegrityError

from ingest.catalog.call_details import forget_collection_details, forget_details
from ingest.catalog.database import CatalogPart, rows
from ingest.catalog.records import CollectionRecord
from ingest.catalog.schema import (
    Moment,
    collections,
    documents,
    failures,
    reviews,
    session_documents,
    sessions,
    tombstones,
    versions,
)
from ingest.errors import UnknownName, UnsupportedStore

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from sqlalchemy import Connection, Table
    from sqlalchemy.sql import ColumnElement

_FIELDS = frozenset(CollectionRecord.__slots__)
NO_REINDEX: dict[str, None] = {
    "next_generation": None,
    "next_embedder": None,
    "next_dimensions": None,
    "next_check_vector": None,
    "next_chunker": None,
}
"""Of a collection beside which nothing is built."""
ANY_DOCUMENT = 0
"""Stands among the versions that a session has shown where it may repeat any; versions count from 1."""
_DRIFT = 0.01
"""Of a check vector's length: other processors round otherwise, other models point elsewhere."""


def owned(table: Table, tenant: str, collection: str) -> ColumnElement[bool]:
    """The rows of a table that belong to this collection."""
    return (table.c.tenant == tenant) & (table.c.collection == collection)


def owned_among(table: Table, tenant: str, collection: str) -> ColumnElement[bool]:
    """Likewise, among rows that something else finds, which an index serves.

    SQLite keeps no counts here: by names it can look up, it would walk through the whole collection.
    """
    return (table.c.tenant + "" == tenant) & (table.c.collection + "" == collection)


def owned_by_asked(table: Table) -> ColumnElement[bool]:
    """Likewise, in a statement that leaves ``tenant`` and ``collection`` open."""
    return (table.c.tenant == bindparam("tenant")) & (table.c.collection == bindparam("collection"))


def among(table: Table, names: Collection[str] | None) -> ColumnElement[bool]:
    """The rows of a table that belong to one of these collections; None stands for all of them."""
    return true() if names is None else table.c.collection.in_(sorted(names))


_NAMED = select(collections).where(
    (collections.c.tenant == bindparam("tenant")) & (collections.c.name == bindparam("name"))
)
_THERE, _LOCKED = _NAMED.where(~collections.c.deleted), _NAMED.with_for_update()


def lock_collection(connection: Connection, tenant: str, name: str) -> Mapping[str, Any] | None:
    """The row of a collection, deleted or not; whoever else locks it waits for this transaction."""
    found = rows(connection, _LOCKED, tenant=tenant, name=name)
    return found[0] if found else None


def require_collection(connection: Connection, tenant: str, name: str) -> Mapping[str, Any]:
    """The locked row of a collection that is there; raises `UnknownName`."""
    row = lock_collection(connection, tenant, name)
    if row is None or row["deleted"]:
        raise UnknownName("collection", name)
    return row


class Collections(CatalogPart):
    """The calls about collections."""

    def ensure_collection(
        self,
        tenant: str,
        name: str,
        *,
        embedder: str,
        dimensions: int,
        check_vector: bytes,
        egress: str | None = None,
    ) -> CollectionRecord:
        """The collection, made where it is not there; ``check_vector`` is single floats, little-endian.

        ``egress`` is what a new one begins with; that of one that is there stays.

        Raises:
            UnsupportedStore: it holds another embedder's vectors, and needs a re-index.
        """
        wanted = {"embedder": embedder, "dimensions": dimensions, "check_vector": check_vector}
        try:
            return self._ensure(tenant, name, wanted, egress)
        except IntegrityError:  # another process made it in this moment
            return self._ensure(tenant, name, wanted, egress)

    def _ensure(self, tenant: str, name: str, wanted: dict[str, Any], egress: str | None) -> CollectionRecord:
        fresh = {**wanted, "egress": egress, "created_at": datetime.now(UTC), "deleted": False}
        with self._database.write() as connection:
            row = lock_collection(connection, tenant, name)
            if row is None:
                new = {**fresh, "tenant": tenant, "name": name, "generation": 1, "next_number": 1}
                connection.execute(insert(collections).values(new))
                return _record(new)
            if row["deleted"]:
                used = max(row["generation"], row["next_generation"] or 0)
                again = {**fresh, **NO_REINDEX, "generation": used + 1}
                named = (collections.c.tenant == tenant) & (collections.c.name == name)
                connection.execute(update(collections).where(named).values(again))
                return _record({**row, **again})
        _check_embedder(name, row, wanted)
        return _record(row)

    def collections(self, tenant: str) -> tuple[CollectionRecord, ...]:
        """All collections of a tenant, by name."""
        mine = (collections.c.tenant == tenant) & ~collections.c.deleted
        with self._database.read() as connection:
            found = rows(connection, select(collections).where(mine).order_by(collections.c.name))
        return tuple(_record(row) for row in found)

    def buried_collections(self) -> tuple[CollectionRecord, ...]:
        """Those of all tenants that were deleted, and not made again: no point is theirs."""
        with self._database.read() as connection:
            found = rows(connection, select(collections).where(collections.c.deleted))
        return tuple(_record(row) for row in found)

    def tenants(self) -> tuple[str, ...]:
        """All that have a collection."""
        chosen = select(collections.c.tenant).where(~collections.c.deleted).distinct()
        with self._database.read() as connection:
            return tuple(sorted(connection.execute(chosen).scalars()))

    def embedders(self) -> tuple[str, ...]:
        """Identities of all that collections have vectors of, of all tenants."""
        chosen = select(collections.c.embedder).where(~collections.c.deleted).distinct()
        with self._database.read() as connection:
            return tuple(sorted(connection.execute(chosen).scalars()))

    def totals(self) -> dict[str, int]:
        """Collections, documents and chunks that can be searched, of all tenants."""
        held = select(func.count(), func.coalesce(func.sum(versions.c.chunks), 0)).where(
            versions.c.state == "ready"
        )
        counted = select(func.count()).where(~collections.c.deleted)
        with self._database.read() as connection:
            documents, chunks = connection.execute(held).one()
            return {
                "collections": int(connection.execute(counted).scalar_one()),
                "documents": int(documents),
                "chunks": int(chunks),
            }

    def collection(self, tenant: str, name: str) -> CollectionRecord:
        """One collection.

        Raises:
            UnknownName: there is none of this name.
        """
        with self._database.read() as connection:
            found = rows(connection, _THERE, tenant=tenant, name=name)
        if not found:
            raise UnknownName("collection", name)
        return _record(found[0])

    def set_egress(self, tenant: str, name: str, egress: str) -> CollectionRecord:
        """Say who may be shown a collection's text, see `service.egress_policy`.

        Raises:
            UnknownName: there is none of this name.
        """
        with self._database.write() as connection:
            row = require_collection(connection, tenant, name)
            named = (collections.c.tenant == tenant) & (collections.c.name == name)
            connection.execute(update(collections).where(named).values(egress=egress))
        return _record({**row, "egress": egress})

    def buried_in(self, tenant: str, document: str) -> str | None:
        """The collection that a deleted document was in; None where there was none such."""
        grave = (tombstones.c.tenant == tenant) & (tombstones.c.document == document)
        with self._database.read() as connection:
            return connection.execute(select(tombstones.c.collection).where(grave)).scalar()

    def delete_collection(self, tenant: str, name: str) -> CollectionRecord:
        """Forget all it holds, sessions and reviews too; the caller deletes the points of its ``scope``.

        Raises:
            UnknownName: there is none of this name.
        """
        with self._database.write() as connection:
            row = require_collection(connection, tenant, name)
            bury(connection, owned(documents, tenant, name))
            for table in (documents, failures, sessions, reviews):
                connection.execute(delete(table).where(owned(table, tenant, name)))
            forget_collection_details(connection, tenant, name)
            named = (collections.c.tenant == tenant) & (collections.c.name == name)
            connection.execute(update(collections).where(named).values(deleted=True))
        self._database.truncate_log()
        return _record(row)


def bury(connection: Connection, chosen: ColumnElement[bool]) -> None:
    """Leave a tombstone for each of these documents: that it was there, and nothing of what it said."""
    graves = select(
        documents.c.id, documents.c.tenant, documents.c.collection, literal(datetime.now(UTC), Moment)
    )
    names = ["document", "tenant", "collection", "deleted_at"]
    connection.execute(insert(tombstones).from_select(names, graves.where(chosen)))


def end_sessions(connection: Connection, tenant: str, collection: str, numbers: Sequence[int]) -> None:
    """Forget the conversations that have shown any of these versions, in the ledger's details too.

    So are those that may repeat what any document says; nothing is forgotten where there are no versions.
    """
    if not numbers:
        return
    shown = select(session_documents.c.session).where(
        (session_documents.c.tenant == tenant) & session_documents.c.number.in_([*numbers, ANY_DOCUMENT])
    )
    over = owned(sessions, tenant, collection) & sessions.c.id.in_(shown)
    forget_details(connection, tenant, collection, numbers, select(sessions.c.id).where(over))
    connection.execute(delete(sessions).where(over))


def _check_embedder(name: str, row: Mapping[str, Any], wanted: Mapping[str, Any]) -> None:
    for key in ("embedder", "dimensions"):
        if row[key] != wanted[key]:
            raise UnsupportedStore(
                f"collection {name!r} has {key} {row[key]!r}, not {wanted[key]!r}: "
                f"re-index it: {_command(name)}"
            )
    if not same_direction(row["check_vector"], wanted["check_vector"]):
        raise UnsupportedStore(
            f"collection {name!r}: {wanted['embedder']!r} gives other vectors now: "
            f"re-index it: {_command(name)}"
        )


def same_direction(one: bytes, other: bytes) -> bool:
    """Whether two check vectors, single floats, are one but for rounding."""
    left, right = _floats(one), _floats(other)
    return len(left) == len(right) and math.dist(left, right) <= _DRIFT * math.hypot(*left)


def _floats(data: bytes) -> array[float]:
    floats = array("f")
    floats.frombytes(data)
    if sys.byteorder == "big":
        floats.byteswap()
    return floats


def _command(name: str) -> str:
    return f"lectern reindex {shlex.quote(name)}"


def _record(row: Mapping[str, Any]) -> CollectionRecord:
    return CollectionRecord(**{key: value for key, value in row.items() if key in _FIELDS})
