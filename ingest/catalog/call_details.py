"""What the ledger forgets with a document or a collection: details go, figures stay for the bill."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import delete, select, update

from ingest.catalog.database import rows
from ingest.catalog.schema import call_documents, calls

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection, Select
    from sqlalchemy.sql import ColumnElement


def forget_details(
    connection: Connection, tenant: str, collection: str, numbers: Sequence[int], over: Select[tuple[str]]
) -> None:
    """Forget the plans of the calls that have shown any of these versions, and of their whole sessions.

    And those of the sessions that ``over`` selects by their ids.
    """
    mine = _about(tenant, collection)
    numbered = (call_documents.c.tenant == tenant) & call_documents.c.number.in_(numbers)
    shown = calls.c.id.in_(select(call_documents.c.call).where(numbered))
    sessions = select(calls.c.session).where(mine & shown & (calls.c.session != ""))
    chosen = mine & (shown | calls.c.session.in_(sessions) | calls.c.session.in_(over))
    connection.execute(update(calls).where(chosen).values(plan=""))
    _forget_shown(connection, tenant, collection)


def forget_collection_details(connection: Connection, tenant: str, collection: str) -> None:
    """Forget plans and sessions of all calls about a collection; its name stays, for the bill names it."""
    connection.execute(update(calls).where(_about(tenant, collection)).values(plan="", session=""))
    _forget_shown(connection, tenant, collection)


def forget_session_details(connection: Connection, tenant: str, session: str) -> None:
    """Forget the plans of a session's calls, and which session it was."""
    chosen = (calls.c.tenant == tenant) & (calls.c.session == session)
    collections = rows(connection, select(calls.c.collection).where(chosen).distinct())
    connection.execute(update(calls).where(chosen).values(plan="", session=""))
    for row in collections:
        _forget_shown(connection, tenant, row["collection"])


def _forget_shown(connection: Connection, tenant: str, collection: str) -> None:
    """Of calls without a plan, what they have shown."""
    bare = select(calls.c.id).where(_about(tenant, collection) & (calls.c.plan == ""))
    of_them = (call_documents.c.tenant == tenant) & call_documents.c.call.in_(bare)
    connection.execute(delete(call_documents).where(of_them))


def _about(tenant: str, collection: str) -> ColumnElement[bool]:
    return (calls.c.tenant == tenant) & (calls.c.collection == collection)
