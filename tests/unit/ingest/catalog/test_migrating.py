from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text

from ingest.catalog.audit_records import AuditWanted
from ingest.catalog.call_records import UsageWanted
from ingest.catalog.catalog import open_catalog
from ingest.catalog.database import Database, sqlite_url
from ingest.catalog.migrating import alembic_config, revision
from ingest.catalog.schema import HEAD, metadata
from ingest.errors import CatalogUnavailable, UnsupportedStore

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A catalog at head, on an awkward path."""
    folder = tmp_path / "100% mine"
    folder.mkdir()
    open_catalog(folder / "catalog.sqlite").close()
    return folder / "catalog.sqlite"


@pytest.fixture
def database(place: Path) -> Iterator[Database]:
    opened = Database(sqlite_url(place))
    yield opened
    opened.close()


def test_the_constant_is_the_newest_revision() -> None:
    assert ScriptDirectory.from_config(alembic_config()).get_current_head() == HEAD


def test_an_empty_file_becomes_the_schema(database: Database) -> None:
    with database.read() as connection:
        assert revision(connection) == HEAD
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        differences: list[Any] = compare_metadata(context, metadata)

    assert differences == []


def test_a_catalog_of_the_version_before_keeps_what_it_holds(tmp_path: Path) -> None:
    place = tmp_path / "catalog.sqlite"
    older = Database(sqlite_url(place))
    with older.migration() as connection:
        command.upgrade(alembic_config(connection), "0003")
        columns = (
            "tenant, name, generation, next_number, embedder, dimensions, check_vector, created_at, deleted"
        )
        row = "'default', 'contracts', 1, 8, 'use/3', 2, '', 0, 0"
        connection.execute(text(f"INSERT INTO collections ({columns}) VALUES ({row})"))
    older.close()

    with open_catalog(place) as catalog:
        assert [found.name for found in catalog.collections("default")] == ["contracts"]
        assert catalog.usage("default", UsageWanted("day")) == ()


def test_conversations_of_the_version_before_go_on_and_are_recognised_from_then_on(tmp_path: Path) -> None:
    place = tmp_path / "catalog.sqlite"
    older = Database(sqlite_url(place))
    with older.migration() as connection:
        command.upgrade(alembic_config(connection), "0005")
        columns = (
            "tenant, name, generation, next_number, embedder, dimensions, check_vector, created_at, deleted"
        )
        row = "'default', 'contracts', 1, 8, 'use/3', 2, '', 0, 0"
        connection.execute(text(f"INSERT INTO collections ({columns}) VALUES ({row})"))
        row = "'default', 's', 'contracts', 0, '[]'"
        connection.execute(
            text(f"INSERT INTO sessions (tenant, id, collection, created_at, turns) VALUES ({row})")
        )
    older.close()

    with open_catalog(place) as catalog:
        assert catalog.session("default", "s").turns == "[]"
        assert catalog.pinned(catalog.collection("default", "contracts")) == ()
        assert catalog.save_session(
            "default", "s", "contracts", turns="[1]", documents=(), fingerprints=["a"], extend=True
        )
        assert catalog.known_session("default", "contracts", ["a"]) == ("s", 1)


def test_nobody_has_said_anything_of_the_egress_of_older_collections(tmp_path: Path) -> None:
    place = tmp_path / "catalog.sqlite"
    older = Database(sqlite_url(place))
    with older.migration() as connection:
        command.upgrade(alembic_config(connection), "0007")
        columns = (
            "tenant, name, generation, next_number, embedder, dimensions, check_vector, created_at, deleted"
        )
        row = "'default', 'contracts', 1, 8, 'use/3', 2, '', 0, 0"
        connection.execute(text(f"INSERT INTO collections ({columns}) VALUES ({row})"))
    older.close()

    with open_catalog(place) as catalog:
        assert catalog.collection("default", "contracts").egress is None
        assert catalog.audit("default", AuditWanted()) == ()
        assert catalog.set_egress("default", "contracts", "zai").egress == "zai"


@pytest.mark.parametrize("there", [True, False])
def test_a_catalog_at_head_opens_without_alembic_and_so_is_a_new_one(
    tmp_path: Path, place: Path, *, there: bool
) -> None:
    program = (
        "import sys; from pathlib import Path; from ingest.catalog.catalog import open_catalog;"
        "open_catalog(Path(sys.argv[1])).close(); print('alembic' in sys.modules)"
    )

    done = subprocess.run(
        [sys.executable, "-c", program, place if there else tmp_path / "new.sqlite"],
        capture_output=True,
        text=True,
        check=True,
        timeout=30,
    )

    assert done.stdout.strip() == "False"


def test_a_catalog_of_a_newer_version_is_refused(place: Path, database: Database) -> None:
    with database.write() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))

    with pytest.raises(UnsupportedStore, match="newer"):
        open_catalog(place)


def test_a_file_that_is_no_catalog_is_refused(tmp_path: Path) -> None:
    place = tmp_path / "catalog.sqlite"
    place.write_text("Ann Lee signs. " * 100)

    with pytest.raises(UnsupportedStore, match="not a catalog"):
        open_catalog(place)


@pytest.mark.parametrize("url", ["nonsense", "odd://host/name", "mysql+nothere://host/name"])
def test_what_is_no_address_of_a_database_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match=r"parse|plugin"):
        open_catalog(url)


def test_a_place_that_cannot_be_opened_is_a_failure_that_may_pass(tmp_path: Path) -> None:
    with pytest.raises(CatalogUnavailable, match="unable to open"):
        open_catalog(tmp_path / "absent" / "catalog.sqlite")


def test_a_damaged_catalog_is_told_in_one_line(place: Path, database: Database) -> None:
    with database.read() as connection:
        pages = connection.execute(text("PRAGMA page_count")).scalar_one()
    database.close()
    size = place.stat().st_size // pages
    place.write_bytes(place.read_bytes()[:size] + b"\xff" * size * (pages - 1))

    with pytest.raises(CatalogUnavailable, match="malformed"), open_catalog(place) as opened:
        opened.collections("default")


def create_then_fail(database: Database) -> None:
    with database.migration() as connection:
        connection.execute(text("CREATE TABLE collections (tenant TEXT)"))
        raise RuntimeError


def test_a_failed_migration_leaves_nothing_behind(tmp_path: Path) -> None:
    fresh = Database(sqlite_url(tmp_path / "catalog.sqlite"))

    with pytest.raises(RuntimeError):
        create_then_fail(fresh)
    fresh.close()

    open_catalog(tmp_path / "catalog.sqlite").close()


def test_sqlite_is_set_up_to_be_shared(database: Database) -> None:
    with database.read() as connection:
        found = {
            name: connection.execute(text(f"PRAGMA {name}")).scalar()
            for name in ("journal_mode", "foreign_keys", "secure_delete", "busy_timeout")
        }

    assert found == {"journal_mode": "wal", "foreign_keys": 1, "secure_delete": 1, "busy_timeout": 60_000}
