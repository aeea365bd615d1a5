"""The tables of the catalog. Every row names its tenant and its collection; numbers are never reused.

A change here needs a new file in ``migrations/versions`` and a new ``HEAD``.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    false,
    true,
)

if TYPE_CHECKING:
    from sqlalchemy.engine import Dialect

HEAD = "0010"
"""The newest revision, so that a catalog at head opens without importing alembic."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Moment(TypeDecorator[datetime]):
    """A time with its zone, as microseconds since 1970: the same bytes in every database."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        """Towards the database."""
        del dialect
        return None if value is None else (value - _EPOCH) // timedelta(microseconds=1)

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:
        """From the database."""
        del dialect
        return None if value is None else _EPOCH + timedelta(microseconds=value)


class Sentences(TypeDecorator[tuple[str, ...]]):
    """Some sentences, as a JSON list; none is the empty text."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: tuple[str, ...] | None, dialect: Dialect) -> str:
        """Towards the database."""
        del dialect
        return json.dumps(value) if value else ""

    def process_result_value(self, value: str | None, dialect: Dialect) -> tuple[str, ...]:
        """From the database."""
        del dialect
        return tuple(json.loads(value)) if value else ()


# Paths and names sort by code point in both databases, whatever the server's locale.
_NAME = Text().with_variant(Text(collation="C"), "postgresql")

metadata = MetaData()

collections = Table(
    "collections",
    metadata,
    Column("tenant", _NAME, primary_key=True),
    Column("name", _NAME, primary_key=True),
    Column("generation", Integer, nullable=False),
    Column("next_number", Integer, nullable=False),
    Column("embedder", Text, nullable=False),
    Column("dimensions", Integer, nullable=False),
    Column("check_vector", LargeBinary, nullable=False),
    Column("created_at", Moment, nullable=False),
    # A deleted collection keeps its counter: were it to start again, old citations would name new text.
    Column("deleted", Boolean, nullable=False),
    # What a re-index is building while the generation above serves; null where none is under way.
    Column("next_generation", Integer),
    Column("next_embedder", Text),
    Column("next_dimensions", Integer),
    Column("next_check_vector", LargeBinary),
    Column("next_chunker", Text),
    # Who may be shown its text; null, as it is before anybody has said so, is what the settings say.
    Column("egress", Text),
)

documents = Table(
    "documents",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("tenant", _NAME, nullable=False),
    Column("collection", _NAME, nullable=False),
    Column("path", _NAME, nullable=False),
    Column("location", Text, nullable=False),  # of the file; empty where it never was one
    Column("current", Integer),  # number of the ready version
    Column("retitled", Boolean, nullable=False, server_default=false()),  # its points show an older title
    Column("created_at", Moment, nullable=False),
    ForeignKeyConstraint(["tenant", "collection"], ["collections.tenant", "collections.name"]),
    Index("documents_path", "tenant", "collection", "path", unique=True),
    Index("documents_location", "location", postgresql_using="spgist"),  # which sets no limit to its length
)
Index(
    "documents_retitled",
    documents.c.tenant,
    documents.c.collection,
    sqlite_where=documents.c.retitled == true(),
    postgresql_where=documents.c.retitled == true(),
)

tombstones = Table(
    "tombstones",
    metadata,
    Column("document", String(32), primary_key=True),
    Column("tenant", _NAME, nullable=False),
    Column("collection", _NAME, nullable=False),
    Column("deleted_at", Moment, nullable=False),
)

