"""Daily budgets in dollars: no key's calls of models cost more in a day than it may spend.

The ledger knows what was spent, by all processes over the same data. A call that is under way counts with all
that it may still cost, so that many at once do not overshoot.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Protocol

from ingest.catalog.call_records import OK
from ingest.catalog.key_records import KeyLimits
from ingest.errors import TransientError
from service.access.caller import Forbidden
from service.models.contract import TokenUsage
from service.models.errors import ModelError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ingest.catalog.call_records import CallRecord, SpentRow
    from ingest.catalog.key_records import KeyRecord
    from service.models.prices import Price
    from service.recording import Owed

_READ_SECONDS = 30.0
"""Between two looks at the ledger: other processes' calls are noticed so late."""
_DAY = timedelta(days=1)
USED_UP = "insufficient_quota"
"""OpenAI's word for it, which its clients know."""


class BudgetUsedUp(ModelError, TransientError):
    """What a key may spend in a day is spent, or a call might cost more than is left; nothing was sent."""

    http_status = 429


class KeyDirectory(Protocol):
    """Where keys are looked up."""

    def access_key(self, identity: str) -> KeyRecord | None:
        """The key of this public id; None where there is none."""
        ...


class SpendingRecord(Protocol):
    """Where it is written what keys have spent."""

    def record(self, call: CallRecord) -> None:
        """As `Recorder.record`."""
        ...

    def spent(self, tenant: str, key: str, since: datetime) -> Sequence[SpentRow]:
        """What its calls took from this moment on, by model, with those that have just been recorded."""
        ...


@dataclass(frozen=True, slots=True)
class SetAside:
    """For a call under way."""

    provider: str
    most: float
    """Dollars that it may cost."""
    day: datetime | None = None
    """Of whose budget, where days are kept apart."""


@dataclass(slots=True)
class Account:
    """What is known of a key's day."""

    day: datetime | None = None
    """Of which it was read; None until then."""
    budget: float | None = None
    """None sets no bounds, or there is no such key."""
    spent: float = 0.0
    read: float = 0.0
    under_way: dict[str, SetAside] = field(default_factory=dict[str, SetAside])
    """By call."""
    ended: float = 0.0
    """Dollars of the calls that have ended since the ledger began to be read."""
    lock: threading.Lock = field(default_factory=threading.Lock)
    """Held to compute, never to read or to write."""
    reading: threading.Lock = field(default_factory=threading.Lock)
    """Held by the one that reads."""

    @property
    def committed(self) -> float:
        """Dollars that were spent, or may still be."""
        return self.spent + sum(one.most for one in self.under_way.values())


