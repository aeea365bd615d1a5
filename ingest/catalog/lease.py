"""Leases in the database: taken, renewed, given back, and taken over from holders that are gone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, delete, select, text, update

from ingest.catalog.database import CatalogPart, rows
from ingest.catalog.lease_records import LeaseName, LeaseRecord
from ingest.catalog.schema import Moment, leases
from ingest.errors import LeaseLost

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from sqlalchemy import Connection
    from sqlalchemy.sql import ColumnElement

    from ingest.catalog.lease_records import LeaseKind

_TAKE = text(
    "INSERT INTO leases (kind, tenant, subject, owner, work, since, heartbeat) "
    "VALUES (:kind, :tenant, :subject, :owner, :work, :now, :now) "
    "ON CONFLICT (kind, tenant, subject) DO NOTHING"
).bindparams(bindparam("now", type_=Moment))


class Leases(CatalogPart):
    """The calls about leases. Their times are those of the database: clocks of servers differ."""

    def take_lease(
        self,
        name: LeaseName,
        owner: str,
        work: str,
        *,
        is_gone: Callable[[LeaseRecord, datetime], bool] = lambda _lease, _now: False,
    ) -> tuple[LeaseRecord, bool]:
        """Take a lease that nobody holds, or whose holder is gone.

        Args:
            name: which.
            owner: who takes it, under a name that nobody else has.
            work: what for.
            is_gone: tells by a lease and the time whether its holder is gone.

        Returns:
            The lease as it is held now, and whether by this owner.
        """
        asked = {"kind": name.kind, "tenant": name.tenant, "subject": name.subject}
        with self._database.write() as connection:
            now = self._database.moment(connection)
            values: dict[str, Any] = {"owner": owner, "work": work}
            taken = LeaseRecord(name, owner, work, now, now)
            if connection.execute(_TAKE, {**asked, **values, "now": now}).rowcount:
                return taken, True
            found = rows(connection, select(leases).where(_named(name)).with_for_update())
            if found and not is_gone(held := _record(found[0]), now):
                return held, False
            if not found:  # given back in this moment: whoever asks next has it
                return taken, False
            connection.execute(update(leases).where(_named(name)).values(**values, since=now, heartbeat=now))
        return taken, True

    def renew_lease(self, lease: LeaseRecord) -> bool:
        """Give a sign of life; False where another one holds it by now."""
        with self._database.write() as connection:
            now = self._database.moment(connection)
            return connection.execute(update(leases).where(_held(lease)).values(heartbeat=now)).rowcount > 0

    def give_back_lease(self, lease: LeaseRecord) -> None:
        """Let others take it; nothing happens where one has."""
        with self._database.write() as connection:
            connection.execute(delete(leases).where(_held(lease)))

    def leases(self, kind: LeaseKind) -> tuple[tuple[LeaseRecord, ...], datetime]:
        """All that are held, by their beginning, and the time by the clock that they go by."""
        query = select(leases).where(leases.c.kind == kind).order_by(leases.c.since, leases.c.subject)
        with self._database.read() as connection:
            return tuple(map(_record, rows(connection, query))), self._database.moment(connection)

    def moment(self) -> datetime:
        """The time by the one clock that all who share the database go by."""
        with self._database.read() as connection:
            return self._database.moment(connection)


def require_lease(connection: Connection, lease: LeaseRecord) -> None:
    """Begin a transaction that only the holder may end: nobody takes the lease over before.

    Raises:
        LeaseLost: somebody has.
    """
    mine = select(leases.c.kind).where(_held(lease)).with_for_update(read=True)
    if connection.execute(mine).scalar() is None:
        raise LeaseLost


def _named(name: LeaseName) -> ColumnElement[bool]:
    return (
        (leases.c.kind == name.kind) & (leases.c.tenant == name.tenant) & (leases.c.subject == name.subject)
    )


def _held(lease: LeaseRecord) -> ColumnElement[bool]:
    return _named(lease.name) & (leases.c.owner == lease.owner)


def _record(row: Mapping[str, Any]) -> LeaseRecord:
    name = LeaseName(row["kind"], row["tenant"], row["subject"])
    return LeaseRecord(name, row["owner"], row["work"], row["since"], row["heartbeat"])
