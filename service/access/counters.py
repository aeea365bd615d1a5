"""What counts requests: in this process, or in the database for all servers that share it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from service.access.rates import Rates, WrongKeys
from service.access.shared_limits import SharedRates, SharedSlots
from service.access.slots import LocalSlots
from service.answers import DEFAULT_TENANT

if TYPE_CHECKING:
    from collections.abc import Callable

    from ingest.catalog.catalog import Catalog
    from service.access.rates import RateCounter
    from service.access.slots import Slots


@dataclass(frozen=True, slots=True)
class Counters:
    """One of each; `close` when nothing is counted any more."""

    rates: RateCounter
    slots: Slots
    wrong_keys: WrongKeys
    close: Callable[[], None]

    @classmethod
    def of(cls, catalog: Catalog) -> Self:
        """Those that fit a catalog."""
        if not catalog.is_shared:
            return cls(Rates(), LocalSlots(), WrongKeys(), lambda: None)
        rates, slots = SharedRates(catalog), SharedSlots(catalog)

        def close() -> None:
            slots.close()
            rates.close()

        return cls(rates, slots, WrongKeys(rates, secret=catalog.tenant_salt(DEFAULT_TENANT)), close)
