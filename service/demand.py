"""How many questions the same documents are asked while the cache lives, and what one of them costs."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from threading import Lock

from prompts.plan_request import EXPECTED_QUESTIONS, FRESH_SHARE

_PRIOR = 4
"""Series that the expectation from before any count stands for."""
_RECENT = 0.1
"""Weight of the latest price, and of the latest share."""
_LEAST = 5
"""Prices before their average is believed."""
_REMEMBERED = 10_000
"""Series and prices kept; the longest unused give way."""

Scope = tuple[str, str]
"""Tenant and collection."""


@dataclass(slots=True)
class _Series:
    """Questions about the same documents, each within the cache's lifetime of the one before."""

    questions: int
    last: float


@dataclass(slots=True)
class _Counted:
    """What is known of one collection."""

    series: int = 0
    questions: int = 0
    price: float = 0.0
    prices: int = 0
    fresh: float = FRESH_SHARE


class Demand:
    """Counts questions and prices. Threads may share it; times are seconds of one monotonic clock."""

    def __init__(self) -> None:
        self._series: OrderedDict[tuple[Scope, frozenset[int]], _Series] = OrderedDict()
        self._counted: OrderedDict[Scope, _Counted] = OrderedDict()
        self._lock = Lock()

    def asked(self, scope: Scope, documents: frozenset[int], now: float, lifetime: float) -> None:
        """A question came about these documents; an empty set is the whole collection."""
        with self._lock:
            known = self._series.get((scope, documents))
            if known is not None and known.last + lifetime > now:
                known.questions += 1
                known.last = now
            else:
                if known is not None:
                    counted = self._of(scope)
                    counted.series += 1
                    counted.questions += known.questions
                self._series[scope, documents] = _Series(1, now)
            self._series.move_to_end((scope, documents))
            while len(self._series) > _REMEMBERED:
                self._series.popitem(last=False)

    def paid(self, scope: Scope, price: float, fresh_share: float | None) -> None:
        """A question whose passages were retrieved cost so many fresh tokens.

        Args:
            scope: where it was asked.
            price: of its prompt.
            fresh_share: of what it needed, what its prompt did not hold yet; None where it needed nothing.
        """
        with self._lock:
            counted = self._of(scope)
            if fresh_share is not None:
                counted.fresh += _RECENT * (fresh_share - counted.fresh)
            counted.prices += 1
            weight = max(_RECENT, 1 / counted.prices)
            counted.price += weight * (price - counted.price)

    def questions(self, scope: Scope) -> float:
        """Those to expect of a series, or of what is left of one: series end by chance, not by age."""
        with self._lock:
            counted = self._counted.get(scope, _Counted())
        return (_PRIOR * EXPECTED_QUESTIONS + counted.questions) / (_PRIOR + counted.series)

    def price(self, scope: Scope) -> float | None:
        """What a question costs here, in fresh tokens; None until some were counted."""
        with self._lock:
            counted = self._counted.get(scope, _Counted())
        return counted.price if counted.prices >= _LEAST else None

    def fresh_share(self, scope: Scope) -> float:
        """Of what questions need here, what the cache does not hold, lately."""
        with self._lock:
            return self._counted.get(scope, _Counted()).fresh

    def _of(self, scope: Scope) -> _Counted:
        counted = self._counted.setdefault(scope, _Counted())
        self._counted.move_to_end(scope)
        while len(self._counted) > _REMEMBERED:
            self._counted.popitem(last=False)
        return counted
