"""A circuit breaker: a provider that fails again and again is left alone for a while.

A call that waits for a dead provider holds a place in the queue and a person up; whoever comes while the
circuit is open learns at once, or is answered by another provider.
"""

from __future__ import annotations

import logging
import math
import threading
import time
from contextlib import aclosing
from dataclasses import dataclass
from typing import TYPE_CHECKING

from service.models.contract import Finished
from service.models.errors import CircuitOpen, InvalidRequest, ModelError

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable

    from service.models.contract import LanguageModel, ModelEvent, ModelRequest

_log = logging.getLogger(__name__)

LONGEST = 300.0
"""Seconds that a provider is left alone at its own word: a date years away must not give it up for good."""


@dataclass(frozen=True, slots=True)
class CircuitPolicy:
    """When it opens, and for how long."""

    failures: int = 8
    """In a row."""
    seconds: float = 15.0
    """Until one call may try again; longer if the provider asks for it, up to `LONGEST`."""


class Circuit:
    """The state of one provider; threads and event loops share it.

    Each call holds the number of the period in which it began: what ends later says nothing of the next one.
    """

    def __init__(
        self,
        name: str,
        policy: CircuitPolicy | None = None,
        *,
        host: str = "",
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """``name`` is the provider's, which is reached at ``host``; ``clock`` tells seconds."""
        self.name = name
        self.host = host
        self._policy = policy or CircuitPolicy()
        self._clock = clock
        self._lock = threading.Lock()
        self._failures = 0
        self._last: ModelError | None = None
        self._until: float | None = None
        self._trying = False
        self._period: int = 0

    @property
    def is_open(self) -> bool:
        """Whether calls are turned away, but for one that tries."""
        return self._until is not None

    def enter(self) -> int:
        """Begin a call; its period.

        Raises:
            CircuitOpen: the provider is left alone, or another call is trying it.
        """
        with self._lock:
            if self._until is not None:
                left = self._until - self._clock()
                if left > 0 or self._trying:
                    raise self._refusal(max(left, 1.0))
                self._trying = True
            return self._period

    def heard(self, period: int) -> None:
        """The first sign of a reply: where this was the trial, others may ask; one failure opens it again."""
        with self._lock:
            if period == self._period and self._until is not None:
                self._close(failures=self._policy.failures - 1)

    def answered(self, period: int) -> None:
        """The reply is whole, or the provider had a reason to refuse it."""
        with self._lock:
            if period == self._period:
                self._close(failures=0)

    def failed(self, period: int, error: ModelError) -> None:
        """The provider is not in order."""
        with self._lock:
            if period != self._period:
                return
            self._failures, self._last = self._failures + 1, error
            if self._until is not None or self._failures >= self._policy.failures:
                wished = min(error.retry_after or 0.0, LONGEST)
                self._until = self._clock() + max(self._policy.seconds, wished)
                self._trying = False
                self._period += 1
                _log.warning("%s is left alone for a while: %s", self.name, error)

    def left(self, period: int) -> None:
        """The call has ended without telling anything of the provider."""
        with self._lock:
            if period == self._period:
                self._trying = False

    def _close(self, *, failures: int) -> None:
        if self._until is not None:
            _log.warning("%s answers again", self.name)
        self._until, self._trying, self._failures = None, False, failures

    def _refusal(self, left: float) -> CircuitOpen:
        seconds = math.ceil(left)
        # Not what it said: that may quote the prompt of whoever asked last.
        last = type(self._last).__name__
        reason = f"{self.name} has failed too often ({last}) and is asked again in {seconds} s"
        refusal = CircuitOpen(reason, retry_after=seconds)
        refusal.provider, refusal.host = self.name, self.host
        return refusal


class BreakingModel:
    """A model that is not asked while its provider's circuit is open; its errors know whose they are."""

    def __init__(self, model: LanguageModel, circuit: Circuit) -> None:
        self._model = model
        self._circuit = circuit

    async def stream(self, request: ModelRequest) -> AsyncGenerator[ModelEvent, None]:
        """As `LanguageModel.stream`."""
        circuit = self._circuit
        period = circuit.enter()
        try:
            async with aclosing(self._model.stream(request)) as events:
                async for event in events:
                    if isinstance(event, Finished):  # said before: who has it asks for nothing more
                        circuit.answered(period)
                    else:
                        circuit.heard(period)
                    yield event
        except InvalidRequest:  # nothing was sent
            raise
        except ModelError as error:
            error.provider, error.host = circuit.name, circuit.host
            if error.is_outage:
                circuit.failed(period, error)
            else:
                circuit.answered(period)
            raise
        finally:
            circuit.left(period)  # a caller that leaves says nothing of the provider
