"""A mirror of the provider's prefix cache: what it probably still holds of a prompt.

The cache itself is out of sight; providers keep the prefixes that they were sent for some minutes. The
mirror remembers the same prompts as chains of hashed pieces and walks a new prompt along them.
"""

from __future__ import annotations

from collections import OrderedDict
from hashlib import blake2b
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from prompts.plan import PromptMessage

PIECE = 64
"""Code points of a piece: prefixes are told apart this finely."""
CAPACITY = 200_000
"""Pieces remembered: some 13 MB of text."""


class PrefixMirror:
    """One provider's and model's cache as one tenant sees it. Times are seconds of a monotonic clock."""

    def __init__(self, lifetime: float, *, capacity: int = CAPACITY) -> None:
        self._lifetime = lifetime
        self._capacity = capacity
        self._expiry: OrderedDict[bytes, float] = OrderedDict()

    def cached(self, messages: Sequence[PromptMessage], now: float) -> int:
        """Code points at the front of the rendered messages that the cache should hold at ``now``."""
        length = 0
        for digest, size in _chain(messages):
            if self._expiry.get(digest, 0.0) <= now:
                break
            length += size
        return length

    def sent(self, messages: Sequence[PromptMessage], now: float) -> None:
        """Remember a prompt that the provider has just read."""
        for digest, _ in _chain(messages):
            self._expiry[digest] = now + self._lifetime
            self._expiry.move_to_end(digest)
        while len(self._expiry) > self._capacity:
            self._expiry.popitem(last=False)


def render(messages: Sequence[PromptMessage]) -> str:
    """The messages as one text with unambiguous borders: what providers see as the prefix."""
    return "".join(f"\x1e{message.role}\x1f{message.content}" for message in messages)


def _chain(messages: Sequence[PromptMessage]) -> Iterator[tuple[bytes, int]]:
    """A digest of each prefix, and the code points that its last piece adds."""
    text = render(messages)
    digest = blake2b(digest_size=12)
    for first in range(0, len(text), PIECE):
        piece = text[first : first + PIECE]
        digest.update(piece.encode("utf-8", "surrogatepass"))
        yield digest.digest(), len(piece)
