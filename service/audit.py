"""The audit log: who read, asked, changed and deleted what."""

from __future__ import annotations

import logging
import threading
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from ingest.errors import CatalogUnavailable, LecternError

if TYPE_CHECKING:
    from collections.abc import Callable

    from ingest.catalog.audit_records import AuditEntry, AuditLine, AuditWanted
    from ingest.catalog.catalog import Catalog

KEPT = frozenset(
    {
        *("delete_document", "delete_failure", "delete_collection", "delete_session", "delete_review"),
        *("purge", "change_egress", "make_key", "revoke_key"),
    }
)
"""Actions that are written before anybody is told that they were done."""
MOST_WAITING = 10_000
"""Entries that wait for a database that does not answer; the oldest are given up, which the log says."""
_PATIENCE = 2.0
"""Seconds that what is only noted waits for another writer before it is tried again with the next entry."""
_PRUNED_EVERY = timedelta(days=1)
_log = logging.getLogger(__name__)


class Audit:
    """Writes in a thread of its own, so that reading and asking never wait for it.

    What is noted is written within moments: a process that is killed loses those entries alone that it has
    noted since the last transaction of the writer began. What must not be lost is noted with `keep`.
    """

    def __init__(
        self,
        catalog: Catalog,
        *,
        days: int,
        prunes: bool = True,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """``days`` are how long entries are kept; ``prunes`` as in `Ledger`."""
        self._catalog = catalog
        self._kept = timedelta(days=days)
        self._prunes = prunes
        self._now = now
        self._waiting: deque[AuditEntry] = deque()
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="lectern-audit")
        self._pruned: datetime | None = None
        self._writing = threading.Lock()

    def note(self, entry: AuditEntry) -> None:
        """Have an entry written soon, in the order of what happened. Neither waits nor fails."""
        if len(self._waiting) >= MOST_WAITING:
            self._waiting.popleft()
            _log.error("the audit log has lost an entry: its database does not answer")
        self._waiting.append(entry)
        try:
            self._writer.submit(self._write)
        except RuntimeError:  # closed: whoever ends later writes for itself
            self._write()

    def keep(self, entry: AuditEntry) -> None:
        """Write an entry, and what was noted before it, before anybody is told of what was done.

        Raises:
            CatalogUnavailable: it could not be written now; it will be once the database answers.
        """
        self._waiting.append(entry)
        self._write(insist=True)

    def entries(self, tenant: str, wanted: AuditWanted) -> tuple[AuditLine, ...]:
        """A tenant's entries, the newest first, with all that was noted here until now.

        Raises:
            CatalogUnavailable: the database does not answer.
        """
        self._write()
        return self._catalog.audit(tenant, wanted)

    def close(self) -> None:
        """Write what is left; a writer that holds the database for seconds holds no command up for longer."""
        self._writer.shutdown()
        self._write()
        if self._waiting:
            _log.error("the audit log has lost %s entries: its database does not answer", len(self._waiting))

    def _write(self, *, insist: bool = False) -> None:
        with self._writing:
            batch = [self._waiting.popleft() for _ in range(len(self._waiting))]
            if not batch:
                return
            try:
                self._catalog.add_audit(batch, patience=60.0 if insist else _PATIENCE)
            except CatalogUnavailable as error:
                self._waiting.extendleft(reversed(batch))
                _log.warning("the audit log cannot be written, %s entries wait: %s", len(batch), error)
                if insist:
                    raise
                return
            except Exception:
                _log.exception("the audit log has lost %s entries", len(batch))
                if insist:
                    raise
            if self._prunes:
                self._prune_daily()

    def prune(self) -> None:
        """Drop what is too old."""
        try:
            self._catalog.forget_audit(self._now() - self._kept, patience=_PATIENCE)
        except LecternError as error:
            _log.warning("old entries stay in the audit log: %s", error)

    def _prune_daily(self) -> None:
        """At the first entry that this process writes and then once a day."""
        now = self._now()
        if self._pruned is None or now - self._pruned >= _PRUNED_EVERY:
            self._pruned = now
            self.prune()