versions = Table(
    "versions",
    metadata,
    Column("tenant", _NAME, primary_key=True),
    Column("collection", _NAME, primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("document", String(32), nullable=False),
    Column("ordinal", Integer, nullable=False),
    Column("state", String(16), nullable=False),
    Column("content_hash", Text, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("modified_ns", BigInteger, nullable=False),
    Column("media_type", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("reader", Text, nullable=False),
    Column("chunker", Text, nullable=False),
    Column("embedder", Text, nullable=False),
    Column("characters", Integer, nullable=False),
    Column("pages", Integer, nullable=False),
    Column("passages", Integer, nullable=False),
    Column("chunks", Integer, nullable=False),
    Column("warnings", Sentences, nullable=False, server_default=""),
    Column("created_at", Moment, nullable=False),
    ForeignKeyConstraint(["document"], ["documents.id"], ondelete="CASCADE"),
    Index("versions_document", "document"),
    Index("versions_content", "content_hash"),
    Index("versions_manifest", "tenant", "collection", "state", "number", "chunks"),
)

contents = Table(
    "contents",
    metadata,
    Column("tenant", _NAME, primary_key=True),
    Column("collection", _NAME, primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    # In this order: to read a column, SQLite walks the pages of those before it.
    Column("text", LargeBinary, nullable=False),
    Column("passages", LargeBinary, nullable=False),
    Column("layout", LargeBinary, nullable=False),
    ForeignKeyConstraint(
        ["tenant", "collection", "number"],
        ["versions.tenant", "versions.collection", "versions.number"],
        ondelete="CASCADE",
    ),
)

failures = Table(
    "failures",
    metadata,
    Column("tenant", _NAME, primary_key=True),
    Column("collection", _NAME, primary_key=True),
    Column("path", _NAME, primary_key=True),
    Column("reason", String(32), nullable=False),
    Column("detail", Text, nullable=False),
    Column("content_hash", Text, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("modified_ns", BigInteger, nullable=False),
    Column("reader", Text, nullable=False),
    Column("failed_at", Moment, nullable=False),
    Column("location", Text, nullable=False),
    ForeignKeyConstraint(["tenant", "collection"], ["collections.tenant", "collections.name"]),
)

sessions = Table(
    "sessions",
    metadata,
    Column("tenant", _NAME, primary_key=True),
    Column("id", String(64), primary_key=True),
    Column("collection", _NAME, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("turns", Text, nullable=False),
    Column("key", _NAME, nullable=False, server_default=""),  # whose it is: label of an access key
    ForeignKeyConstraint(["tenant", "collection"], ["collections.tenant", "collections.name"]),
    Index("sessions_collection", "tenant", "collection"),
)

session_documents = Table(
    "session_documents",
    metadata,
    Column("tenant", _NAME, primary_key=True),
    Column("session", String(64), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    ForeignKeyConstraint(["tenant", "session"], ["sessions.tenant", "sessions.id"], ondelete="CASCADE"),
)

# What a client that sends its history again is known by: a turn's fingerprint covers the turns before it.
session_turns = Table(
    "session_turns",
    metadata,
    Column("tenant", _NAME, primary_key=True),
    Column("session", String(64), primary_key=True),
    Column("place", Integer, primary_key=True, autoincrement=False),  # from 0
    Column("fingerprint", String(32), nullable=False),
    ForeignKeyConstraint(["tenant", "session"], ["sessions.tenant", "sessions.id"], ondelete="CASCADE"),
    Index("session_turns_fingerprint", "tenant", "fingerprint"),
)

# Documents that every prompt of their collection reads whole; the next version of one is pinned like it.
pins = Table(
    "pins",
    metadata,
    Column("tenant", _NAME, primary_key=True),
    Column("collection", _NAME, primary_key=True),
    Column("document", String(32), primary_key=True),
    ForeignKeyConstraint(["document"], ["documents.id"], ondelete="CASCADE"),
    Index("pins_document", "document"),
)

jobs = Table(
    "jobs",
    metadata,
    Column("tenant", _NAME, primary_key=True),
    Column("id", String(32), primary_key=True),
    Column("collection", _NAME, nullable=False),  # which may be made by the job itself
    Column("kind", String(16), nullable=False),
    Column("state", String(16), nullable=False),
    Column("request", Text, nullable=False),
    Column("progress", Text, nullable=False),
    Column("report", Text, nullable=False),
    Column("place", Text, nullable=False),
    Column("unattended", Boolean, nullable=False),
    Column("cancelling", Boolean, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("owner", Text, nullable=False),
    Column("heartbeat", Moment),
    Column("created_at", Moment, nullable=False),
    Column("started_at", Moment),
    Column("finished_at", Moment),
    Index("jobs_state", "state", "created_at"),
)

job_files = Table(
    "job_files",
    metadata,
    Column("tenant", _NAME, primary_key=True),
    Column("job", String(32), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("path", _NAME, nullable=False),
    Column("outcome", String(16), nullable=False),
    Column("reason", String(32), nullable=False),
    Column("detail", Text, nullable=False),
    ForeignKeyConstraint(["tenant", "job"], ["jobs.tenant", "jobs.id"], ondelete="CASCADE"),
    Index("job_files_path", "tenant", "job", "path", unique=True),
)

# The ledger. It outlives documents, sessions and collections: nothing here is a foreign key to them.
calls = Table(
    "calls",
    metadata,
    Column("tenant", _NAME, primary_key=True),
    Column("id", String(32), primary_key=True),
    Column("created_at", Moment, nullable=False),
    Column("answer", String(64), nullable=False),
    Column("session", String(64), nullable=False),
    Column("collection", _NAME, nullable=False),
    Column("key", _NAME, nullable=False),
    Column("provider", Text, nullable=False),
    Column("model", _NAME, nullable=False),
    Column("purpose", Text, nullable=False),
    Column("mode", Text, nullable=False),
    Column("planned_tokens", Integer, nullable=False),
    Column("predicted_cached_tokens", Integer, nullable=False),
    Column("prompt_tokens", Integer, nullable=False),
    Column("cached_tokens", Integer, nullable=False),
    Column("completion_tokens", Integer, nullable=False),
    Column("reasoning_tokens", Integer, nullable=False),
    Column("usd", Float(53)),
    Column("saved_usd", Float(53)),
    Column("milliseconds", Float(53), nullable=False),
    Column("outcome", Text, nullable=False),
    Column("plan", Text, nullable=False),  # its details; empty where there are none, or not any more
    Index("calls_created", "created_at"),
    Index("calls_answer", "tenant", "answer"),
    Index("calls_session", "tenant", "session", "created_at"),
)

call_documents = Table(
    "call_documents",
    metadata,
    Column("tenant", _NAME, primary_key=True),
    Column("call", String(32), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    ForeignKeyConstraint(["tenant", "call"], ["calls.tenant", "calls.id"], ondelete="CASCADE"),
    Index("call_documents_number", "tenant", "number"),
)

# Who did what. It outlives all that it names, and holds ids alone: no paths, titles, texts or questions.
audit = Table(
    "audit",
    metadata,
    Column("number", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("tenant", _NAME, nullable=False),
    Column("at", Moment, nullable=False),
    Column("key", _NAME, nullable=False),  # label of the access key; empty where none was needed
    Column("peer", Text, nullable=False),  # network address, or the user of a command
    Column("action", String(32), nullable=False),
    Column("collection", _NAME, nullable=False),
    Column("subject", Text, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("request", String(64), nullable=False),  # id of the request
    Index("audit_at", "at"),
    Index("audit_tenant", "tenant", "number"),
)

reviews = Table(
    "reviews",
    metadata,
    Column("tenant", _NAME, primary_key=True),
    Column("id", String(32), primary_key=True),
    Column("collection", _NAME, nullable=False),
    Column("name", _NAME, nullable=False),
    Column("key", _NAME, nullable=False, server_default=""),  # that pays for it: label of an access key
    Column("state", String(16), nullable=False),
    Column("request", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("unattended", Boolean, nullable=False),
    Column("cancelling", Boolean, nullable=False),
    Column("owner", Text, nullable=False),
    Column("heartbeat", Moment),
    Column("created_at", Moment, nullable=False),
    Column("finished_at", Moment),
    # What all its calls took, those for cells that are gone included.
    Column("calls", Integer, nullable=False),
    Column("unpriced", Integer, nullable=False),  # calls of models whose price nobody knows
    Column("prompt_tokens", BigInteger, nullable=False),
    Column("cached_tokens", BigInteger, nullable=False),
    Column("completion_tokens", BigInteger, nullable=False),
    Column("usd", Float, nullable=False),
    Column("saved_usd", Float, nullable=False),
    ForeignKeyConstraint(["tenant", "collection"], ["collections.tenant", "collections.name"]),
    Index("reviews_name", "tenant", "name"),
    Index("reviews_state", "state", "created_at"),
)

review_documents = Table(
    "review_documents",
    metadata,
    Column("tenant", _NAME, primary_key=True),
    Column("review", String(32), primary_key=True),
    Column("document", String(32), primary_key=True),
    ForeignKeyConstraint(["tenant", "review"], ["reviews.tenant", "reviews.id"], ondelete="CASCADE"),
    ForeignKeyConstraint(["document"], ["documents.id"], ondelete="CASCADE"),
    Index("review_documents_document", "document"),
)

review_cells = Table(
    "review_cells",
    metadata,
    Column("tenant", _NAME, primary_key=True),
    Column("review", String(32), primary_key=True),
    Column("document", String(32), primary_key=True),
    Column("question", Integer, primary_key=True, autoincrement=False),
    Column("collection", _NAME, nullable=False),
    Column("number", Integer, nullable=False),  # of the version that was read
    Column("state", String(16), nullable=False),
    Column("result", Text, nullable=False),
    ForeignKeyConstraint(["tenant", "review"], ["reviews.tenant", "reviews.id"], ondelete="CASCADE"),
    ForeignKeyConstraint(
        ["tenant", "collection", "number"],
        ["versions.tenant", "versions.collection", "versions.number"],
        ondelete="CASCADE",
    ),
    Index("review_cells_version", "tenant", "collection", "number"),
)

# Who may come in. A key is shown once and kept as its digest; what it opens stands beside it.
access_keys = Table(
    "access_keys",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("tenant", _NAME, nullable=False),
    Column("name", Text, nullable=False),
    Column("digest", String(64), nullable=False),
    Column("permissions", Text, nullable=False),
    Column("collections", Text),  # a JSON list; null for all
    Column("requests_per_minute", Integer),
    Column("concurrent_requests", Integer),
    Column("usd_per_day", Float(53)),
    Column("created_at", Moment, nullable=False),
    Column("expires_at", Moment),
    Column("revoked_at", Moment),
    Column("used_at", Moment),
    Index("access_keys_tenant", "tenant", "created_at"),
)

tenants = Table(
    "tenants",
    metadata,
    Column("tenant", _NAME, primary_key=True),
    Column("salt", String(32), nullable=False),
    Column("created_at", Moment, nullable=False),
)

# What several servers over one database agree by.

# Who alone may do something now: write a collection, maintain the catalog; or who is there at all.
leases = Table(
    "leases",
    metadata,
    Column("kind", String(16), primary_key=True),
    Column("tenant", _NAME, primary_key=True),
    Column("subject", _NAME, primary_key=True),
    Column("owner", Text, nullable=False),
    Column("work", Text, nullable=False),  # what for, for people
    Column("since", Moment, nullable=False),
    Column("heartbeat", Moment, nullable=False),
)

# Requests of the minute that runs, and of the one before: see `service.access.rates`.
rates = Table(
    "rates",
    metadata,
    Column("name", _NAME, primary_key=True),
    Column("period", BigInteger, nullable=False),
    Column("counted", BigInteger, nullable=False),
    Column("before", BigInteger, nullable=False),
)

under_way = Table(
    "under_way",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("key", _NAME, nullable=False),
    Column("until", Moment, nullable=False),  # unless the server that answers it says that it goes on
    Index("under_way_key", "key"),
)

# What a key's calls of a day took, or may still take.
spending = Table(
    "spending",
    metadata,
    Column("tenant", _NAME, primary_key=True),
    Column("key", _NAME, primary_key=True),
    Column("day", Moment, primary_key=True, autoincrement=False),
    Column("usd", Float(53), nullable=False),
)
