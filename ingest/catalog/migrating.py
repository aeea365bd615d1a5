"""Bring a catalog to the newest schema.

Alembic takes as long to import as SQLAlchemy, and one revision after another longer than all tables at once:
it is for catalogs that there are.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import inspect, text

from ingest.catalog.schema import HEAD, metadata
from ingest.errors import UnsupportedStore

if TYPE_CHECKING:
    from alembic.config import Config
    from sqlalchemy import Connection

    from ingest.catalog.database import Database

MIGRATIONS = Path(__file__).parent / "migrations"


def bring_to_head(database: Database) -> None:
    """Create or upgrade the tables; nothing where they are at head.

    Raises:
        UnsupportedStore: a newer Lectern wrote the catalog, or it is no catalog at all.
        CatalogUnavailable: the database does not answer.
    """
    with database.read() as connection:
        found = revision(connection)
    if found != HEAD:
        with database.migration() as connection:
            if not inspect(connection).get_table_names():
                _create(connection)
            elif revision(connection) != HEAD:  # or another process was faster
                _upgrade(connection)


def revision(connection: Connection) -> str | None:
    """The revision the tables are at; None where there are none."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()


def alembic_config(connection: Connection | None = None) -> Config:
    """What alembic's commands take; no ini file."""
    from alembic.config import Config  # noqa: PLC0415 — 0.5 CPU seconds, and only a new schema needs it

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


def _create(connection: Connection) -> None:
    """All tables, as the revisions would have made them, and where they are noted."""
    metadata.create_all(connection)
    connection.execute(
        text(
            "CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL, "
            "CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num))"
        )
    )
    connection.execute(text("INSERT INTO alembic_version VALUES (:head)"), {"head": HEAD})


def _upgrade(connection: Connection) -> None:
    from alembic import command  # noqa: PLC0415 — as above
    from alembic.util import CommandError  # noqa: PLC0415 — as above

    try:
        command.upgrade(alembic_config(connection), "head")
    except CommandError as error:
        raise UnsupportedStore(f"the catalog is of a newer Lectern: {error}") from error
