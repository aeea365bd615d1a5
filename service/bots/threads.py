"""What a bot remembers of its threads, in a file of its own: ids and places, no word of anybody's.

Questions and answers are in the server's conversations. Of the last answer stand only the places that it
cites, so that what is deleted on the server is nowhere to be read here.
"""

from __future__ import annotations

import json
import sqlite3
import time
from contextlib import closing
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

FILE = "bots.sqlite"
KEPT_DAYS = 90
"""After its last message a thread is forgotten."""
_DAY = 86_400.0
_SCHEMA = """
CREATE TABLE IF NOT EXISTS threads (
    platform TEXT, thread TEXT, collection TEXT NOT NULL, session TEXT, cited TEXT NOT NULL, at REAL NOT NULL,
    PRIMARY KEY (platform, thread)
);
CREATE TABLE IF NOT EXISTS messages (
    platform TEXT, chat TEXT, message TEXT, thread TEXT NOT NULL, at REAL NOT NULL,
    PRIMARY KEY (platform, chat, message)
);
"""


@dataclass(frozen=True, slots=True)
class Cited:
    """A place that the last answer cites."""

    index: int
    document: str
    number: int
    """Of the version, the 7 of ``[D7:31]``."""
    start: int
    end: int
    page: int | None = None


@dataclass(frozen=True, slots=True)
class Thread:
    """A conversation on the platform."""

    key: str
    collection: str
    """Empty where none was chosen."""
    session: str | None = None
    """The server's conversation."""
    cited: tuple[Cited, ...] = ()


class Threads:
    """The threads of one platform. Each call is a transaction of its own.

    Args:
        folder: of the file.
        platform: its name.
        clock: seconds since 1970; once a day what is old is forgotten.
    """

    def __init__(self, folder: Path, platform: str, clock: Callable[[], float] = time.time) -> None:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._path = folder / FILE
        self._platform = platform
        self._clock = clock
        with closing(self._open()) as database, database:
            database.executescript(_SCHEMA)
            self._forget(database)
        self._path.chmod(0o600)

    def find(self, key: str) -> Thread | None:
        """The thread of this key, if the bot has taken part in it."""
        with closing(self._open()) as database:
            row = database.execute(
                "SELECT collection, session, cited FROM threads WHERE platform = ? AND thread = ?",
                (self._platform, key),
            ).fetchone()
        if row is None:
            return None
        collection, session, cited = row
        return Thread(key, collection, session, tuple(Cited(**place) for place in json.loads(cited)))

    def keep(self, thread: Thread) -> None:
        """Remember the thread as it is now."""
        cited = json.dumps([asdict(place) for place in thread.cited])
        row = (self._platform, thread.key, thread.collection, thread.session, cited, self._clock())
        with closing(self._open()) as database, database:
            database.execute("INSERT OR REPLACE INTO threads VALUES (?, ?, ?, ?, ?, ?)", row)

    def thread_of(self, chat: str, message: str) -> str | None:
        """Key of the thread that a message belongs to."""
        with closing(self._open()) as database:
            row = database.execute(
                "SELECT thread FROM messages WHERE platform = ? AND chat = ? AND message = ?",
                (self._platform, chat, message),
            ).fetchone()
        return None if row is None else str(row[0])

    def keep_message(self, chat: str, message: str, thread: str) -> bool:
        """Remember where a message belongs; whether it was unknown."""
        with closing(self._open()) as database, database:
            if self._clock() >= self._forgotten_at + _DAY:
                self._forget(database)
            added = database.execute(
                "INSERT OR IGNORE INTO messages VALUES (?, ?, ?, ?, ?)",
                (self._platform, chat, message, thread, self._clock()),
            )
            return added.rowcount == 1

    def _forget(self, database: sqlite3.Connection) -> None:
        self._forgotten_at = self._clock()
        for table in ("threads", "messages"):
            database.execute(
                f"DELETE FROM {table} WHERE at < ?",  # noqa: S608 — the names stand in the line above
                (self._forgotten_at - KEPT_DAYS * _DAY,),
            )

    def _open(self) -> sqlite3.Connection:
        return sqlite3.connect(self._path, timeout=10)
