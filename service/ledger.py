"""The ledger: takes note of every call of a model, and tells what calls took."""

from __future__ import annotations

import logging
import threading
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from ingest.errors import CatalogUnavailable, LecternError, UnknownName
from service.explaining import explain

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ingest.catalog.call_records import CallRecord, SpentRow, UsageRow, UsageWanted
    from ingest.catalog.catalog import Catalog
    from service.explaining import Explanation
    from service.models.providers import CacheTraits
    from service.recording import Owed

MOST_WAITING = 10_000
"""Calls that wait for a database that does not answer; the oldest are given up."""
_PRUNED_EVERY = timedelta(days=1)
_ANSWER = "answer"
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Used:
    """What calls took."""

    rows: tuple[UsageRow, ...]
    total: UsageRow


class Ledger:
    """Writes in a thread of its own: an answer never waits for it, and never fails with it."""

    def __init__(
        self,
        catalog: Catalog,
        *,
        days: int,
        traits: Callable[[str], CacheTraits],
        prunes: bool = True,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """``days`` are how long calls are kept; ``traits`` of a provider are those of its cache.

        With ``prunes``, what is older goes by itself; else whoever maintains the catalog says when.
        """
        self._catalog = catalog
        self._kept = timedelta(days=days)
        self._traits = traits
        self._prunes = prunes
        self._now = now
        self._waiting: deque[CallRecord] = deque(maxlen=MOST_WAITING)
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="lectern-ledger")
        self._pruned: datetime | None = None
        self._writing = threading.Lock()
        self._tried = 0
        """Calls that are being written just now."""
        self._moving = threading.Lock()
        self.lost = 0
        """Calls that could not be written, or waited too long for it."""

    def due(self, call: CallRecord, longest: int) -> None:
        """As `Recorder.due`: nothing."""

    def begin(self, call: CallRecord, longest: int) -> None:
        """As `Recorder.begin`: the ledger only writes; `Budgets` stands before it."""

    def forget(self, call: CallRecord) -> None:
        """As `Recorder.forget`: it was not written yet."""

    def record(self, call: CallRecord, owed: Owed | None = None) -> None:  # noqa: ARG002 — of the protocol
        """As `Recorder.record`: it is written soon, in the order of calls; ``owed`` is not."""
        self.lost += len(self._waiting) == MOST_WAITING
        self._waiting.append(call)
        try:
            self._writer.submit(self._write)
        except RuntimeError:  # closed: what ends after its services is written by whoever ends it
            self._write()

    @property
    def waiting(self) -> int:
        """Calls that are not written yet."""
        with self._moving:
            return len(self._waiting) + self._tried

    def settle(self) -> None:
        """Wait until all that was recorded here is written, or cannot be."""
        self._write()

    def close(self) -> None:
        """Write what is left."""
        self._writer.shutdown()
        self._write()

    def usage(self, tenant: str, wanted: UsageWanted) -> Used:
        """What calls took, by day or by name, and in all."""
        self.settle()
        rows, total = (self._catalog.usage(tenant, replace(wanted, by=by)) for by in (wanted.by, None))
        return Used(rows, total[0])

    def spent(self, tenant: str, key: str, since: datetime) -> Sequence[SpentRow]:
        """What an access key's calls took from this moment on, by model."""
        self.settle()
        return self._catalog.spent(tenant, key, since)

    def explanation(self, tenant: str, answer: str, *, key: str | None = None) -> Explanation:
        """Of what an answer's prompt was made, and why the cache served what it served.

        Args:
            tenant: whose answer it is.
            answer: its id.
            key: label of the access key that must have asked, this answer and the one that it is compared
                with; None stands for any.

        Raises:
            UnknownName: no call of this answer is on record: it is too old, or an extract.
        """
        self.settle()
        calls = [call for call in self._catalog.calls_of(tenant, answer) if key in {None, call.key}]
        if not calls:
            raise UnknownName("answer", answer)
        chosen = [call for call in calls if call.purpose == _ANSWER] or [call for call in calls if call.mode]
        asked = (chosen or calls)[-1]
        before = self._catalog.call_before(asked, key=key)
        return explain(asked, before, calls, self._traits(asked.provider))

    def _write(self) -> None:
        with self._writing:
            batch = self._take()
            if not batch:
                return
            try:
                self._catalog.record_calls(batch)
            except CatalogUnavailable as error:
                self._put_back(batch)
                _log.warning("the ledger cannot be written, %s calls wait: %s", len(batch), error)
                return
            except Exception:  # noqa: BLE001 — an edge: what an answer took must not become the answer's failure
                self.lost += len(batch)
                _log.exception("the ledger has lost %s calls", len(batch))
            self._tried = 0
            if self._prunes:
                self._prune_daily()

    def _take(self) -> list[CallRecord]:
        with self._moving:
            batch = [self._waiting.popleft() for _ in range(len(self._waiting))]
            self._tried = len(batch)
        return batch

    def _put_back(self, batch: Sequence[CallRecord]) -> None:
        with self._moving:
            self._waiting.extendleft(reversed(batch))
            self._tried = 0

    def prune(self) -> None:
        """Drop what is too old."""
        try:
            self._catalog.forget_calls(self._now() - self._kept)
        except LecternError as error:
            _log.warning("old calls stay in the ledger: %s", error)

    def _prune_daily(self) -> None:
        """At the first call that this process records and then once a day."""
        now = self._now()
        if self._pruned is None or now - self._pruned >= _PRUNED_EVERY:
            self._pruned = now
            self.prune()
