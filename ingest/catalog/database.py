"""Connections and transactions. All that SQLite and PostgreSQL do differently stands here."""

from __future__ import annotations

import sqlite3
from contextlib import closing, contextmanager
from copy import copy
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import quote

from filelock import FileLock
from sqlalchemy import create_engine, event, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DatabaseError, DataError, IntegrityError, ProgrammingError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from ingest.errors import CatalogUnavailable, UnsupportedStore

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Mapping
    from pathlib import Path
    from sqlite3 import Connection as SqliteConnection

    from sqlalchemy import ColumnElement, Connection, Executable

_BUSY_SECONDS = 60
_LOG_MILLISECONDS = 2_000
"""That a deletion waits for readers of what it has deleted."""
_IDLE_MILLISECONDS = 60_000
"""After which PostgreSQL ends the transaction of a process that stands still, or is gone."""
_WRITES = "lectern_writes"
_MIGRATION_LOCK = 0x4C656374  # any number that is the same in every process
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_CLOCK = text("SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint")
_FLEETING = text("SELECT set_config('synchronous_commit', 'off', true)")
_ALONE = text("SELECT pg_advisory_xact_lock(:number)")


def sqlite_url(path: Path) -> str:
    """The address of a catalog in a file."""
    return f"sqlite:///{path}"


class Database:
    """An engine and its two kinds of transaction; threads may share it.

    Readers never wait for writers. In SQLite a writer takes its lock when it begins: a reader that turns
    into a writer half way fails at once where another writes, however long it is ready to wait.
    """

    def __init__(self, url: str) -> None:
        """Raises ValueError where ``url`` is no address, or its driver is not installed."""
        self._require: Callable[[Connection], None] | None = None
        try:
            self._url = make_url(url)
            self._sqlite = self._url.get_backend_name() == "sqlite"
            connect = {"timeout": _BUSY_SECONDS} if self._sqlite else {}
            self.engine = create_engine(self._url, connect_args=connect, pool_pre_ping=not self._sqlite)
        except (ArgumentError, ImportError) as error:
            raise ValueError(str(error)) from error
        if self._sqlite:
            event.listen(self.engine, "connect", _configure_sqlite)
            event.listen(self.engine, "begin", _begin_sqlite)
        else:
            event.listen(self.engine, "connect", _configure_server)

    @property
    def is_shared(self) -> bool:
        """Whether servers on several machines may work over it: it is no file."""
        return not self._sqlite

    def guarded(self, require: Callable[[Connection], None]) -> Database:
        """The same database, where every transaction that writes begins with what may refuse it."""
        guarded = copy(self)
        guarded._require = require  # noqa: SLF001 — of its own class
        return guarded

    def moment(self, connection: Connection) -> datetime:
        """The time by the one clock that all who share the database go by."""
        if self._sqlite:
            return datetime.now(UTC)
        return _EPOCH + timedelta(microseconds=connection.execute(_CLOCK).scalar_one())

    def fleeting(self, connection: Connection) -> None:
        """What this transaction writes need not survive a loss of power: do not wait for the disk."""
        if not self._sqlite:
            connection.execute(_FLEETING)

    def alone(self, connection: Connection, name: str) -> None:
        """Wait until no other transaction that has asked by this name goes on: one of SQLite is alone."""
        if not self._sqlite:
            number = int.from_bytes(blake2b(name.encode(), digest_size=8).digest(), signed=True)
            connection.execute(_ALONE, {"number": number})

    def begins_with(self, column: ColumnElement[str], beginning: str) -> ColumnElement[bool]:
        """Whether a text begins so, by code points; an index over the column serves it."""
        if self._sqlite:
            return (column >= beginning) & (column < beginning[:-1] + chr(ord(beginning[-1]) + 1))
        return column.bool_op("^@")(beginning)

    @contextmanager
    def read(self) -> Generator[Connection]:
        """A snapshot that nothing may be written in; raises `CatalogUnavailable`."""
        with self._reached(), self.engine.connect() as connection:
            yield connection

    @contextmanager
    def write(self, *, patience: float = _BUSY_SECONDS) -> Generator[Connection]:
        """A transaction, committed at the end of the block, rolled back where it raises.

        Args:
            patience: seconds to wait in SQLite for another writer.

        Raises:
            CatalogUnavailable: the database does not answer.
        """
        with (
            self._reached(),
            self.engine.connect().execution_options(**{_WRITES: True}) as connection,
            self._waiting(connection, patience),
            connection.begin(),
        ):
            if self._require is not None:
                self._require(connection)
            yield connection

    @contextmanager
    def _waiting(self, connection: Connection, patience: float) -> Generator[None]:
        if not self._sqlite or patience == _BUSY_SECONDS:
            yield
            return
        raw = connection.connection.cursor()  # beside SQLAlchemy, which would begin a transaction for it
        raw.execute(f"PRAGMA busy_timeout={patience * 1_000:.0f}")
        try:
            yield
        finally:
            raw.execute(f"PRAGMA busy_timeout={_BUSY_SECONDS * 1_000}")

    @contextmanager
    def migration(self) -> Generator[Connection]:
        """A transaction that no other process migrates beside."""
        if self._sqlite:
            with FileLock(f"{self._url.database}.lock"):
                self._switch_to_wal()
                with self.write() as connection:
                    yield connection
        else:
            with self.write() as connection:
                connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _MIGRATION_LOCK})
                yield connection

    @contextmanager
    def _reached(self) -> Generator[None]:
        """Tell what the database cannot help from what a statement did wrong."""
        try:
            yield
        except (IntegrityError, DataError, ProgrammingError):
            raise
        except PoolTimeoutError as error:
            raise CatalogUnavailable("the catalog's database: too many wait for it") from error
        except DatabaseError as error:
            said = str(error.orig).partition("\n")[0]
            if "not a database" in said:
                raise UnsupportedStore(f"{self._url.database} is not a catalog") from error
            raise CatalogUnavailable(f"the catalog's database: {said}") from error

    def _switch_to_wal(self) -> None:
        # Lasts in the file, but locks it alone: two processes that switch at once fail, busy timeout or not.
        raw = self.engine.raw_connection()
        try:
            raw.cursor().execute("PRAGMA journal_mode=WAL")
        finally:
            raw.close()

    def truncate_log(self) -> None:
        """Let SQLite's log hold nothing of what was deleted; a reader that takes too long keeps it there.

        The next deletion, or the end of the last connection, tries again.
        """
        if not self._sqlite:
            return
        raw = self.engine.raw_connection()
        try:
            cursor = raw.cursor()
            cursor.execute(f"PRAGMA busy_timeout={_LOG_MILLISECONDS}")
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()  # says whether; raises nothing
            cursor.execute(f"PRAGMA busy_timeout={_BUSY_SECONDS * 1_000}")
        finally:
            raw.close()

    def damage(self) -> tuple[str, ...]:
        """What SQLite finds damaged in its file, foreign keys included; a server answers for itself."""
        if not self._sqlite:
            return ()
        with self.read() as connection:
            found = [str(row[0]) for row in connection.execute(text("PRAGMA integrity_check"))]
            broken = connection.execute(text("PRAGMA foreign_key_check")).all()
        lines = [line for line in found if line != "ok"]
        return (*lines, *(f"a row of {row[0]} has lost what it belongs to" for row in broken))

    def check_writable(self) -> None:
        """Whether something could be written; a writer that is at work just now shows that it can.

        Raises:
            CatalogUnavailable: the database is away, read-only or damaged.
        """
        if self._sqlite:
            _try_lock(str(self._url.database))
            return
        with self.read() as connection:
            if connection.execute(text("SELECT pg_is_in_recovery()")).scalar():
                raise CatalogUnavailable("the catalog's database: a copy that cannot be written")

    def close(self) -> None:
        """Let go of all connections."""
        self.engine.dispose()


