"""Sessions: conversations, and which versions they have shown."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from sqlalchemy import bindparam, delete, func, insert, select, update

from ingest.catalog.call_details import forget_session_details
from ingest.catalog.collection import ANY_DOCUMENT, among, owned, owned_by_asked, require_collection
from ingest.catalog.database import CatalogPart, rows
from ingest.catalog.records import SessionRecord
from ingest.catalog.schema import session_documents, session_turns, sessions, tombstones, versions
from ingest.catalog.version import absence
from ingest.errors import Gone, UnknownName

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from sqlalchemy import Connection
    from sqlalchemy.sql import ColumnElement


_HELD = (
    select(sessions.c.collection)
    .where((sessions.c.tenant == bindparam("tenant")) & (sessions.c.id == bindparam("session")))
    .with_for_update()
)
_HELD_VERSIONS = select(versions.c.number).where(
    owned_by_asked(versions) & versions.c.number.in_(bindparam("numbers", expanding=True))
)
_NEW, _NEW_DOCUMENTS, _NEW_TURNS = insert(sessions), insert(session_documents), insert(session_turns)


class Sessions(CatalogPart):
    """The calls about sessions."""

    def save_session(
        self,
        tenant: str,
        session: str,
        collection: str,
        *,
        turns: str,
        documents: Sequence[int],
        fingerprints: Sequence[str] = (),
        extend: bool = False,
        kept: bool = False,
        read: int | None = None,
        repeats: bool = False,
        deletions: int | None = None,
        key: str = "",
    ) -> bool:
        """Make a session, or replace its turns; ``documents`` are the version numbers it has shown.

        Args:
            tenant: whose it is.
            session: its id.
            collection: what it is about.
            turns: JSON.
            documents: version numbers.
            fingerprints: one for each turn; see `known_session`.
            extend: do nothing unless these turns go on from the ones that it has.
            kept: it was there, and must be there still.
            read: do nothing where it has more turns than these by now, which these would replace.
            repeats: it may repeat any document of its collection, and ends with whichever is deleted.
            deletions: what `deletions` must still be.
            key: label of the access key that begins it; once it is made, it stays whose it was.

        Returns:
            Whether it was saved.

        Raises:
            UnknownName: there is no such collection, or the session belongs to another one.
            Gone: a version that it has shown has been deleted meanwhile; or, of the kind ``session``,
                it has itself, or ``deletions`` has grown.
        """
        numbers = {*documents, ANY_DOCUMENT} if repeats else set(documents)
        shown = [{"tenant": tenant, "session": session, "number": number} for number in sorted(numbers)]
        chosen = _named(tenant, session)
        with self._database.write() as connection:
            require_collection(connection, tenant, collection)
            _require_versions(connection, tenant, collection, documents)
            held = connection.execute(_HELD, {"tenant": tenant, "session": session}).scalar()
            more = deletions is not None and deletions != _deletions(connection, tenant, collection)
            if more or (kept and held is None):
                raise Gone("session", session)
            if extend and not _goes_on(connection, tenant, session, fingerprints):
                return False
            if read is not None and _length(connection, tenant, session) > read:
                return False
            if held is None:
                row = {"tenant": tenant, "id": session, "collection": collection, "turns": turns, "key": key}
                connection.execute(_NEW, row | {"created_at": datetime.now(UTC)})
            elif held == collection:
                connection.execute(update(sessions).where(chosen).values(turns=turns))
            else:
                raise UnknownName("session", session)
            if held is not None:  # of a new one nothing can be there: what belongs to a session goes with it
                connection.execute(delete(session_documents).where(_shown_by(tenant, session)))
                connection.execute(delete(session_turns).where(_turns_of(tenant, session)))
            if shown:
                connection.execute(_NEW_DOCUMENTS, shown)
            _remember(connection, tenant, session, fingerprints)
        return True

    def deletions(self, tenant: str, collection: str) -> int:
        """How many documents of a collection, or of one that had its name, have been deleted so far."""
        with self._database.read() as connection:
            return _deletions(connection, tenant, collection)

    def known_session(
        self, tenant: str, collection: str, fingerprints: Sequence[str]
    ) -> tuple[str, int] | None:
        """The session that begins with the most of these turns, and with how many.

        Of several one that ends there comes first, then the newest; None where not even the first is known.
        """
        mine = (session_turns.c.tenant == tenant) & session_turns.c.fingerprint.in_(fingerprints)
        others = session_turns.alias()
        alike = (others.c.tenant == session_turns.c.tenant) & (others.c.session == session_turns.c.session)
        last = select(func.max(others.c.place)).where(alike).scalar_subquery()
        query = (
            select(session_turns.c.session, session_turns.c.place)
            .join_from(session_turns, sessions)
            .where(mine & (sessions.c.collection == collection))
            .order_by(
                session_turns.c.place.desc(),
                (last - session_turns.c.place),
                sessions.c.created_at.desc(),
                session_turns.c.session,
            )
            .limit(1)
        )
        with self._database.read() as connection:
            found = rows(connection, query)
        return (found[0]["session"], found[0]["place"] + 1) if found else None

    def session(self, tenant: str, session: str) -> SessionRecord:
        """One session.

        Raises:
            UnknownName: there is none, or it ended with a document it had shown or may repeat.
        """
        real = session_documents.c.number != ANY_DOCUMENT
        numbers = select(session_documents.c.number).where(_shown_by(tenant, session) & real)
        with self._database.read() as connection:
            found = rows(connection, select(sessions).where(_named(tenant, session)))
            if not found:
                raise UnknownName("session", session)
            shown = rows(connection, numbers.order_by(session_documents.c.number))
        return SessionRecord(documents=tuple(row["number"] for row in shown), **found[0])

    def sessions(
        self,
        tenant: str,
        *,
        collections: Collection[str] | None = None,
        key: str | None = None,
        limit: int = 100,
    ) -> tuple[SessionRecord, ...]:
        """Sessions about some collections, or about any, the newest first; what they have shown is left out.

        ``key`` is the label of the access key that began them; None stands for all of them.
        """
        chosen = (sessions.c.tenant == tenant) & among(sessions, collections)
        if key is not None:
            chosen &= sessions.c.key == key
        query = select(sessions).where(chosen).order_by(sessions.c.created_at.desc(), sessions.c.id)
        with self._database.read() as connection:
            return tuple(SessionRecord(documents=(), **row) for row in rows(connection, query.limit(limit)))

    def delete_session(self, tenant: str, session: str) -> None:
        """Forget a session, in the ledger's details too; nothing happens where there is none."""
        with self._database.write() as connection:
            connection.execute(delete(sessions).where(_named(tenant, session)))
            forget_session_details(connection, tenant, session)
        self._database.truncate_log()


