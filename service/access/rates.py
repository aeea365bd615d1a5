"""How often something may be done in a minute, counted in this process by ``limits``.

`service.access.shared_limits` counts for several servers.
"""

from __future__ import annotations

import math
import secrets
import time
from dataclasses import dataclass
from hashlib import blake2b
from ipaddress import IPv6Address, ip_address
from typing import TYPE_CHECKING, Protocol

from limits import RateLimitItemPerSecond
from limits.aio.storage import MemoryStorage
from limits.aio.strategies import SlidingWindowCounterRateLimiter

from ingest.errors import TransientError

if TYPE_CHECKING:
    from limits import RateLimitItem

MINUTE = 60
"""Seconds."""
WRONG_KEYS = 30
"""Keys that open nothing and that one address may try in a minute."""
_ADDRESSES = 8_192
"""Addresses share so many counters: whoever has a whole network of them takes no more memory."""
_NETWORK = 64
"""Bits of an IPv6 address that one customer is given."""


class LimitReached(TransientError):
    """Somebody asks more often, or for more at a time, than they may."""

    def __init__(self, message: str, *, code: str, retry_after: float) -> None:
        super().__init__(message)
        self.code = code
        """What was reached, in OpenAI's words where it has some."""
        self.retry_after = retry_after
        """Seconds after which asking again may help."""


@dataclass(frozen=True, slots=True)
class Standing:
    """Where somebody stands after a request."""

    allowed: bool
    limit: int
    remaining: int
    resets: int
    """Whole seconds until the window has passed, at least one."""


class RateCounter(Protocol):
    """Counts by name, in this process or for all servers over one database.

    Raises:
        CatalogUnavailable: the database does not answer.
    """

    async def hit(self, name: str, limit: int) -> Standing:
        """Count a request, unless the limit is reached."""
        ...

    async def look(self, name: str, limit: int) -> Standing:
        """Count nothing."""
        ...


class Rates:
    """Counts by name in a sliding window of two counters: what is counted takes the same for any rate.

    It belongs to one event loop. Nothing is kept of who has not come for two windows.
    """

    def __init__(self, seconds: int = MINUTE) -> None:
        """``seconds`` are the window's length."""
        self._seconds = seconds
        self._storage = MemoryStorage()
        self._limiter = SlidingWindowCounterRateLimiter(self._storage)

    @property
    def counters(self) -> int:
        """How many are kept: two for each name at most."""
        return len(self._storage.storage)

    async def hit(self, name: str, limit: int) -> Standing:
        """Count a request, unless the limit is reached."""
        item = self._item(limit)
        allowed = await self._limiter.hit(item, name)
        return await self._standing(item, name, allowed=allowed)

    async def look(self, name: str, limit: int) -> Standing:
        """Count nothing."""
        item = self._item(limit)
        return await self._standing(item, name, allowed=await self._limiter.test(item, name))

    async def _standing(self, item: RateLimitItem, name: str, *, allowed: bool) -> Standing:
        stats = await self._limiter.get_window_stats(item, name)
        resets = math.ceil(stats.reset_time - time.time())
        return Standing(allowed, item.amount, max(stats.remaining, 0), max(resets, 1))

    def _item(self, limit: int) -> RateLimitItem:
        return RateLimitItemPerSecond(limit, self._seconds)


class WrongKeys:
    """Turns addresses away that try one wrong key after another.

    What comes from this machine is not counted: behind a proxy that does not say for whom it asks, everybody
    would be turned away for one.
    """

    def __init__(
        self, rates: RateCounter | None = None, *, most: int = WRONG_KEYS, secret: str | None = None
    ) -> None:
        """``most`` are the wrong keys of an address in a window of ``rates``.

        ``secret`` keeps addresses from being chosen that share a counter; servers that count together have
        the same.
        """
        self._rates = rates or Rates()
        self._most = most
        self._secret = (secret or secrets.token_hex()).encode()[: blake2b.MAX_KEY_SIZE]

    async def require_few(self, address: str) -> None:
        """Raises `LimitReached` where too many wrong keys came from this address just now."""
        counter = self._counter(address)
        if counter is None:
            return
        standing = await self._rates.look(counter, self._most)
        if not standing.allowed:
            raise LimitReached(
                "too many wrong access keys came from your address",
                code="too_many_wrong_keys",
                retry_after=standing.resets,
            )

    async def note(self, address: str) -> None:
        """A key was wrong."""
        counter = self._counter(address)
        if counter is not None:
            await self._rates.hit(counter, self._most)

    def _counter(self, address: str) -> str | None:
        """The name of an address's counter; None where it is not counted."""
        network = _network(address)
        if network is None:
            return None
        digest = blake2b(network.encode("utf-8", "replace"), digest_size=8, key=self._secret).digest()
        return f"wrong keys {int.from_bytes(digest) % _ADDRESSES}"


def _network(address: str) -> str | None:
    """What one customer has of an address; None for this machine."""
    try:
        found = ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(found, IPv6Address):
        found = found.ipv4_mapped or found
    if found.is_loopback:
        return None
    bits = int(found) >> _NETWORK if isinstance(found, IPv6Address) else int(found)
    return f"{found.version} {bits}"
