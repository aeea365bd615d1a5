"""Limits of access keys, counted where all servers see them: requests, their number at a time, dollars."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import bindparam, delete, select, text, update

from ingest.catalog.database import CatalogPart, rows
from ingest.catalog.schema import Moment, rates, spending, under_way

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from sqlalchemy.sql import ColumnElement

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_KEPT = timedelta(days=2)
"""Of what was counted, after it counts no more."""

# What counts in a window that slides: this period's requests, and of the one before the part that it still
# reaches over. `left` are the microseconds that this period has yet to go.
_BEFORE = "CASE rates.period WHEN :period THEN rates.before WHEN :period - 1 THEN rates.counted ELSE 0 END"
_NOW = "CASE rates.period WHEN :period THEN rates.counted ELSE 0 END"
_COUNT = text(
    "INSERT INTO rates (name, period, counted, before) VALUES (:name, :period, 1, 0) "  # noqa: S608 — ours
    f"ON CONFLICT (name) DO UPDATE SET before = {_BEFORE}, counted = {_NOW} + 1, period = :period "
    f"WHERE ({_BEFORE}) * :left / :length + ({_NOW}) < :most"
)
_BEGIN = text(
    "INSERT INTO under_way (id, key, until) SELECT :id, :key, :until "
    "WHERE (SELECT count(*) FROM under_way WHERE key = :key AND until > :now) < :most"
).bindparams(bindparam("until", type_=Moment), bindparam("now", type_=Moment))
_OPEN = text(
    "INSERT INTO spending (tenant, key, day, usd) VALUES (:tenant, :key, :day, :usd) "
    "ON CONFLICT (tenant, key, day) DO NOTHING"
).bindparams(bindparam("day", type_=Moment))


@dataclass(frozen=True, slots=True)
class Counted:
    """Where a rate stands."""

    allowed: bool
    used: int
    """Requests that count in the window, with the one that was asked for if it is allowed."""
    left: float
    """Seconds until the period ends."""


class Limits(CatalogPart):
    """The calls about limits."""

    def count_request(self, name: str, most: int, length: timedelta) -> Counted:
        """Count a request, unless so many were made in the window already."""
        return self._counted(name, most, length, counts=True)

    def requests(self, name: str, most: int, length: timedelta) -> Counted:
        """Whether one more would be allowed; counts nothing."""
        return self._counted(name, most, length, counts=False)

    def _counted(self, name: str, most: int, length: timedelta, *, counts: bool) -> Counted:
        within = self._database.write if counts else self._database.read
        size = length // _MICROSECOND
        with within() as connection:
            self._database.fleeting(connection)
            period, passed = divmod((self._database.moment(connection) - _EPOCH) // _MICROSECOND, size)
            left = size - passed
            asked = {"name": name, "period": period, "left": left, "length": size, "most": most}
            added = bool(counts and connection.execute(_COUNT, asked).rowcount)
            found = rows(connection, select(rates).where(rates.c.name == name))
            used = _used(found[0]["period"] - period, found[0], left, size) if found else 0
        return Counted(added if counts else used < most, used, left * _MICROSECOND / timedelta(seconds=1))

    def begin_request(self, identity: str, key: str, most: int, patience: timedelta) -> bool:
        """Let a request of a key be under way, unless so many are.

        It counts until `end_request` or, without `keep_requests`, for as long as ``patience``: a server that
        was killed says nothing.
        """
        with self._database.write() as connection:
            self._database.fleeting(connection)
            self._database.alone(connection, f"under_way {key}")
            now = self._database.moment(connection)
            asked = {"id": identity, "key": key, "until": now + patience, "now": now, "most": most}
            return connection.execute(_BEGIN, asked).rowcount > 0

    def keep_requests(self, identities: Collection[str], patience: timedelta) -> None:
        """These go on."""
        with self._database.write() as connection:
            self._database.fleeting(connection)
            until = self._database.moment(connection) + patience
            these = under_way.c.id.in_(list(identities))
            connection.execute(update(under_way).where(these).values(until=until))

    def end_request(self, identity: str) -> None:
        """It has ended."""
        with self._database.write() as connection:
            self._database.fleeting(connection)
            connection.execute(delete(under_way).where(under_way.c.id == identity))

    def open_spending(self, tenant: str, key: str, day: datetime, usd: float) -> None:
        """Begin a key's day with what was spent of it so far; nothing happens where it has begun."""
        with self._database.write() as connection:
            connection.execute(_OPEN, {"tenant": tenant, "key": key, "day": day, "usd": usd})

    def committed(self, tenant: str, key: str, day: datetime) -> float | None:
        """Dollars that a key's calls of the day took, or may still take; None where it has not begun."""
        mine = _of_day(tenant, key, day)
        with self._database.read() as connection:
            return connection.execute(select(spending.c.usd).where(mine)).scalar()

    def commit(self, tenant: str, key: str, day: datetime, usd: float, budget: float) -> bool:
        """Set dollars aside, unless that were more than the day's budget."""
        fits = _of_day(tenant, key, day) & (spending.c.usd + usd <= budget)
        with self._database.write() as connection:
            changed = connection.execute(update(spending).where(fits).values(usd=spending.c.usd + usd))
            return changed.rowcount > 0

    def correct_spending(self, tenant: str, key: str, day: datetime, usd: float) -> None:
        """Add dollars that a call took beyond what was set aside for it; less than 0 where it took less."""
        with self._database.write() as connection:
            mine = _of_day(tenant, key, day)
            connection.execute(update(spending).where(mine).values(usd=spending.c.usd + usd))

    def forget_counted(self, length: timedelta) -> None:
        """Drop what counts no more: of rates whose windows are so long, of requests, and of days."""
        with self._database.write() as connection:
            now = self._database.moment(connection)
            period = (now - _EPOCH) // length
            connection.execute(delete(rates).where(rates.c.period < period - 1))
            connection.execute(delete(under_way).where(under_way.c.until < now))
            connection.execute(delete(spending).where(spending.c.day < now - _KEPT))


def _used(behind: int, row: Mapping[str, int], left: int, length: int) -> int:
    """As `_COUNT` has it; ``behind`` is 0 for a row of this period, and less for older ones."""
    counted = row["counted"] if behind >= 0 else 0
    before = row["before"] if behind >= 0 else row["counted"] if behind == -1 else 0
    return counted + before * left // length


def _of_day(tenant: str, key: str, day: datetime) -> ColumnElement[bool]:
    return (spending.c.tenant == tenant) & (spending.c.key == key) & (spending.c.day == day)
