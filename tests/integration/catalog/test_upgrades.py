"""Catalogs of every earlier schema, full: all of it is there after an upgrade, however that is disturbed."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy import inspect, text

from ingest.catalog.audit_records import AuditWanted
from ingest.catalog.call_records import UsageWanted
from ingest.catalog.catalog import open_catalog
from ingest.catalog.database import Database
from ingest.catalog.job_records import JobProgress, JobReport, UploadedFile
from ingest.catalog.migrating import alembic_config, bring_to_head, revision
from ingest.catalog.records import FileFacts
from ingest.catalog.schema import HEAD, metadata
from ingest.errors import Gone, UnknownName, UnsupportedStore
from tests.integration.catalog.conftest import SERVER, needs_server
from tests.integration.catalog.old_catalogs import MOMENT, REVISIONS, ROWS, TEXT, empty_place, write_catalog

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from ingest.catalog.catalog import Catalog

WHEN = datetime.fromtimestamp(MOMENT / 1_000_000, UTC)
OPENERS = 4
UPGRADE = """
import sys
from alembic import command
from ingest.catalog.database import Database
from ingest.catalog.migrating import alembic_config

database = Database(sys.argv[1])
with database.migration() as connection:
    command.upgrade(alembic_config(connection), sys.argv[2])
    print("half way", flush=True)
    sys.stdin.read()
"""
OPEN = """
import sys
from ingest.catalog.catalog import open_catalog

sys.stdin.readline()
with open_catalog(sys.argv[1]) as catalog:
    print(len(catalog.documents("default", "docs", limit=9).documents))