class Budgets:
    """A recorder of calls that knows what each key may still spend.

    Threads may share it. `require` and what `due` gives read the catalog and may wait for it; `begin`
    computes, with what was read before, and reads only where that was never done.
    """

    def __init__(
        self,
        keys: KeyDirectory,
        ledger: SpendingRecord,
        price: Callable[[str], Price | None],
        *,
        default: float | None = None,
        fallbacks: Sequence[Price] = (),
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """``price`` is a model's; ``default`` are the dollars a day of keys without a budget of their own.

        ``fallbacks`` are the prices of those who may answer in the model's place.
        """
        self._keys = keys
        self._ledger = ledger
        self._price = price
        self._default = default
        self._fallbacks = fallbacks
        self._now = now
        self._clock = clock
        self._accounts: dict[tuple[str, str], Account] = {}
        self._lock = threading.Lock()

    def require(self, tenant: str, key: str) -> None:
        """Ask before anything is done for a question; it may wait for the catalog.

        Raises:
            BudgetUsedUp: nothing is left.
            CatalogUnavailable: nobody can tell.
        """
        if not key:
            return
        account = self._account(tenant, key)
        self._refresh(account, tenant, key)
        with account.lock:
            if account.budget is not None and account.committed >= account.budget:
                raise self._used_up(account.budget, 0.0)

    def due(self, call: CallRecord, longest: int) -> Callable[[], None] | None:  # noqa: ARG002 — of the protocol
        """As `Recorder.due`: read the account, unless that is no news or another thread is about it.

        Raises (what it gives):
            CatalogUnavailable: nobody can tell what is left.
        """
        if not call.key:
            return None
        account = self._account(call.tenant, call.key)
        if self._is_fresh(account) or (self._is_todays(account) and account.reading.locked()):
            return None
        return partial(self._refresh, account, call.tenant, call.key)

    def begin(self, call: CallRecord, longest: int) -> None:
        """As `Recorder.begin`: set aside the most that a call may cost.

        Raises:
            BudgetUsedUp: it might cost more than is left.
            Forbidden: nobody knows what it costs.
            CatalogUnavailable: nobody can tell what is left.
        """
        if not call.key:
            return
        account = self._account(call.tenant, call.key)
        if account.day is None:
            self._refresh(account, call.tenant, call.key)
        with account.lock:
            if account.budget is None:
                return
            most = self._most(call, longest)
            if account.committed + most > account.budget:
                raise self._used_up(account.budget, account.budget - account.committed, most)
            account.under_way[call.id] = SetAside(call.provider, most)

    def _most(self, call: CallRecord, longest: int) -> float:
        """Dollars that it may cost: at its own model or, where that fails, at one that has nothing cached.

        Raises:
            Forbidden: nobody knows what its model costs.
        """
        price = self._price(call.model)
        if price is None:
            unknown = f'nobody knows what {call.model} costs at this address: set [prices."{call.model}"]'
            raise Forbidden(f"this access key has a budget, and {unknown}")
        cached = min(call.predicted_cached_tokens, call.planned_tokens)
        elsewhere = TokenUsage(call.planned_tokens, 0, longest)
        return max(
            price.dollars(replace(elsewhere, cached_tokens=cached)),
            *(other.dollars(elsewhere) for other in self._fallbacks),
            0.0,
        )

    def record(self, call: CallRecord, owed: Owed | None = None) -> None:
        """As `Recorder.record`: it counts with what it took or is owed, in the ledger, too.

        One whose cost nobody knows, as that of another provider without a known price, took all that was set
        aside, for each time that it was sent: otherwise a budget would be none.
        """
        account = self._accounts.get((call.tenant, call.key))
        aside = account.under_way.get(call.id) if account is not None else None
        if account is None or aside is None:
            self._ledger.record(call)
            return
        usd = self._took(call, owed, aside)
        # First: a look at the ledger in between counts it twice rather than never.
        self._ledger.record(call if usd is None else replace(call, usd=usd))
        with account.lock:
            del account.under_way[call.id]
            account.spent += usd or 0.0
            account.ended += usd or 0.0

    def forget(self, call: CallRecord) -> None:
        """As `Recorder.forget`: it takes nothing of what was set aside."""
        account = self._accounts.get((call.tenant, call.key))
        if account is not None:
            with account.lock:
                account.under_way.pop(call.id, None)

    def _took(self, call: CallRecord, owed: Owed | None, aside: SetAside) -> float | None:
        """Dollars of a call that has ended; None where no provider bills it."""
        if owed is not None:
            return aside.most * owed.attempts if owed.usd is None else owed.usd
        if call.usd is None and call.outcome == OK:
            return aside.most
        if call.was_left:
            price = self._price(call.model) if call.provider == aside.provider else None
            return aside.most if price is None else price.dollars(TokenUsage(call.planned_tokens))
        return call.usd

    def _account(self, tenant: str, key: str) -> Account:
        with self._lock:
            return self._accounts.setdefault((tenant, key), Account())

    def _is_todays(self, account: Account) -> bool:
        return account.day == self._today()

    def _is_fresh(self, account: Account) -> bool:
        return self._is_todays(account) and self._clock() - account.read < _READ_SECONDS

    def _refresh(self, account: Account, tenant: str, key: str) -> None:
        """Read the account where it is not fresh; one of today serves as it stands while another reads it."""
        if self._is_fresh(account) or not account.reading.acquire(blocking=not self._is_todays(account)):
            return
        try:
            if not self._is_fresh(account):  # it was read while this thread waited
                self._read(account, tenant, key)
        finally:
            account.reading.release()

    def _read(self, account: Account, tenant: str, key: str) -> None:
        day, now = self._today(), self._clock()
        with account.lock:
            account.ended = 0.0
        record = self._keys.access_key(key)
        limits = None if record is None else record.limits.within(KeyLimits(usd_per_day=self._default))
        budget = None if limits is None else limits.usd_per_day
        spent = 0.0 if budget is None else self._spent(tenant, key, day)
        with account.lock:
            account.spent = spent + account.ended  # perhaps twice until the next look, but never not at all
            account.day, account.budget, account.read = day, budget, now

    def _spent(self, tenant: str, key: str, since: datetime) -> float:
        """What the ledger knows of; left calls that it has no dollars of count with their prompts."""
        total = 0.0
        for row in self._ledger.spent(tenant, key, since):
            price = self._price(row.model)
            total += row.usd + (price.dollars(TokenUsage(row.left_tokens)) if price is not None else 0.0)
        return total

    def _today(self) -> datetime:
        return self._now().replace(hour=0, minute=0, second=0, microsecond=0)

    def _used_up(self, budget: float, left: float, most: float | None = None) -> BudgetUsedUp:
        seconds = (self._today() + _DAY - self._now()).total_seconds()
        said = f"what is left of this access key's ${budget:.2f} a day does not suffice until midnight, UTC"
        said += f": ${max(left, 0.0):.4f} is left"
        if most is not None:
            said += f", and the call may cost up to ${most:.4f}"
        return BudgetUsedUp(said, code=USED_UP, retry_after=seconds)