class CatalogPart:
    """The calls of the catalog about one of its nouns. Each is one short transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database


def rows(connection: Connection, statement: Executable, **parameters: object) -> list[Mapping[str, Any]]:
    """What a statement selects, by column name; ``parameters`` are those that it leaves open.

    A statement that every question needs is made once and leaves its values open: to make it anew takes
    longer than SQLite does to answer it.
    """
    found = connection.execute(statement, parameters or None)
    return cast("list[Mapping[str, Any]]", found.mappings().all())


def storable(words: str) -> str:
    """Words for people, without what a database refuses: lone surrogates and NUL."""
    return words.encode("utf-8", "replace").decode("utf-8").replace("\0", "")


def _try_lock(path: str) -> None:
    """Begin to write, on a connection that waits for nobody, and write nothing."""
    try:
        with closing(sqlite3.connect(f"file:{quote(path)}?mode=rw", uri=True, timeout=0)) as connection:
            connection.isolation_level = None
            connection.execute("BEGIN IMMEDIATE")
            connection.execute("ROLLBACK")
    except sqlite3.OperationalError as error:
        if "locked" not in str(error):
            raise CatalogUnavailable(f"the catalog's database: {error}") from error
    except sqlite3.DatabaseError as error:
        raise CatalogUnavailable(f"the catalog's database: {error}") from error


def _configure_sqlite(connection: SqliteConnection, _record: object) -> None:
    connection.isolation_level = None  # the driver's own BEGIN comes too late, and never before a SELECT
    connection.execute("PRAGMA foreign_keys=ON")
    connection.execute("PRAGMA secure_delete=ON")  # deleted text is gone from the file, too


def _configure_server(connection: Any, _record: object) -> None:  # noqa: ANN401 — any driver's
    cursor = connection.cursor()
    cursor.execute(f"SET idle_in_transaction_session_timeout = {_IDLE_MILLISECONDS}")
    cursor.close()
    connection.commit()


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get(_WRITES, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
