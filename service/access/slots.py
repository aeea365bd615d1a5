"""How many requests of a key are under way, counted in this process.

`service.access.shared_limits` counts for several servers.
"""

from __future__ import annotations

import secrets
from collections import Counter
from typing import Protocol

_ID_BYTES = 8


class Slots(Protocol):
    """What requests hold while they are under way, in this process or at all servers over one database."""

    async def take(self, key: str, most: int) -> str | None:
        """A slot for a request; None where the key has so many under way.

        Raises:
            CatalogUnavailable: the database does not answer.
        """
        ...

    async def leave(self, slot: str) -> None:
        """The request has ended; on return the next one has room. Twice is once."""
        ...

    def drop(self, slot: str) -> None:
        """Likewise, of one that was broken off: neither waits nor fails."""
        ...


class LocalSlots:
    """Those of this process. They belong to one event loop."""

    def __init__(self) -> None:
        self._keys: dict[str, str] = {}
        self._held: Counter[str] = Counter()

    async def take(self, key: str, most: int) -> str | None:
        """As `Slots.take`."""
        if self._held[key] >= most:
            return None
        slot = new_slot()
        self._keys[slot] = key
        self._held[key] += 1
        return slot

    async def leave(self, slot: str) -> None:
        """As `Slots.leave`."""
        self.drop(slot)

    def drop(self, slot: str) -> None:
        """As `Slots.drop`."""
        key = self._keys.pop(slot, None)
        if key is None:
            return
        self._held[key] -= 1
        if not self._held[key]:
            del self._held[key]


def new_slot() -> str:
    """An id that no other slot has."""
    return secrets.token_hex(_ID_BYTES)
