"""Back-pressure: so many calls of models at a time, so many that wait, the others learn at once.

Who waits goes in this order:

1. what has begun and was paid for in part: an agent's next step, the answer that a map's parts lead to;
2. questions: somebody looks at the screen. They alone are turned away, where too many wait or it takes too
   long;
3. batches: parts of a map, cells of a review, warming. There are as many as their own settings let through,
   and they are patient. They never hold more than three quarters of the places, so that a question finds one
   before a part of two hundred ends; and of every few places that become free while they wait one is theirs,
   so that a stream of questions does not stop a review.
"""

from __future__ import annotations

import asyncio
import math
import threading
import time
from collections import deque
from concurrent.futures import Future
from contextlib import aclosing, asynccontextmanager
from typing import TYPE_CHECKING

from service.models.errors import TooManyWaiting

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable

    from service.models.contract import LanguageModel, ModelEvent, ModelRequest, Urgency

_ORDER: tuple[Urgency, ...] = ("continued", "question", "batch")
_IN_A_ROW = 3
"""Places that go to others while a batch waits, before one goes to it."""
_USUAL_SECONDS = 5.0
"""Of a call, before one has ended."""
_RECENT = 0.1
"""Weight of the latest call."""
_LONGEST_ADVICE = 60
"""Seconds that anybody is told to stay away."""


class CallQueue:
    """Places for calls. Event loops share it: what waits is a future of threads."""

    def __init__(
        self, parallel: int, waiting: int, seconds: float, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """``parallel`` calls at a time; ``waiting`` questions at most, each for so many ``seconds``."""
        self._parallel = parallel
        self._batches = max(parallel - max(parallel // 4, 1), 1)
        self._most = waiting
        self._patience = seconds
        self._clock = clock
        self._lock = threading.Lock()
        self._running: dict[Urgency, int] = dict.fromkeys(_ORDER, 0)
        self._waiting: dict[Urgency, deque[Future[None]]] = {urgency: deque() for urgency in _ORDER}
        self._overtaken = 0
        self._usual = _USUAL_SECONDS

    @property
    def running(self) -> int:
        """Calls under way."""
        return sum(self._running.values())

    @property
    def waiting(self) -> int:
        """Calls that wait for a place."""
        return sum(map(len, self._waiting.values()))

    def require_room(self) -> None:
        """Ask before anything is done for a question.

        Raises:
            TooManyWaiting: it would be turned away.
        """
        with self._lock:
            self._require_room()

    @asynccontextmanager
    async def turn(self, urgency: Urgency) -> AsyncGenerator[None]:
        """Wait for a place, and hold it while the block runs.

        Raises:
            TooManyWaiting: a question found no room, or no place in time.
        """
        await self._wait(urgency)
        began = self._clock()
        try:
            yield
        finally:
            with self._lock:
                self._usual += _RECENT * (self._clock() - began - self._usual)
                self._release(urgency)

    async def _wait(self, urgency: Urgency) -> None:
        place = self._join(urgency)
        if place is None:
            return
        try:
            async with asyncio.timeout(self._patience if urgency == "question" else None):
                await asyncio.wrap_future(place)
        except TimeoutError as error:
            self._leave(urgency, place)
            raise self._refusal(f"no place for a call in {self._patience:g} s") from error
        except BaseException:
            self._leave(urgency, place)
            raise

    def _join(self, urgency: Urgency) -> Future[None] | None:
        """Take a place at once, or a future that is done when there is one."""
        with self._lock:
            if urgency == "question":
                self._require_room()
            place: Future[None] = Future()
            self._waiting[urgency].append(place)
            self._hand_on()
            return None if place.done() else place

    def _leave(self, urgency: Urgency, place: Future[None]) -> None:
        with self._lock:
            if place.cancel():
                if place in self._waiting[urgency]:
                    self._waiting[urgency].remove(place)
            else:  # it came while its caller was leaving
                self._release(urgency)

    def _release(self, urgency: Urgency) -> None:
        self._running[urgency] -= 1
        self._hand_on()

    def _hand_on(self) -> None:
        """Give the free places to those who wait."""
        while self.running < self._parallel and (urgency := self._next()) is not None:
            place = self._waiting[urgency].popleft()
            if not place.set_running_or_notify_cancel():
                continue
            self._running[urgency] += 1
            others_wait = urgency != "batch" and self._waiting["batch"]
            self._overtaken = self._overtaken + 1 if others_wait else 0
            place.set_result(None)

    def _next(self) -> Urgency | None:
        may_batch = bool(self._waiting["batch"]) and self._running["batch"] < self._batches
        if may_batch and self._overtaken >= _IN_A_ROW:
            return "batch"
        if self._waiting["continued"]:
            return "continued"
        if self._waiting["question"]:
            return "question"
        return "batch" if may_batch else None

    def _require_room(self) -> None:
        if self.running >= self._parallel and len(self._waiting["question"]) >= self._most:
            raise self._refusal(f"{self.waiting} calls wait for the model already")

    def _refusal(self, why: str) -> TooManyWaiting:
        """With the time that those before it should take."""
        seconds = math.ceil((self.waiting + 1) * self._usual / self._parallel)
        return TooManyWaiting(why, retry_after=min(max(seconds, 1), _LONGEST_ADVICE))


class QueuedModel:
    """A model whose calls wait for their turn."""

    def __init__(self, model: LanguageModel, queue: CallQueue) -> None:
        self._model = model
        self._queue = queue

    async def stream(self, request: ModelRequest) -> AsyncGenerator[ModelEvent, None]:
        """As `LanguageModel.stream`.

        Raises:
            TooManyWaiting: before anything is sent.
        """
        async with self._queue.turn(request.urgency):
            if request.in_turn is not None:
                request.in_turn()
            async with aclosing(self._model.stream(request)) as events:
                async for event in events:
                    yield event
