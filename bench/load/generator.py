"""Sends questions when they are due, whatever has become of the earlier ones, and takes times.

    python -m bench.load.generator <plan.json >outcomes.json

A process of its own, so that what it takes of the machine can be told. An open loop: each request has a time
at which it is due, and its latency counts from then on, so that a service that stalls cannot hide
behind requests that were not sent. It reads no more of a reply than what tells how far it is.
"""

from __future__ import annotations

import asyncio
import json
import re
import sys
import time
from collections import defaultdict
from dataclasses import asdict, dataclass, field
from itertools import chain, cycle
from typing import TYPE_CHECKING, Any, Literal, cast
from urllib.parse import urlsplit

import uvloop

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

Target = Literal["direct", "lectern", "search"]
_FIRST: Mapping[Target, bytes] = {
    "direct": b'"content":"',
    "lectern": b"event: delta\n",
    "search": b'{"hits":[{',
}
_WHOLE: Mapping[Target, bytes] = {
    "direct": b"[DONE]",
    "lectern": b"event: done\n",
    "search": b'{"hits":[{',
}
_FAILED = b"event: error\n"
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_OVERLAP = 32
"""Bytes kept of what was read: a sign may lie on the border of two packets."""
_END = b"0\r\n\r\n"
_IDLE_SECONDS = 2.0
"""After which a connection is not used again: the server closes it after five."""
_START_AFTER = 0.5
"""Seconds from the beginning to the first request's time 0."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A request."""

    due: float
    """Seconds from the beginning."""
    target: Target
    body: str


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be sent."""

    urls: Mapping[Target, str]
    """Of the path that answers."""
    asked: Sequence[Asked]
    streams: int = 0
    """In place of the times: so many at a time, again and again until ``seconds`` are over."""
    seconds: float = 0.0
    patience: float = 120.0
    """Seconds that a reply may take."""


@dataclass(slots=True)
class Outcome:
    """What came of a request; times are seconds from when it was due."""

    target: Target
    due: float
    late: float = 0.0
    """Until it was sent: the generator's own."""
    first: float | None = None
    """Until the first token."""
    last: float = 0.0
    """Until the end."""
    deltas: int = 0
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Run:
    """All outcomes, and what the generator itself took."""

    outcomes: list[Outcome]
    cpu: float
    """Seconds."""
    seconds: float


class Connection(asyncio.Protocol):
    """Asks one request after another and reads the replies."""

    def __init__(self) -> None:
        self._outcome: Outcome | None = None
        self._tail = b""
        """The last bytes that were read; none before a reply begins."""
        self._left: int | None = None
        """Bytes of the body that have not come; None where it comes in chunks."""
        self._whole = False
        self.lost = False
        self.ended = 0.0
        """When the last reply was whole."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def ask(
        self, request: bytes, outcome: Outcome, epoch: float, ended: Callable[[Connection], None]
    ) -> None:
        """Send it; ``epoch`` is the moment from which times count."""
        self._outcome, self._ended, self._epoch = outcome, ended, epoch
        self._tail, self._left, self._whole = b"", None, False
        self._transport.write(request)

    def data_received(self, data: bytes) -> None:
        outcome = self._outcome
        if outcome is None:
            return
        now = time.perf_counter() - self._epoch - outcome.due
        if not self._tail:
            self._begin(data, outcome)
        elif self._left is not None:
            self._left -= len(data)
        seen, kept = self._tail + data, len(self._tail)
        deltas = _count(seen, _FIRST[outcome.target], kept)
        if deltas and outcome.first is None:
            outcome.first = now
        outcome.deltas += deltas
        self._whole = self._whole or _WHOLE[outcome.target] in seen
        if _FAILED in seen:
            outcome.error = outcome.error or seen.partition(_FAILED)[2][:300].decode("utf-8", "replace")
        self._tail = seen[-_OVERLAP:]
        if seen.endswith(_END) if self._left is None else self._left <= 0:
            self._end(now, None if self._whole else "the reply was not whole")

    def _begin(self, data: bytes, outcome: Outcome) -> None:
        """Read a reply's head, and how long the body is if it says so."""
        head, _, body = data.partition(b"\r\n\r\n")
        if not head.startswith(b"HTTP/1.1 200"):
            outcome.error = data[:300].decode("latin-1")
        length = _LENGTH.search(head)
        self._left = int(length[1]) - len(body) if length else None

    def connection_lost(self, exc: Exception | None) -> None:
        self.lost = True
        if self._outcome is not None:
            now = time.perf_counter() - self._epoch - self._outcome.due
            self._end(now, f"the connection closed: {exc}")

    def close(self) -> None:
        """Nothing more is asked."""
        self._transport.close()

    def give_up(self) -> None:
        """The reply has taken too long."""
        self._transport.abort()

    def _end(self, now: float, error: str | None) -> None:
        outcome, self._outcome = self._outcome, None
        assert outcome is not None
        outcome.last = now
        outcome.error = outcome.error or error
        self.ended = time.perf_counter()
        if outcome.error:
            self._transport.close()
            self.lost = True
        self._ended(self)


