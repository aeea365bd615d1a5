"""The catalog: what has been read, under which number, and what it said."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from ingest.catalog.call import Calls
from ingest.catalog.collection import Collections
from ingest.catalog.database import Database, sqlite_url
from ingest.catalog.document import Documents
from ingest.catalog.failure import Failures
from ingest.catalog.generation import Generations
from ingest.catalog.job import Jobs
from ingest.catalog.key import Keys
from ingest.catalog.migrating import bring_to_head
from ingest.catalog.pinning import Pins
from ingest.catalog.publishing import Publishing
from ingest.catalog.review import Reviews
from ingest.catalog.session import Sessions
from ingest.catalog.version import Versions

if TYPE_CHECKING:
    from pathlib import Path


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
    Keys,
):
    """All calls over one database. Threads and processes may share it; each call is one transaction."""

    def damage(self) -> tuple[str, ...]:
        """What the database says is damaged in it; nothing where it is whole, or cannot tell."""
        return self._database.damage()

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
