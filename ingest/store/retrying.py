"""Asking a store again that could not answer: all that it is asked may be asked twice.

Ids follow from what is stored, so a write that was done before changes nothing the second time.
"""

from __future__ import annotations

import random
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from ingest.errors import IndexUnavailable

if TYPE_CHECKING:
    from collections.abc import Callable

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a call is tried, in seconds: no attempt begins later than this after the first."""

    reading: float = 5.0
    """Somebody waits for it."""
    writing: float = 60.0
    """A server that restarts is back by then."""
    first_delay: float = 0.2
    """Bound of the first delay; it doubles with every further one."""
    longest_delay: float = 5.0


AT_ONCE = Patience(reading=0.0, writing=0.0)
"""For whoever wants to know that it does not answer."""


class Retrying:
    """Tries calls until they succeed, fail for good, or patience ends; threads may share it."""

    def __init__(
        self,
        patience: Patience | None = None,
        *,
        sleep: Callable[[float], None] = time.sleep,
        share: Callable[[], float] = random.random,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """``share``, within 0..1, spreads callers apart."""
        self._patience = patience or Patience()
        self._sleep = sleep
        self._share = share
        self._clock = clock

    def ask(self, call: Callable[[], Result], *, writes: bool = False) -> Result:
        """What the call returns.

        Raises:
            IndexUnavailable: it was raised last, after all attempts; anything else is raised at once.
        """
        budget = self._patience.writing if writes else self._patience.reading
        began, failed = self._clock(), 0
        while True:
            try:
                return call()
            except IndexUnavailable as error:
                failed += 1
                delay = self._delay(failed, error.retry_after)
                if self._clock() - began + delay > budget:
                    raise
            self._sleep(delay)

    def _delay(self, failed: int, retry_after: float | None) -> float:
        """Half of a doubling bound, and a random part of the other half; at least what was asked for."""
        bound = min(self._patience.longest_delay, self._patience.first_delay * 2 ** (failed - 1))
        return max(bound * (1 + self._share()) / 2, retry_after or 0.0)
