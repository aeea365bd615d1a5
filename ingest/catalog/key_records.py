"""Access keys as the catalog keeps them: never the key itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from datetime import datetime

Permission = Literal["read", "write", "admin"]
PERMISSIONS: tuple[Permission, ...] = ("read", "write", "admin")


@dataclass(frozen=True, slots=True)
class KeyLimits:
    """What a key may take; None leaves it unlimited."""

    requests_per_minute: int | None = None
    concurrent_requests: int | None = None
    usd_per_day: float | None = None
    """Dollars that its calls of models may cost between two midnights, in UTC."""

    def within(self, defaults: KeyLimits) -> KeyLimits:
        """These, and the defaults where there are none."""
        return KeyLimits(
            *(
                getattr(defaults if getattr(self, name) is None else self, name)
                for name in KeyLimits.__slots__
            )
        )


@dataclass(frozen=True, slots=True)
class KeyRecord:
    """An access key without its secret."""

    id: str
    """Its public label: in the ledger, in logs, in lists."""
    tenant: str
    name: str
    """For people: who has it, what it is for."""
    digest: str
    """SHA-256 of the whole key, in hexadecimal: it is random, so nothing slower is needed."""
    permissions: frozenset[Permission]
    collections: frozenset[str] | None
    """That it opens; None for all of its tenant."""
    limits: KeyLimits
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    used_at: datetime | None
    """About when it was last seen, to the minute."""

    def is_live(self, now: datetime) -> bool:
        """Whether it still opens anything."""
        return self.revoked_at is None and (self.expires_at is None or now < self.expires_at)
