"""How long the service keeps what the model has written, delta by delta.

    python -m bench.stream [--words N] [--streams N…] [--delay SECONDS]

A scripted GLM-5 writes an answer that cites the examples; now and then stands a word that occurs only once.
Each is stamped when the model sends the delta that completes it, and when a client has it: what lies between
is the service's own. The row without a service is the harness alone: the model's frames, read by the client.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import re
import statistics
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import chain, count, cycle, islice
from math import ceil
from pathlib import Path
from typing import TYPE_CHECKING

import httpx2

from tests.fakes.command_line import ROOT, CommandLine
from tests.fakes.glm5 import Glm5Server, Reply
from tests.fakes.live_service import passages_of

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Mapping

    from tests.fakes.http_wire import Recorded

CORPUS = ROOT / "examples" / "corpus" / "contracts"
STREAMS = (1, 8)
_MARK = re.compile(r"w\d{6}")
_LENGTH = 7
_EVERY = 3
"""Words of a passage between two marks."""
_QUOTED = 5
_QUESTION = "Stream {number}: what are the terms of payment, liability, confidentiality and termination?"
_NUMBER = re.compile(r"Stream (\d+):")


@dataclass(slots=True)
class Stamps:
    """When each mark was first whole, in seconds; pieces may end inside of one."""

    at: dict[str, float] = field(default_factory=dict[str, float])
    _tail: str = ""

    def feed(self, text: str, now: float) -> None:
        """Take the next piece of a text."""
        self._tail += text
        end = 0
        for found in _MARK.finditer(self._tail):
            self.at.setdefault(found[0], now)
            end = found.end()
        self._tail = self._tail[end:][1 - _LENGTH :]


@dataclass(frozen=True, slots=True)
class Figures:
    """Of one setting, in milliseconds."""

    marks: int
    median: float
    p95: float
    p99: float


class Model:
    """Writes the answers of all streams, and stamps them as they leave."""

    def __init__(self, words: int, delay: float) -> None:
        self.sent: dict[str, float] = {}
        self._words = words
        self._delay = delay
        self._stamps: dict[str, Stamps] = {}

    def reply(self, request: Recorded) -> Reply:
        """An answer of so many marks about the passages that the prompt shows."""
        found = _NUMBER.search(request.question)
        text = written(passages_of(request), int(found[1]) if found else 0, self._words)
        return Reply(text, chunk=12, delay=self._delay)

    def on_frame(self, frame: str) -> None:
        """Stamp what a frame completes."""
        body = json.loads(frame)
        stamps = self._stamps.setdefault(str(body["id"]), Stamps(self.sent))
        for choice in body["choices"]:
            stamps.feed(choice["delta"].get("content") or "", time.perf_counter())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--words", type=int, default=250, metavar="N", help="Marks in an answer.")
    parser.add_argument("--streams", type=int, nargs="+", default=list(STREAMS), metavar="N")
    parser.add_argument("--delay", type=float, default=0.02, help="Seconds between the model's deltas.")
    chosen = parser.parse_args()
    print(f"{'service':>10} {'streams':>7} {'marks':>6} {'median':>7} {'p95':>7} {'p99':>7}   (ms)")
    for service in ("none", "plain", "html"):
        for streams in chosen.streams:
            figures = measured(service, streams, chosen.words, chosen.delay)
            numbers = f"{figures.median:>7.1f} {figures.p95:>7.1f} {figures.p99:>7.1f}"
            print(f"{service:>10} {streams:>7} {figures.marks:>6} {numbers}", flush=True)


def measured(service: str, streams: int, words: int, delay: float) -> Figures:
    """The figures of one setting, in processes of its own."""
    model = Model(words, delay)
    with Glm5Server(model.reply, on_frame=model.on_frame) as glm5, served(service, glm5) as url:
        arrived = asyncio.run(read_all(url, service, streams))
    return figures_of(model.sent, arrived, streams * words)


def figures_of(sent: Mapping[str, float], arrived: Mapping[str, float], expected: int) -> Figures:
    """Of the times between leaving and arriving, in seconds on one clock.

    Raises:
        ValueError: some marks never came; figures of the others would flatter.
    """
    lost = expected - len(sent.keys() & arrived.keys())
    if lost:
        raise ValueError(f"{lost} of {expected} marks never came")
    times = sorted(1_000 * (arrived[mark] - sent[mark]) for mark in arrived)
    return Figures(len(times), statistics.median(times), at_share(times, 0.95), at_share(times, 0.99))


def at_share(ordered: list[float], share: float) -> float:
    """The least value that so large a share of all does not exceed."""
    return ordered[min(len(ordered), ceil(share * len(ordered))) - 1]


def written(passages: Mapping[str, str], number: int, words: int) -> str:
    """Prose, lists and citations with the marks of a stream in them."""
    marks = (f"w{number:02d}{one:04d}" for one in range(words))
    parts: list[str] = []
    for turn, (marker, text) in zip(count(), cycle(passages.items() or [("D1:1", "nothing")]), strict=False):
        said = text.split()
        quote = " ".join(said[:_QUOTED]).replace('"', "")
        cut = [said[place : place + _EVERY] for place in range(0, len(said), _EVERY)]
        pairs = list(zip(cut, islice(marks, len(cut)), strict=False))
        if not pairs:
            return "".join(parts)
        prose = " ".join(chain.from_iterable((*piece, mark) for piece, mark in pairs))
        parts.append(f'{"- " if turn % 3 == 1 else ""}{prose} [{marker} "{quote}"].\n\n')
    raise AssertionError("passages are gone through again and again")


@contextmanager
def served(service: str, glm5: Glm5Server) -> Generator[str]:
    """The service over the examples, in a process of its own; its address, or the model's."""
    if service == "none":
        yield glm5.base_url
        return
    with tempfile.TemporaryDirectory(prefix="lectern-bench-") as folder:
        model = {"BASE_URL": glm5.base_url, "API_KEY": "key", "PROVIDER": "zai"}
        settings = {f"LECTERN_LLM_{name}": value for name, value in model.items()}
        line = CommandLine(Path(folder) / "data", Path(folder), settings)
        line.ok("ingest", str(CORPUS))
        with line.serving() as url:
            yield url