def _deletions(connection: Connection, tenant: str, collection: str) -> int:
    query = select(func.count()).select_from(tombstones).where(owned(tombstones, tenant, collection))
    return connection.execute(query).scalar_one()


def _require_versions(connection: Connection, tenant: str, collection: str, numbers: Sequence[int]) -> None:
    asked = {"tenant": tenant, "collection": collection, "numbers": list(numbers)}
    held = {row["number"] for row in rows(connection, _HELD_VERSIONS, **asked)}
    for number in numbers:
        if number not in held:
            raise absence(connection, tenant, collection, number)


def _goes_on(connection: Connection, tenant: str, session: str, fingerprints: Sequence[str]) -> bool:
    query = select(session_turns.c.fingerprint).where(_turns_of(tenant, session))
    query = query.order_by(session_turns.c.place)
    before = [row["fingerprint"] for row in rows(connection, query)]
    return before == list(fingerprints[: len(before)])


def _length(connection: Connection, tenant: str, session: str) -> int:
    query = select(func.count()).select_from(session_turns).where(_turns_of(tenant, session))
    return connection.execute(query).scalar_one()


def _remember(connection: Connection, tenant: str, session: str, fingerprints: Sequence[str]) -> None:
    told = [
        {"tenant": tenant, "session": session, "place": place, "fingerprint": fingerprint}
        for place, fingerprint in enumerate(fingerprints)
    ]
    if told:
        connection.execute(_NEW_TURNS, told)


def _named(tenant: str, session: str) -> ColumnElement[bool]:
    return (sessions.c.tenant == tenant) & (sessions.c.id == session)


def _turns_of(tenant: str, session: str) -> ColumnElement[bool]:
    return (session_turns.c.tenant == tenant) & (session_turns.c.session == session)


def _shown_by(tenant: str, session: str) -> ColumnElement[bool]:
    return (session_documents.c.tenant == tenant) & (session_documents.c.session == session)
