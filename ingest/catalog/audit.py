"""The audit log: written and read, dropped when it is old enough, and never changed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, insert, select

from ingest.catalog.audit_records import AuditEntry, AuditLine
from ingest.catalog.database import CatalogPart, rows, storable
from ingest.catalog.schema import audit

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from ingest.catalog.audit_records import AuditWanted

_LONGEST = 300
"""Code points of a name in an entry: some come from requests that were refused."""


class Audits(CatalogPart):
    """The calls about the audit log."""

    def add_audit(self, entries: Sequence[AuditEntry], *, patience: float = 60.0) -> None:
        """Keep entries, in one transaction, in their order; ``patience`` as in `Database.write`."""
        if not entries:
            return
        with self._database.write(patience=patience) as connection:
            connection.execute(insert(audit), [_row(entry) for entry in entries])

    def audit(self, tenant: str, wanted: AuditWanted) -> tuple[AuditLine, ...]:
        """A tenant's entries, the newest first."""
        chosen = audit.c.tenant == tenant
        if wanted.since is not None:
            chosen &= audit.c.at >= wanted.since
        if wanted.before is not None:
            chosen &= audit.c.number < wanted.before
        for name in ("action", "collection", "key"):
            if getattr(wanted, name) is not None:
                chosen &= audit.c[name] == getattr(wanted, name)
        query = select(audit).where(chosen).order_by(audit.c.number.desc()).limit(wanted.limit)
        with self._database.read() as connection:
            return tuple(_line(row) for row in rows(connection, query))

    def forget_audit(self, before: datetime, *, patience: float = 60.0) -> int:
        """Drop what happened before this time, of all tenants; how many entries that were."""
        with self._database.write(patience=patience) as connection:
            return connection.execute(delete(audit).where(audit.c.at < before)).rowcount


def _row(entry: AuditEntry) -> dict[str, Any]:
    names = {
        name: storable(getattr(entry, name))[:_LONGEST]
        for name in ("tenant", "key", "peer", "action", "collection", "subject", "outcome")
    }
    return {**names, "at": entry.at, "request": storable(entry.request_id)[:64]}


def _line(row: Mapping[str, Any]) -> AuditLine:
    values = dict(row)
    number, request = int(values.pop("number")), str(values.pop("request"))
    return AuditLine(number, AuditEntry(**values, request_id=request))
