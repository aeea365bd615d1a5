"""Catalogs as earlier schemas held them: every table, with the columns that it had, and rows in them.

What a column held is written out here, never made by today's code. A new revision adds its tables and
columns to `ROWS`, with its number. When a version is released, nothing that stands here up to its revision
changes any more: it is what that version has written on people's machines.
"""

from __future__ import annotations

import secrets
from base64 import b64decode
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from alembic import command
from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url

from ingest.catalog.database import Database, sqlite_url
from ingest.catalog.migrating import alembic_config

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

    from sqlalchemy import Connection

REVISIONS = ("0001", "0002", "0003", "0004", "0005", "0006", "0007", "0008", "0009", "0010")
TEXT = "# Lease\n\nAnn Lee signs. The rent is 4,200 euros.\n"
MOMENT = 1_777_888_999_000_000
"""Microseconds since 1970: the 4th of May 2026."""
REQUEST = (
    '{"paths":[],"uploads":[{"path":"lease.md","staged":"00000","content_hash":"aa","size":48}],'
    '"prune":false}'
)
PLAN = (
    '{"reason":"found","segments":[["rules","fixed",0,812,812,"ab",[]],["passages","turn",1,96,0,"cd",[7]]],'
    '"messages":["ab","cd"]}'
)
_TEXT = b64decode("AXheU1bwSU0sTuXicszLAzJTFYoz0/OK9RRCMlIVilLzShQyixVMdIwMDBRSS4vyi/W4AG9rDrU=")
_PASSAGES = b64decode("AXgBc+JjYGCIjo7ViVbySU0sTlWKjfVkAgqBACMQgzkgBkgQLsMJ44AYhkAMAEpuBkY=")
_LAYOUT = b64decode(
    "AkJRAAAAeAFzEmNgYIhW8klNLE5V0lHKTSzKTskvz9M3VIr1ZAJKgQAnEIM57ECGARA7gWQYmTzAFEwSSIMBXBuI54lKpIC4"
    "YIJYCbBV0bEI5QCUUg8fQjAAAAAIAAAAeAEDAAAAAAEIAAAAeAEDAAAAAAEIAAAAeAEDAAAAAAEIAAAAeAEDAAAAAAE="
)
_MINE: dict[str, Any] = {"tenant": "default", "collection": "docs"}
_VERSION: dict[str, Any] = {
    **_MINE,
    "document": "d1",
    "content_hash": "aa",
    "size": 48,
    "modified_ns": 1_777_888_999_123_456_789,
    "media_type": "text/markdown",
    "reader": "markdown/2",
    "chunker": "sentences/3",
    "embedder": "use/3",
    "characters": len(TEXT),
    "pages": 0,
    "passages": 2,
    "chunks": 3,
    "created_at": MOMENT,
}


@dataclass(frozen=True)
class Row:
    """A row, since when there is its table, and later columns by the revision that adds them."""

    since: str
    table: str
    values: dict[str, Any]
    later: tuple[tuple[str, dict[str, Any]], ...] = ()

    def at(self, revision: str) -> dict[str, Any]:
        """Its columns at this revision."""
        added = (values for since, values in self.later if since <= revision)
        return self.values | {name: value for values in added for name, value in values.items()}


