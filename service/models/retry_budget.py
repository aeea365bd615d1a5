"""What retries all calls of a provider may take together, so that an outage is not multiplied by them."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

RESERVE = 20.0
"""Retries that may be saved up."""
PER_SECOND = 1.0
"""Earned by time, so that the few calls of a laptop may be retried as well."""
PER_CALL = 0.2
"""Earned by each call: under load one retry for five calls."""


class RetryBudget:
    """A token bucket, as Finagle's ``RetryBudget``: threads and event loops share it.

    In t seconds with n calls at most ``RESERVE + PER_SECOND * t + PER_CALL * n`` retries are made.
    """

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        """``clock`` tells seconds."""
        self._clock = clock
        self._tokens = RESERVE
        self._counted = clock()
        self._lock = threading.Lock()

    def earn(self) -> None:
        """A call begins."""
        with self._lock:
            self._add(PER_CALL)

    def take(self) -> bool:
        """Whether one more retry may be made; then it is taken."""
        with self._lock:
            self._add(0.0)
            if self._tokens < 1.0:
                return False
            self._tokens -= 1.0
            return True

    def _add(self, earned: float) -> None:
        now = self._clock()
        earned += PER_SECOND * (now - self._counted)
        self._counted = now
        self._tokens = min(RESERVE, self._tokens + earned)