def _count(seen: bytes, sign: bytes, kept: int) -> int:
    """Occurrences that end in what is new: ``kept`` bytes were there before."""
    return seen.count(sign, max(0, kept - len(sign) + 1))


@dataclass(slots=True)
class Generator:
    """Carries a plan out."""

    plan: Plan
    outcomes: list[Outcome] = field(default_factory=list[Outcome])
    _epoch: float = 0.0
    _idle: dict[Target, list[Connection]] = field(default_factory=lambda: defaultdict(list))

    async def run(self) -> Run:
        """Send all, wait for what was sent."""
        began, cpu = time.perf_counter(), time.process_time()
        self._epoch = began + _START_AFTER
        await (self._steadily() if self.plan.streams else self._when_due())
        for connection in chain.from_iterable(self._idle.values()):
            connection.close()
        return Run(self.outcomes, time.process_time() - cpu, time.perf_counter() - began)

    async def _when_due(self) -> None:
        async with asyncio.TaskGroup() as group:
            for asked in self.plan.asked:
                await asyncio.sleep(self._epoch + asked.due - time.perf_counter())
                group.create_task(self._ask(asked, asked.due))

    async def _steadily(self) -> None:
        """Streams begin one after another in the time of one, so that they do not end together."""
        questions = cycle(self.plan.asked)
        streams = self.plan.streams

        async def one(number: int) -> None:
            await asyncio.sleep(_START_AFTER + number * min(10.0, self.plan.seconds / 4) / streams)
            while (due := time.perf_counter() - self._epoch) < self.plan.seconds:
                await self._ask(next(questions), due)

        await asyncio.gather(*(one(number) for number in range(streams)))

    async def _ask(self, asked: Asked, due: float) -> None:
        outcome = Outcome(asked.target, due)
        self.outcomes.append(outcome)
        loop = asyncio.get_running_loop()
        over = loop.create_future()
        request = _request(self.plan.urls[asked.target], asked.body)
        try:
            connection = await self._connection(asked.target)
        except OSError as error:
            outcome.error = str(error)
            return
        outcome.late = time.perf_counter() - self._epoch - due
        connection.ask(request, outcome, self._epoch, lambda _: over.set_result(None))
        timer = loop.call_later(self.plan.patience, connection.give_up)
        await over
        timer.cancel()
        if not connection.lost:
            self._idle[asked.target].append(connection)

    async def _connection(self, target: Target) -> Connection:
        while self._idle[target]:
            connection = self._idle[target].pop()
            if not connection.lost and time.perf_counter() - connection.ended < _IDLE_SECONDS:
                return connection
            connection.close()
        parts = urlsplit(self.plan.urls[target])
        assert parts.hostname is not None
        assert parts.port is not None
        loop = asyncio.get_running_loop()
        _, made = await loop.create_connection(Connection, parts.hostname, parts.port)
        return made


def _request(url: str, body: str) -> bytes:
    parts, content = urlsplit(url), body.encode()
    head = (
        f"POST {parts.path} HTTP/1.1\r\nHost: {parts.netloc}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(content)}\r\n\r\n"
    )
    return head.encode() + content


def main() -> None:
    given: dict[str, Any] = json.load(sys.stdin)
    given["asked"] = [Asked(**asked) for asked in given["asked"]]
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        run = runner.run(Generator(Plan(**given)).run())
    json.dump(asdict(run), sys.stdout)


if __name__ == "__main__":
    main()