"""


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=needs_server)])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    with empty_place(request.param, tmp_path, SERVER) as url:
        yield url


def test_every_revision_and_every_table_is_here() -> None:
    known = [script.revision for script in ScriptDirectory.from_config(alembic_config()).walk_revisions()]

    assert sorted(known) == list(REVISIONS)
    assert {row.table for row in ROWS} == set(metadata.tables)


def check_documents(catalog: Catalog, since: str) -> None:
    collection = catalog.collection("default", "docs")
    assert (collection.generation, collection.embedder, collection.created_at) == (2, "use/3", WHEN)
    assert collection.next_generation == (3 if since >= "0003" else None)
    document = catalog.document("default", "d1")
    version = document.version
    assert (version.number, version.ordinal, version.state, version.title) == (7, 2, "ready", "Lease")
    assert (version.path, version.size, version.modified_ns) == ("lease.md", 48, 1_777_888_999_123_456_789)
    assert version.warnings == (("a picture was left out",) if since >= "0003" else ())
    assert [each.number for each in catalog.versions_of("default", "d1")] == [5, 7]
    assert [each.number for each in catalog.pending_versions(collection)] == [8]
    assert catalog.manifest(collection) == {7: 3}
    for number in (5, 7):
        content = catalog.content("default", "docs", number)
        assert content.document.text == catalog.text("default", "docs", number) == TEXT
        assert [TEXT[p.start : p.end] for p in content.passages] == ["# Lease\n\n", TEXT[9:]]
        assert next(iter(content.document.elements)).text == "# Lease"
    with pytest.raises(Gone):
        catalog.document("default", "d0")
    failure = catalog.failures(collection)["scan.pdf"]
    assert (failure.reason, failure.detail, failure.failed_at) == ("encrypted", "needs a password", WHEN)


def check_work(catalog: Catalog, since: str) -> None:
    session = catalog.session("default", "s1")
    assert (session.turns, session.documents, session.created_at) == ('[{"question":"Who?"}]', (7,), WHEN)
    if since >= "0002":
        job = catalog.job("default", "j1")
        assert job.request.uploads == (UploadedFile("lease.md", "00000", "aa", 48),)
        assert job.progress == JobProgress(path="lease.md", files_done=1, files_total=2)
        assert (job.report, job.state, job.attempts) == (JobReport(indexed=1), "interrupted", 2)
        (numbered,) = catalog.job_files(job)
        assert (numbered.number, numbered.file.path, numbered.file.reason) == (1, "scan.pdf", "encrypted")
    else:
        assert catalog.jobs() == ()
    if since >= "0005":
        (review,) = catalog.reviews()
        assert (review.name, review.spent.prompt_tokens, review.spent.usd) == ("leases", 3_000_000_000, 0.5)
        assert [version.number for version in catalog.reviewed_versions(review)] == [7]
        (cell,) = catalog.review_cells(review)
        assert (cell.document, cell.number, cell.result) == ("d1", 7, '{"answer":"4,200"}')
    else:
        assert catalog.reviews() == ()


def check_accounts(catalog: Catalog, since: str) -> None:
    if since >= "0004":
        (call,) = catalog.calls_of("default", "ans_1")
        assert (call.usd, call.saved_usd, call.milliseconds, call.created_at) == (0.25, 0.125, 812.5, WHEN)
        assert call.plan is not None
        assert [(each.name, each.documents) for each in call.plan.segments] == [
            ("rules", ()),
            ("passages", (7,)),
        ]
        (row,) = catalog.usage("default", UsageWanted("model"))
        assert (row.group, row.calls) == ("glm-5", 1)
    else:
        assert catalog.usage("default", UsageWanted("day")) == ()
    pinned = [version.number for version in catalog.pinned(catalog.collection("default", "docs"))]
    known = catalog.known_session("default", "docs", ["f0"])
    assert (pinned, known) == (([7], ("s1", 1)) if since >= "0006" else ([], None))
    if since >= "0007":
        (key,) = catalog.access_keys()
        assert (key.name, key.permissions, key.limits.usd_per_day) == ("Ann's", {"read", "write"}, 2.5)
        assert catalog.tenant_salt("default") == "5a17"
    else:
        assert not catalog.has_access_keys()
    lines = catalog.audit("default", AuditWanted())
    said = [(line.entry.action, line.entry.subject, line.entry.peer, line.entry.at) for line in lines]
    assert said == ([("read_text", "d1", "10.0.0.7", WHEN)] if since >= "0008" else [])
    assert catalog.collection("default", "docs").egress is None


def check(url: str, since: str) -> None:
    with open_catalog(url) as catalog:
        assert catalog.damage() == ()
        check_documents(catalog, since)
        check_work(catalog, since)
        check_accounts(catalog, since)


def check_work_goes_on(url: str) -> None:
    """Numbers go on where they were, and a deletion takes with it what hangs on a document."""
    facts = FileFacts("new.md", "cc", 1, 1, "text/markdown", "markdown/2", "sentences/3", "use/3")
    with open_catalog(url) as catalog:
        collection = catalog.collection("default", "docs")
        assert [version.number for version in catalog.begin_versions(collection, [facts])] == [9]
        assert catalog.delete_document("default", "d1") == (5, 7, 8)
        with pytest.raises(UnknownName):
            catalog.session("default", "s1")
        assert all(call.plan is None for call in catalog.calls_of("default", "ans_1"))
        assert all(catalog.review_cells(review) == () for review in catalog.reviews())
        assert catalog.damage() == ()


@pytest.mark.parametrize("since", REVISIONS)
def test_all_that_a_catalog_held_is_there_after_the_upgrade(place: str, since: str) -> None:
    write_catalog(place, since)

    check(place, since)

    check_work_goes_on(place)


@pytest.mark.skipif(sys.platform == "win32", reason="kills by a Unix signal")
@pytest.mark.parametrize("half", REVISIONS[1:])
def test_an_upgrade_that_is_killed_is_done_by_the_next(place: str, half: str) -> None:
    write_catalog(place, "0001")
    command = [sys.executable, "-c", UPGRADE, place, half]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as upgrading:
        assert upgrading.stdout is not None
        assert upgrading.stdout.readline() == "half way\n"
        upgrading.kill()

    check(place, "0001")


def test_of_many_that_open_at_once_one_upgrades(place: str) -> None:
    write_catalog(place, "0003")
    command = [sys.executable, "-c", OPEN, place]
    opening = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for _ in range(OPENERS)
    ]
    for process in opening:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()

    said = [process.communicate(timeout=60)[0] for process in opening]

    assert said == ["1\n"] * OPENERS
    check(place, "0003")


def schema(place: str) -> dict[str, Any]:
    """All that the database tells of its tables, but the order of columns."""
    database = Database(place)
    with database.read() as connection:
        found = inspect(connection)
        told = {
            table: {
                "columns": {column["name"]: _column(column) for column in found.get_columns(table)},
                "key": found.get_pk_constraint(table)["constrained_columns"],
                "foreign": sorted(map(_without_name, found.get_foreign_keys(table)), key=str),
                "indexes": sorted(map(_index, found.get_indexes(table)), key=str),
                "unique": found.get_unique_constraints(table),
            }
            for table in found.get_table_names()
        }
        assert revision(connection) == HEAD
    database.close()
    return told


def _column(column: Mapping[str, Any]) -> dict[str, Any]:
    kind = column["type"]
    return {**column, "type": (str(kind), getattr(kind, "collation", None))}


def _index(index: Mapping[str, Any]) -> dict[str, Any]:
    options = {name: str(value) for name, value in index.get("dialect_options", {}).items()}
    return {**index, "dialect_options": options}


def _without_name(key: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in key.items() if name != "name"}


def test_what_is_made_at_once_is_what_the_revisions_make(place: str) -> None:
    database = Database(place)
    bring_to_head(database)
    made = schema(place)
    assert made.keys() == {*metadata.tables, "alembic_version"}
    with database.migration() as connection:
        metadata.drop_all(connection)
        connection.execute(text("DROP TABLE alembic_version"))
    with database.migration() as connection:
        command.upgrade(alembic_config(connection), "head")
    database.close()

    assert schema(place) == made


def test_a_newer_catalog_is_refused_by_name_and_left_alone(place: str) -> None:
    write_catalog(place, HEAD)
    database = Database(place)
    with database.write() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))

    with pytest.raises(UnsupportedStore, match=r"newer Lectern.*9999"):
        bring_to_head(database)

    with database.read() as connection:
        assert revision(connection) == "9999"
        assert connection.execute(text("SELECT count(*) FROM versions")).scalar() == 3
    database.close()
