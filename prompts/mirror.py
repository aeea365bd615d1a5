"""A mirror of the provider's prefix cache: what it probably still holds of a prompt.

The cache itself is out of sight; providers keep the prefixes that they were sent for some minutes. The
mirror remembers the same prompts as a tree of pieces and walks a new prompt along its branches.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import OrderedDict, defaultdict
from dataclasses import dataclass
from hashlib import blake2b
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from prompts.plan import PromptMessage

PIECE = 64
"""Code points of a branch's step; a prefix shorter than one is not worth foretelling."""
CAPACITY = 200_000
"""Pieces remembered: some 13 MB of text, in 90 MB of memory."""
_ROOT = b""


@dataclass(frozen=True, slots=True)
class _Held:
    before: bytes
    """Digest of the prefix that it continues."""
    text: str
    expires: float


class PrefixMirror:
    """One provider's and model's cache as one tenant sees it. Times are seconds of a monotonic clock."""

    def __init__(self, lifetime: float, *, capacity: int = CAPACITY) -> None:
        self._lifetime = lifetime
        self._capacity = capacity
        self._held: OrderedDict[bytes, _Held] = OrderedDict()
        """By digest of the prefix up to the piece's end; what expires first comes first."""
        self._branches: defaultdict[bytes, list[str]] = defaultdict(list)
        """Pieces that are held after a prefix, sorted."""

    def cached(self, messages: Sequence[PromptMessage], now: float) -> int:
        """Code points at the front of the rendered messages that the cache should hold at ``now``."""
        self._expire(now)
        length, before = 0, _ROOT
        for digest, piece in _chain(messages):
            if digest not in self._held:
                return length + self._shared(before, piece)
            length += len(piece)
            before = digest
        return length

    def sent(self, messages: Sequence[PromptMessage], now: float) -> None:
        """Remember a prompt that the provider has just read."""
        self._expire(now)
        before, expires, path = _ROOT, now + self._lifetime, list[tuple[bytes, _Held]]()
        for digest, piece in _chain(messages):
            path.append((digest, _Held(before, piece, expires)))
            before = digest
        for digest, held in reversed(path):  # a prefix outlives what continues it
            if digest not in self._held:
                insort(self._branches[held.before], held.text)
            self._held[digest] = held
            self._held.move_to_end(digest)
        while len(self._held) > self._capacity:
            self._forget_oldest()

    def _shared(self, before: bytes, piece: str) -> int:
        """Code points that a piece has in common with one that is held at the same place."""
        if before == _ROOT:
            return 0
        branches = self._branches.get(before, [])
        at = bisect_left(branches, piece)
        # The longest common beginning is found beside the place where it would be sorted in.
        return max((_common(piece, other) for other in branches[max(at - 1, 0) : at + 1]), default=0)

    def _expire(self, now: float) -> None:
        while self._held and next(iter(self._held.values())).expires <= now:
            self._forget_oldest()

    def _forget_oldest(self) -> None:
        _, held = self._held.popitem(last=False)
        branches = self._branches[held.before]
        del branches[bisect_left(branches, held.text)]
        if not branches:
            del self._branches[held.before]


def render(messages: Sequence[PromptMessage]) -> str:
    """The messages as one text with unambiguous borders: what providers see as the prefix."""
    return "".join(f"\x1e{message.role}\x1f{message.content}" for message in messages)


def _chain(messages: Sequence[PromptMessage]) -> Iterator[tuple[bytes, str]]:
    """The prompt's pieces, each with the digest of all text up to its end."""
    text = render(messages)
    digest = blake2b(digest_size=12)
    for first in range(0, len(text), PIECE):
        piece = text[first : first + PIECE]
        digest.update(piece.encode("utf-8", "surrogatepass"))
        yield digest.digest(), piece


def _common(one: str, other: str) -> int:
    """Code points that both begin with."""
    pairs = zip(one, other, strict=False)
    return next((i for i, (a, b) in enumerate(pairs) if a != b), min(len(one), len(other)))
