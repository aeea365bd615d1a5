"""The catalog: what has been read, under which number, and what it said."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from sqlalchemy import update

from ingest.catalog.audit import Audits
from ingest.catalog.call import Calls
from ingest.catalog.collection import Collections
from ingest.catalog.database import Database, sqlite_url
from ingest.catalog.document import Documents
from ingest.catalog.failure import Failures
from ingest.catalog.generation import Generations
from ingest.catalog.job import Jobs
from ingest.catalog.key import Keys
from ingest.catalog.lease import Leases, require_lease
from ingest.catalog.limit import Limits
from ingest.catalog.migrating import bring_to_head, revision
from ingest.catalog.pinning import Pins
from ingest.catalog.publishing import Publishing
from ingest.catalog.review import Reviews
from ingest.catalog.schema import HEAD, jobs, reviews
from ingest.catalog.session import Sessions
from ingest.catalog.version import Versions
from ingest.errors import UnsupportedStore

if TYPE_CHECKING:
    from pathlib import Path

    from ingest.catalog.lease_records import LeaseRecord


class Catalog(
    Collections,
    Generations,
    Versions,
    Publishing,
    Documents,
    Pins,
    Failures,
    Sessions,
    Jobs,
    Calls,
    Reviews,
    Audits,
    Keys,
    Leases,
    Limits,
):
    """All calls over one database. Threads and processes may share it; each call is one transaction."""

    @property
    def is_shared(self) -> bool:
        """Whether servers on several machines may share it: those of a file lie on one."""
        return self._database.is_shared

    def fenced(self, lease: LeaseRecord) -> Catalog:
        """The same catalog for whoever holds a lease: all that writes raises `LeaseLost` once it is lost."""
        return Catalog(self._database.guarded(lambda connection: require_lease(connection, lease)))

    def damage(self) -> tuple[str, ...]:
        """What the database says is damaged in it; nothing where it is whole, or cannot tell."""
        return self._database.damage()

    def check(self) -> None:
        """Whether it can be read and written, and has the tables that this version knows; quick.

        Raises:
            CatalogUnavailable: the database is away, read-only or damaged.
            UnsupportedStore: another version has changed its tables meanwhile.
        """
        with self._database.read() as connection:
            found = revision(connection)
        if found != HEAD:
            raise UnsupportedStore(f"the catalog's tables are at {found}, this version knows {HEAD}")
        self._database.check_writable()

    def disown(self) -> None:
        """Take all running work from its processes: they were those of the catalog it was copied from."""
        with self._database.write() as connection:
            for table in (jobs, reviews):
                connection.execute(update(table).where(table.c.state == "running").values(owner=""))

    def close(self) -> None:
        """Let go of the database."""
        self._database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def open_catalog(location: Path | str) -> Catalog:
    """Open the catalog in a file, or at a database URL; its schema is brought to head.

    Raises:
        ValueError: the location is no URL, or its driver is not installed.
        UnsupportedStore: a newer Lectern wrote it, or it is no catalog.
        CatalogUnavailable: the database does not answer.
    """
    database = Database(location if isinstance(location, str) else sqlite_url(location))
    try:
        bring_to_head(database)
    except BaseException:
        database.close()
        raise
    return Catalog(database)
