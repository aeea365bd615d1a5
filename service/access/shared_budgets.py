"""Budgets that hold over all servers together: what is set aside stands in the database that they share.

Each day of a key is one row, begun with what the ledger knows. A call adds the most that it may cost before
it is made, unless that were more than the budget, and takes back what it did not cost. What a server that was
killed had set aside stays until midnight: nobody knows what those calls took.
"""

from __future__ import annotations

import logging
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING
from weakref import WeakValueDictionary

from ingest.errors import LecternError
from service.access.budgets import Budgets, SetAside

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from ingest.catalog.call_records import CallRecord
    from ingest.catalog.catalog import Catalog
    from service.access.budgets import SpendingRecord
    from service.models.prices import Price
    from service.recording import Owed

_log = logging.getLogger(__name__)


@dataclass(eq=False, slots=True, weakref_slot=True)
class _Due:
    """A call that something may be set aside for in this moment."""

    call: CallRecord
    longest: int
    left: bool = False
    """Whether it will not be made."""


class SharedBudgets(Budgets):
    """As `Budgets`, over a database of which other servers spend, too."""

    def __init__(
        self,
        catalog: Catalog,
        ledger: SpendingRecord,
        price: Callable[[str], Price | None],
        *,
        default: float | None = None,
        fallbacks: Sequence[Price] = (),
    ) -> None:
        """As `Budgets`."""
        super().__init__(catalog, ledger, price, default=default, fallbacks=fallbacks)
        self._catalog = catalog
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="lectern-budgets")
        self._guard = threading.Lock()
        self._due: WeakValueDictionary[str, _Due] = WeakValueDictionary()
        """By call, as long as somebody holds it: a thread that never comes to it sets nothing aside."""

    def require(self, tenant: str, key: str) -> None:
        """As `Budgets.require`."""
        if not key:
            return
        account = self._account(tenant, key)
        self._refresh(account, tenant, key)
        if account.budget is not None and account.day is not None:
            committed = self._committed(tenant, key, account.day)
            if committed >= account.budget:
                raise self._used_up(account.budget, 0.0)

    def due(self, call: CallRecord, longest: int) -> Callable[[], None] | None:
        """As `Recorder.due`: set aside the most that the call may cost; raises what `begin` does there."""
        if not call.key:
            return None
        account = self._account(call.tenant, call.key)
        if self._is_fresh(account) and account.budget is None:
            return None
        due = _Due(call, longest)
        with self._guard:
            self._due[call.id] = due
        return partial(self._set_aside, due)

    def begin(self, call: CallRecord, longest: int) -> None:
        """As `Recorder.begin`: it was set aside when it was due."""

    def record(self, call: CallRecord, owed: Owed | None = None) -> None:
        """As `Budgets.record`."""
        aside = self._taken_back(call)
        if aside is None:
            self._ledger.record(call)
            return
        usd = self._took(call, owed, aside)
        self._ledger.record(call if usd is None else replace(call, usd=usd))
        self._correct(call, aside, (usd or 0.0) - aside.most)

    def forget(self, call: CallRecord) -> None:
        """As `Budgets.forget`."""
        with self._guard:
            due = self._due.get(call.id)
            if due is not None:
                due.left = True
                return
        aside = self._taken_back(call)
        if aside is not None:
            self._correct(call, aside, -aside.most)

    def close(self) -> None:
        """Write what is still to be given back."""
        self._writer.shutdown()

    def _set_aside(self, due: _Due) -> None:
        try:
            self._commit(due.call, due.longest)
        finally:
            with self._guard:
                self._due.pop(due.call.id, None)
            if due.left:
                self.forget(due.call)

    def _commit(self, call: CallRecord, longest: int) -> None:
        account = self._account(call.tenant, call.key)
        self._refresh(account, call.tenant, call.key)
        if account.budget is None or account.day is None:
            return
        most = self._most(call, longest)
        self._settle()
        if not self._catalog.commit(call.tenant, call.key, account.day, most, account.budget):
            left = account.budget - self._committed(call.tenant, call.key, account.day)
            raise self._used_up(account.budget, left, most)
        with account.lock:
            account.under_way[call.id] = SetAside(call.provider, most, account.day)

    def _spent(self, tenant: str, key: str, since: datetime) -> float:
        """What the day's row says; the first to look begins it with what the ledger knows."""
        committed = self._catalog.committed(tenant, key, since)
        if committed is not None:
            return committed
        self._catalog.open_spending(tenant, key, since, super()._spent(tenant, key, since))
        return self._catalog.committed(tenant, key, since) or 0.0

    def _committed(self, tenant: str, key: str, day: datetime) -> float:
        self._settle()
        return self._catalog.committed(tenant, key, day) or 0.0

    def _taken_back(self, call: CallRecord) -> SetAside | None:
        account = self._accounts.get((call.tenant, call.key))
        if account is None:
            return None
        with account.lock:
            return account.under_way.pop(call.id, None)

    def _correct(self, call: CallRecord, aside: SetAside, usd: float) -> None:
        assert aside.day is not None
        correct = partial(self._catalog.correct_spending, call.tenant, call.key, aside.day, usd)
        try:
            self._writer.submit(self._write, correct)
        except RuntimeError:  # closed: what ends after its services is written by whoever ends it
            self._write(correct)

    def _write(self, correct: Callable[[], None]) -> None:
        try:
            correct()
        except LecternError as error:  # it counts with the most until midnight
            _log.warning("what a call did not take stays set aside: %s", error)

    def _settle(self) -> None:
        """Wait until what ended here is given back."""
        try:
            self._writer.submit(lambda: None).result()
        except RuntimeError:  # closed
            return
