"""A catalog's file copied while it is used, as it was at one moment."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

from ingest.errors import CatalogUnavailable

if TYPE_CHECKING:
    from pathlib import Path


def copy_sqlite(source: Path, target: Path) -> None:
    """Copy a SQLite database in one transaction of its own: writers go on, and are not in the copy.

    Raises:
        CatalogUnavailable: it cannot be read, or the copy cannot be written.
    """
    try:
        with closing(_opened(source)) as read, closing(sqlite3.connect(target)) as written:
            read.backup(written)
            # The copy is one file: with a log beside it, half of it could be forgotten.
            written.execute("PRAGMA journal_mode=DELETE")
    except sqlite3.Error as error:
        raise CatalogUnavailable(f"{source}: {error}") from error


def revision_of(file: Path) -> str:
    """The schema revision of a catalog's file; raises `CatalogUnavailable` where it holds none."""
    try:
        with closing(_opened(file)) as database:
            row = database.execute("SELECT version_num FROM alembic_version").fetchone()
    except sqlite3.Error as error:
        raise CatalogUnavailable(f"{file}: {error}") from error
    if row is None:
        raise CatalogUnavailable(f"{file} is no catalog")
    return str(row[0])


def _opened(file: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"{file.absolute().as_uri()}?mode=rw", uri=True, timeout=60)
