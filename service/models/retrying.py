"""Asking again where the error's code says that it helps, and never once the reader has seen a word."""

from __future__ import annotations

import asyncio
import random
import time
from contextlib import aclosing
from dataclasses import dataclass
from typing import TYPE_CHECKING

from service.models.errors import ModelError

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable

    from service.models.contract import LanguageModel, ModelEvent, ModelRequest
    from service.models.retry_budget import RetryBudget


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How often and how patiently; times in seconds."""

    attempts: int = 5
    """Counting the first."""
    first_delay: float = 1.0
    """Bound of the first delay; it doubles with every further one."""
    longest_delay: float = 30.0
    budget: float = 150.0
    """No attempt begins later than this after the first."""

    def delay(self, failed: int, share: float, retry_after: float | None) -> float:
        """How long to wait after ``failed`` attempts; ``share`` within 0..1 spreads callers apart.

        Exponential backoff with full jitter (Brooker, AWS Architecture Blog, 2015); what the provider
        asks for is the least.
        """
        bound = min(self.longest_delay, self.first_delay * 2 ** (failed - 1))
        return max(bound * share, retry_after or 0.0)


class RetryingModel:
    """A model that asks another one again after errors that pass."""

    def __init__(
        self,
        model: LanguageModel,
        policy: RetryPolicy | None = None,
        *,
        budget: RetryBudget | None = None,
        on_retry: Callable[[], None] = lambda: None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        share: Callable[[], float] = random.random,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """``budget`` is what all calls of the provider share; without one each has only its policy.

        ``on_retry`` is called before each further attempt.
        """
        self._model = model
        self._policy = policy or RetryPolicy()
        self._budget = budget
        self._on_retry = on_retry
        self._sleep = sleep
        self._share = share
        self._clock = clock

    async def stream(self, request: ModelRequest) -> AsyncGenerator[ModelEvent, None]:
        """As `LanguageModel.stream`; the error that is raised is the last one."""
        began = self._clock()
        failed = 0
        if self._budget is not None:
            self._budget.earn()
        while True:
            passed_on = False
            try:
                async with aclosing(self._model.stream(request)) as events:
                    async for event in events:
                        passed_on = True
                        yield event
            except ModelError as error:
                failed += 1
                delay = self._policy.delay(failed, self._share(), error.retry_after)
                late = self._clock() - began + delay > self._policy.budget
                if passed_on or not error.retry or late or failed >= self._policy.attempts:
                    raise
                if self._budget is not None and not self._budget.take():
                    raise
            else:
                return
            await self._sleep(delay)
            self._on_retry()
