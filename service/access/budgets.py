"""Daily budgets in dollars: no key's calls of models cost more in a day than it may spend.

The ledger knows what was spent, by all processes over the same data. A call that is under way counts with all
that it may still cost, so that many at once do not overshoot.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Protocol

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


@dataclass(slots=True)
class _Account:
    """What is known of a key's day."""

    day: datetime
    budget: float | None
    spent: float
    read: float
    under_way: dict[str, float] = field(default_factory=dict[str, float])
    """By call, the most that it may cost."""

    @property
    def committed(self) -> float:
        return self.spent + sum(self.under_way.values())


class Budgets:
    """A recorder of calls that knows what each key may still spend.

    Threads may share it; now and then one of its calls reads the catalog.
    """

    def __init__(
        self,
        keys: KeyDirectory,
        ledger: SpendingRecord,
        price: Callable[[str], Price | None],
        *,
        default: float | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """``price`` is a model's; ``default`` are the dollars a day of keys without a budget of their own."""
        self._keys = keys
        self._ledger = ledger
        self._price = price
        self._default = default
        self._now = now
        self._clock = clock
        self._accounts: dict[tuple[str, str], _Account] = {}
        self._lock = threading.Lock()

    def require(self, tenant: str, key: str) -> None:
        """Ask before anything is done for a question.

        Raises:
            BudgetUsedUp: nothing is left.
            CatalogUnavailable: nobody can tell.
        """
        with self._lock:
            account = self._account(tenant, key)
            if account is not None and account.budget is not None and account.committed >= account.budget:
                raise self._used_up(account.budget, 0.0)

    def begin(self, call: CallRecord, longest: int) -> None:
        """As `Recorder.begin`: set aside the most that a call may cost.

        Raises:
            BudgetUsedUp: it might cost more than is left.
            Forbidden: nobody knows what it costs.
            CatalogUnavailable: nobody can tell what is left.
        """
        with self._lock:
            account = self._account(call.tenant, call.key)
            if account is None or account.budget is None:
                return
            most = self._dollars(call.model, call.planned_tokens, call.predicted_cached_tokens, longest)
            if account.committed + most > account.budget:
                raise self._used_up(account.budget, account.budget - account.committed, most)
            account.under_way[call.id] = most

    def record(self, call: CallRecord) -> None:
        """As `Recorder.record`: it counts with what it took; one that was left, with its prompt."""
        self._ledger.record(call)  # first: a look at the ledger in between counts it twice rather than never
        with self._lock:
            account = self._accounts.get((call.tenant, call.key))
            if account is None or account.under_way.pop(call.id, None) is None:
                return
            if call.usd is not None:
                account.spent += call.usd
            elif call.was_left:
                account.spent += self._dollars(call.model, call.planned_tokens, 0, 0)

    def _account(self, tenant: str, key: str) -> _Account | None:
        """As it stands today; None where no key is known."""
        if not key:
            return None
        day = self._now().replace(hour=0, minute=0, second=0, microsecond=0)
        known = self._accounts.get((tenant, key))
        if known is not None and known.day == day and self._clock() - known.read < _READ_SECONDS:
            return known
        record = self._keys.access_key(key)
        if record is None:
            return None
        budget = record.limits.within(KeyLimits(usd_per_day=self._default)).usd_per_day
        spent = 0.0 if budget is None else self._spent(tenant, key, day)
        fresh = _Account(day, budget, spent, self._clock())
        if known is not None:
            fresh.under_way = known.under_way
        self._accounts[tenant, key] = fresh
        return fresh

    def _spent(self, tenant: str, key: str, since: datetime) -> float:
        rows = self._ledger.spent(tenant, key, since)
        left = (self._dollars(row.model, row.left_tokens, 0, 0) for row in rows if row.left_tokens)
        return sum(row.usd for row in rows) + sum(left)

    def _dollars(self, model: str, prompt: int, cached: int, written: int) -> float:
        price = self._price(model)
        if price is None:
            unknown = f'nobody knows what {model} costs at this address: set [prices."{model}"]'
            raise Forbidden(f"this access key has a budget, and {unknown}")
        return price.dollars(TokenUsage(prompt, min(cached, prompt), written))

    def _used_up(self, budget: float, left: float, most: float | None = None) -> BudgetUsedUp:
        now = self._now()
        midnight = now.replace(hour=0, minute=0, second=0, microsecond=0) + _DAY
        said = f"what is left of this access key's ${budget:.2f} a day does not suffice until midnight, UTC"
        said += f": ${max(left, 0.0):.4f} is left"
        if most is not None:
            said += f", and the call may cost up to ${most:.4f}"
        return BudgetUsedUp(said, code=USED_UP, retry_after=(midnight - now).total_seconds())
