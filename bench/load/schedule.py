"""When requests are due, and what their times come to."""

from __future__ import annotations

import random
from math import ceil
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


def arrivals(rate: float, seconds: float, seed: int) -> list[float]:
    """A Poisson process of so many events a second on average: times in seconds."""
    chance, times, now = random.Random(seed), list[float](), 0.0
    while (now := now + chance.expovariate(rate)) < seconds:
        times.append(now)
    return times


def at_share(ordered: Sequence[float], share: float) -> float:
    """The least value that so large a share of all does not exceed; 0 of none."""
    return ordered[min(len(ordered), ceil(share * len(ordered))) - 1] if ordered else 0.0
