"""What is learnt of models while they are asked: by tenant, and by whatever name a caller gives.

Names that settings or prices know are as many as their author wrote. Any other name is a caller's choice: of
these a tenant keeps a few, so that inventing names takes no room, and nothing of another tenant's.
"""

from __future__ import annotations

import time
from collections import OrderedDict, defaultdict
from threading import Lock
from typing import TYPE_CHECKING

from prompts.mirror import CAPACITY, PrefixMirror
from service.cache_learning import CacheLearner
from service.calibration import Calibration
from service.flights import Flights

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence

    from prompts.plan import PromptMessage
    from service.models.providers import CacheTraits

STRANGERS = 8
"""Models of a tenant whose names only its callers know."""
TOTAL = 3 * CAPACITY
"""Code points that all mirrors remember together."""


class KnownModel:
    """What was learnt of one model's cache and tokens."""

    def __init__(self, traits: CacheTraits) -> None:
        self.mirror = PrefixMirror(traits.lifetime_seconds, sightings=2 if traits.second_sight else 1)
        self.learner = CacheLearner(traits)
        self.calibration = Calibration()
        self.flights = Flights()
        self.sent_at = 0.0
        """Of the clock, when a prompt was last remembered."""


class KnownModels:
    """All of a process. Threads may share it."""

    def __init__(
        self,
        traits: CacheTraits,
        listed: Collection[str],
        *,
        strangers: int = STRANGERS,
        capacity: int = TOTAL,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """``listed`` are the names that somebody wrote down, as they are written."""
        self._traits = traits
        self._names = listed
        self._most = strangers
        self._capacity = capacity
        self._clock = clock
        self._listed: dict[tuple[str, str], KnownModel] = {}
        self._strangers: defaultdict[str, OrderedDict[str, KnownModel]] = defaultdict(OrderedDict)
        """By tenant, the longest unused first."""
        self._lock = Lock()

    def is_listed(self, name: str) -> bool:
        """Whether settings or prices know a model of this name."""
        return name in self._names

    def of(self, tenant: str, name: str) -> KnownModel:
        """What is known of a model as a tenant sees it; nothing yet, where the name is new or long unused."""
        with self._lock:
            if self.is_listed(name):
                known = self._listed.get((tenant, name)) or KnownModel(self._traits)
                self._listed[tenant, name] = known
                return known
            mine = self._strangers[tenant]
            known = mine.get(name) or KnownModel(self._traits)
            mine[name] = known
            mine.move_to_end(name)
            if len(mine) > self._most:
                mine.popitem(last=False)
            return known

    def sent(self, known: KnownModel, messages: Sequence[PromptMessage], age: float = 0.0) -> None:
        """Remember a prompt that a provider has read ``age`` seconds ago.

        Where all mirrors together hold too much, those forget that were told of nothing for the longest.
        """
        now = self._clock()
        known.mirror.sent(messages, now - age)
        with self._lock:
            known.sent_at = now
            excess = sum(one.mirror.size for one in self._all()) - self._capacity
            if excess > 0:
                for one in sorted(self._all(), key=lambda one: one.sent_at):
                    excess -= one.mirror.shrink(max(excess, 0))

    def _all(self) -> Iterator[KnownModel]:
        yield from self._listed.values()
        for mine in self._strangers.values():
            yield from mine.values()
