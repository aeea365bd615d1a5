"""Retries with exponential backoff and full jitter."""

from __future__ import annotations

import random
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from ledgerline.errors import TemporaryFailure

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Backoff:
    """Delays of 0.4 s, doubled after each attempt and capped at 17 seconds; eight attempts in all."""

    first_delay: float = 0.4
    factor: float = 2.0
    max_delay: float = 17.0
    attempts: int = 8

    def ceilings(self) -> Iterator[float]:
        """The longest that each pause may last, in seconds; there is none after the last attempt."""
        for attempt in range(self.attempts - 1):
            yield min(self.max_delay, self.first_delay * self.factor**attempt)


def call(
    action: Callable[[], Result],
    backoff: Backoff | None = None,
    sleep: Callable[[float], None] = time.sleep,
    random_between: Callable[[float, float], float] = random.uniform,
) -> Result:
    """Call until it succeeds; only ``TemporaryFailure`` is retried, and the last one is raised."""
    for ceiling in (backoff or Backoff()).ceilings():
        try:
            return action()
        except TemporaryFailure:
            # Full jitter: clients that failed together do not come back together.
            sleep(random_between(0.0, ceiling))
    return action()