ROWS = (
    Row(
        "0001",
        "collections",
        {
            "tenant": "default",
            "name": "docs",
            "generation": 2,
            "next_number": 9,
            "embedder": "use/3",
            "dimensions": 2,
            "check_vector": bytes.fromhex("9a99193fcdcc4c3f"),
            "created_at": MOMENT,
            "deleted": False,
        },
        (("0003", {"next_generation": 3, "next_embedder": "use/4", "next_dimensions": 2}),),
    ),
    Row(
        "0001",
        "documents",
        {
            **_MINE,
            "id": "d1",
            "path": "lease.md",
            "location": "/l/lease.md",
            "current": 7,
            "created_at": MOMENT,
        },
    ),
    Row("0001", "tombstones", {**_MINE, "document": "d0", "deleted_at": MOMENT}),
    Row(
        "0001",
        "versions",
        {**_VERSION, "number": 7, "ordinal": 2, "state": "ready", "title": "Lease"},
        (("0003", {"warnings": '["a picture was left out"]'}),),
    ),
    Row("0001", "versions", {**_VERSION, "number": 5, "ordinal": 1, "state": "superseded", "title": "Draft"}),
    Row("0001", "versions", {**_VERSION, "number": 8, "ordinal": 3, "state": "pending", "title": ""}),
    Row("0001", "contents", {**_MINE, "number": 7, "text": _TEXT, "passages": _PASSAGES, "layout": _LAYOUT}),
    Row("0001", "contents", {**_MINE, "number": 5, "text": _TEXT, "passages": _PASSAGES, "layout": _LAYOUT}),
    Row(
        "0001",
        "failures",
        {
            **_MINE,
            "path": "scan.pdf",
            "reason": "encrypted",
            "detail": "needs a password",
            "content_hash": "bb",
            "size": 3,
            "modified_ns": 4,
            "reader": "pdf/5",
            "failed_at": MOMENT,
            "location": "/l/scan.pdf",
        },
    ),
    Row("0001", "sessions", {**_MINE, "id": "s1", "created_at": MOMENT, "turns": '[{"question":"Who?"}]'}),
    Row("0001", "session_documents", {"tenant": "default", "session": "s1", "number": 7}),
    Row(
        "0002",
        "jobs",
        {
            **_MINE,
            "id": "j1",
            "kind": "upload",
            "state": "interrupted",
            "request": REQUEST,
            "progress": '{"path":"lease.md","files_done":1,"files_total":2}',
            "report": '{"indexed":1}',
            "place": "0123456789abcdef",
            "unattended": True,
            "cancelling": False,
            "attempts": 2,
            "owner": "",
            "created_at": MOMENT,
        },
    ),
    Row(
        "0002",
        "job_files",
        {
            "tenant": "default",
            "job": "j1",
            "number": 1,
            "path": "scan.pdf",
            "outcome": "failed",
            "reason": "encrypted",
            "detail": "needs a password",
        },
    ),
    Row(
        "0004",
        "calls",
        {
            **_MINE,
            "id": "c1",
            "created_at": MOMENT,
            "answer": "ans_1",
            "session": "s1",
            "key": "",
            "provider": "zai",
            "model": "glm-5",
            "purpose": "answer",
            "mode": "retrieve",
            "planned_tokens": 908,
            "predicted_cached_tokens": 812,
            "prompt_tokens": 920,
            "cached_tokens": 768,
            "completion_tokens": 40,
            "reasoning_tokens": 0,
            "usd": 0.25,
            "saved_usd": 0.125,
            "milliseconds": 812.5,
            "outcome": "ok",
            "plan": PLAN,
        },
    ),
    Row("0004", "call_documents", {"tenant": "default", "call": "c1", "number": 7}),
    Row(
        "0005",
        "reviews",
        {
            **_MINE,
            "id": "r1",
            "name": "leases",
            "state": "done",
            "request": '{"questions":[]}',
            "reason": "",
            "unattended": True,
            "cancelling": False,
            "owner": "",
            "created_at": MOMENT,
            "finished_at": MOMENT,
            "calls": 3,
            "unpriced": 0,
            "prompt_tokens": 3_000_000_000,
            "cached_tokens": 5,
            "completion_tokens": 6,
            "usd": 0.5,
            "saved_usd": 0.25,
        },
    ),
    Row("0005", "review_documents", {"tenant": "default", "review": "r1", "document": "d1"}),
    Row(
        "0005",
        "review_cells",
        {
            **_MINE,
            "review": "r1",
            "document": "d1",
            "question": 0,
            "number": 7,
            "state": "answered",
            "result": '{"answer":"4,200"}',
        },
    ),
    Row("0006", "session_turns", {"tenant": "default", "session": "s1", "place": 0, "fingerprint": "f0"}),
    Row("0006", "pins", {**_MINE, "document": "d1"}),
    Row(
        "0007",
        "access_keys",
        {
            "id": "k1",
            "tenant": "default",
            "name": "Ann's",
            "digest": "ab" * 32,
            "permissions": "read write",
            "collections": None,
            "usd_per_day": 2.5,
            "created_at": MOMENT,
        },
    ),
    Row("0007", "tenants", {"tenant": "default", "salt": "5a17", "created_at": MOMENT}),
    Row(
        "0008",
        "audit",
        {
            "number": 1,
            "tenant": "default",
            "at": MOMENT,
            "key": "k1",
            "peer": "10.0.0.7",
            "action": "read_text",
            "collection": "docs",
            "subject": "d1",
            "outcome": "ok",
            "request": "q1",
        },
    ),
    Row(
        "0009",
        "leases",
        {
            "kind": "ingest",
            "tenant": "default",
            "subject": "docs",
            "owner": "p1",
            "work": "ingest",
            "since": MOMENT,
            "heartbeat": MOMENT,
        },
    ),
    Row("0009", "rates", {"name": "k1", "period": 29_000_000, "counted": 3, "before": 2}),
    Row("0009", "under_way", {"id": "u1", "key": "k1", "until": MOMENT}),
    Row("0009", "spending", {"tenant": "default", "key": "k1", "day": MOMENT, "usd": 0.25}),
)


def write_catalog(url: str, revision: str) -> None:
    """A catalog of this revision, full."""
    older = Database(url)
    try:
        with older.migration() as connection:
            command.upgrade(alembic_config(connection), revision)
            for row in ROWS:
                if row.since <= revision:
                    insert(connection, row.table, row.at(revision))
    finally:
        older.close()


def insert(connection: Connection, table: str, values: dict[str, Any]) -> None:
    """One row, by plain SQL."""
    names = ", ".join(f'"{name}"' for name in values)
    marks = ", ".join(f":{name}" for name in values)
    connection.execute(text(f"INSERT INTO {table} ({names}) VALUES ({marks})"), values)


@contextmanager
def empty_place(kind: str, folder: Path, server: str) -> Generator[str]:
    """The address of a database in which nothing is yet: a file, or one of its own on the server."""
    if kind == "sqlite":
        yield sqlite_url(folder / "catalog.sqlite")
        return
    name = f"lectern_{secrets.token_hex(6)}"
    engine = create_engine(server, isolation_level="AUTOCOMMIT")
    try:
        with engine.connect() as connection:
            connection.execute(text(f"CREATE DATABASE {name}"))
        yield make_url(server).set(database=name).render_as_string(hide_password=False)
        with engine.connect() as connection:
            connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    finally:
        engine.dispose()