async def read_all(url: str, service: str, streams: int) -> dict[str, float]:
    """When each mark of streams that run at a time arrived."""
    arrived: dict[str, float] = {}
    limits = httpx2.Limits(max_connections=None)
    async with httpx2.AsyncClient(base_url=url, timeout=120, trust_env=False, limits=limits) as client:
        await asyncio.gather(*(read_one(client, service, one, Stamps(arrived)) for one in range(streams)))
    return arrived


async def read_one(client: httpx2.AsyncClient, service: str, number: int, stamps: Stamps) -> None:
    question = _QUESTION.format(number=number)
    body: dict[str, object] = {"question": question, "mode": "retrieve", "html": service == "html"}
    path = "/v1/query"
    if service == "none":
        body = {"model": "glm-5", "messages": [{"role": "user", "content": question}]}
        path = "/chat/completions"
    async with client.stream("POST", path, json={**body, "stream": True}) as response:
        response.raise_for_status()
        name = ""
        async for line in response.aiter_lines():
            now = time.perf_counter()
            if line.startswith("event: "):
                name = line.removeprefix("event: ")
                if name == "error":
                    raise RuntimeError("the stream broke off")
            for text in texts_of(name, line):
                stamps.feed(text, now)


def texts_of(name: str, line: str) -> Iterator[str]:
    """What a line of a stream adds to the answer: the service's, or without a name the model's."""
    data = line.removeprefix("data: ")
    if data in (line, "[DONE]"):
        return
    if name == "delta":
        yield json.loads(data)["text"]
    elif not name:
        for choice in json.loads(data)["choices"]:
            yield choice["delta"].get("content") or ""


if __name__ == "__main__":
    main()
