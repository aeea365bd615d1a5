"""What a provider's context cache turns out to do, learnt from the cached tokens that it reports."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import gcd
from threading import Lock
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from prompts.mirror import Match
    from service.models.providers import CacheTraits

_TELLING = 512
"""Tokens of a known prefix below which nothing is learnt but the block."""
_SOON = 30.0
"""Seconds within which no cache forgets."""
_ENOUGH = 3
"""Observations that agree before a trait is changed."""
_RECENT = 0.05
"""Weight of the latest answer in the share that is served."""
_LARGEST_BLOCK = 4_096
_RELIABLE = 0.5
"""Share served from which a cache that serves nothing of a prefix has a reason."""


@dataclass(frozen=True, slots=True)
class Observation:
    """What was known before a call and what the provider said of it. Tokens are the provider's."""

    known: Match
    """The longest beginning that had been sent before, however long ago."""
    known_tokens: int
    cached_tokens: int

    @property
    def served(self) -> bool:
        """Whether the prefix was served, but for its last block."""
        return self.cached_tokens >= self.known_tokens / 2


class CacheLearner:
    """Corrects the published or guessed traits of one model's cache. Threads may share it."""

    def __init__(self, traits: CacheTraits) -> None:
        self._traits = traits
        self._share = 1.0
        self._blocks: set[int] = set()
        self._late: list[float] = []
        self._once: list[Observation] = []
        self._short: list[int] = []
        self._lock = Lock()

    @property
    def traits(self) -> CacheTraits:
        """As they are known by now."""
        return self._traits

    @property
    def share(self) -> float:
        """Of the tokens that should have been served, those that were, lately."""
        return self._share

    def observe(self, seen: Observation) -> None:
        """Learn from one answer."""
        with self._lock:
            self._learn_block(seen.cached_tokens)
            if seen.known_tokens >= max(_TELLING, self._traits.min_tokens):
                self._learn_lifetime(seen)
                self._learn_sightings(seen)
                self._learn_share(seen)
            self._learn_minimum(seen)

    def _learn_block(self, cached: int) -> None:
        """Cached prefixes are whole blocks: what divides all of them."""
        if cached <= 0 or len(self._blocks) > 10 * _ENOUGH:
            return
        self._blocks.add(cached)
        if len(self._blocks) > _ENOUGH:
            block = gcd(*self._blocks)
            if block <= _LARGEST_BLOCK:
                self._traits = replace(self._traits, block_tokens=block)

    def _learn_lifetime(self, seen: Observation) -> None:
        age = seen.known.age
        if seen.served:
            self._late = [late for late in self._late if late > age]
            if age >= self._traits.lifetime_seconds:
                self._traits = replace(self._traits, lifetime_seconds=age + 1.0)
        elif _SOON < age < self._traits.lifetime_seconds and seen.known.times > 1:
            self._late.append(age)
            if len(self._late) >= _ENOUGH:
                self._traits = replace(self._traits, lifetime_seconds=min(self._late))
                self._late.clear()

    def _learn_sightings(self, seen: Observation) -> None:
        """Prefixes sent once are never served, and those sent again are: it caches on second sight."""
        if self._traits.second_sight or seen.known.age > _SOON:
            return
        if seen.known.times == 1 and seen.served:
            self._once.clear()
        elif seen.served or seen.known.times == 1:
            self._once.append(seen)
        missed = sum(not one.served for one in self._once)
        if missed >= _ENOUGH and missed < len(self._once):
            self._traits = replace(self._traits, second_sight=True)

    def _learn_share(self, seen: Observation) -> None:
        if seen.known.age < self._traits.lifetime_seconds and seen.known.times >= self._sightings:
            served = min(seen.cached_tokens / seen.known_tokens, 1.0)
            self._share += _RECENT * (served - self._share)

    def _learn_minimum(self, seen: Observation) -> None:
        """Short prefixes are never served while longer ones are."""
        is_known = seen.known.age < _SOON and seen.known.times >= max(self._sightings, 2)
        if not is_known or seen.known_tokens < 2 * self._traits.block_tokens:
            return
        if seen.served:
            self._short = [tokens for tokens in self._short if tokens < seen.known_tokens]
            if self._traits.min_tokens > seen.cached_tokens > 0:
                self._traits = replace(self._traits, min_tokens=seen.cached_tokens)
        elif self._share > _RELIABLE:
            self._short.append(seen.known_tokens)
            if len(self._short) >= _ENOUGH:
                self._traits = replace(self._traits, min_tokens=max(self._short) + 1)
                self._short.clear()

    @property
    def _sightings(self) -> int:
        return 2 if self._traits.second_sight else 1
