"""How long the service holds a piece of an answer back: from the model's sending to the client's receiving.

    python -m bench.stream [--words N] [--rounds N]

A scripted GLM-5 server stamps each word as it sends it, `lectern serve` stands in between as a process of its
own, and a client stamps each word as it arrives; model and client share a process, and so a clock. The answer
has a citation after every sentence, which the service checks meanwhile. Its markers are not measured: they
are held back until they are whole.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import json
import re
import tempfile
import time
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import httpx2
import numpy as np

from tests.fakes.command_line import CommandLine
from tests.fakes.files import LEASE, write_texts
from tests.fakes.http_wire import Wire, read_request
from tests.fakes.live_service import passages_of

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Mapping, Sequence

    from tests.fakes.http_wire import Recorded

STREAMS = (1, 8)
WORDS, SENTENCE = 200, 10
ROUNDS = 3
PAUSE = 0.02
"""Seconds between two words: fifty tokens a second."""
PATIENCE = 60
"""Seconds that an answer may take."""
QUESTION = "What is the monthly rent?"
_WORD = re.compile(r"s\d{4}w\d{4}")


@dataclass(frozen=True, slots=True)
class Figures:
    """Milliseconds."""

    median: float
    p95: float
    p99: float
    most: float
    count: int


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--words", type=int, default=WORDS, help="of an answer")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    chosen = parser.parse_args()
    asyncio.run(measure(chosen.words, chosen.rounds))


async def measure(words: int, rounds: int) -> None:
    """Print a line for each number of streams at a time."""
    with tempfile.TemporaryDirectory(prefix="lectern-stream-") as name:
        folder = Path(name)
        write_texts(folder / "docs", {"lease.md": LEASE})
        model = StampingModel(words)
        async with model.serving() as base_url:
            environment = {
                "LECTERN_LLM_BASE_URL": base_url,
                "LECTERN_LLM_API_KEY": "key",
                "LECTERN_LLM_PROVIDER": "zai",
            }
            line = CommandLine(folder / "data", folder, environment)
            await asyncio.to_thread(line.ok, "ingest", str(folder / "docs"))
            with line.serving() as url:
                await ask_all(url, 1)  # what is loaded once
                print(f"{'streams':>7} {'words':>6} {'median':>7} {'p95':>7} {'p99':>7} {'most':>7}   (ms)")
                for streams in STREAMS:
                    arrived: dict[str, float] = {}
                    model.sent.clear()
                    for _ in range(rounds):
                        arrived |= await ask_all(url, streams)
                    print(shown(streams, figures(latencies(model.sent, arrived))), flush=True)


def latencies(sent: Mapping[str, float], arrived: Mapping[str, float]) -> list[float]:
    """Milliseconds of each word that was sent.

    Raises:
        ValueError: some never arrived, so that the others would flatter.
    """
    lost = sorted(set(sent) - set(arrived))
    if lost:
        raise ValueError(f"{len(lost)} of {len(sent)} words never arrived: {lost[0]}, …")
    return [1_000 * (arrived[word] - moment) for word, moment in sent.items()]


def figures(times: Sequence[float]) -> Figures:
    """Of these milliseconds."""
    median, p95, p99, most = (float(np.quantile(times, share)) for share in (0.5, 0.95, 0.99, 1.0))
    return Figures(median, p95, p99, most, len(times))


def shown(streams: int, found: Figures) -> str:
    """A line of the table."""
    times = " ".join(f"{each:>7.1f}" for each in (found.median, found.p95, found.p99, found.most))
    return f"{streams:>7} {found.count:>6} {times}"


def new_words(text: str, known: Mapping[str, float]) -> list[str]:
    """The words that have become whole in what has arrived so far, those known left out."""
    return [word for word in _WORD.findall(text) if word not in known]


@dataclass(slots=True)
class StampingModel:
    """Answers each chat completion with numbered words, and keeps when it sent each of them."""

    words: int
    sent: dict[str, float] = field(default_factory=dict[str, float])
    _numbers: itertools.count[int] = field(default_factory=itertools.count)

    @asynccontextmanager
    async def serving(self) -> AsyncGenerator[str]:
        """On a free port of the loopback; its base URL."""
        server = await asyncio.start_server(self._converse, "127.0.0.1", 0)
        try:
            yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/api/paas/v4"
        finally:
            server.close()
            await asyncio.sleep(0.1)  # the service has ended: conversations see that and end by themselves

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        wire = Wire(reader, writer)
        try:
            while (request := await read_request(reader)) is not None:
                if not request.path.endswith("/chat/completions"):
                    await wire.plain(404, "{}", [("Content-Type", "application/json")])
                    continue
                await wire.start()
                await self._answer(wire, _rent(request))
                await wire.finish()
        except ConnectionError:
            pass
        finally:
            writer.close()

    async def _answer(self, wire: Wire, marker: str) -> None:
        stream = next(self._numbers)
        for number in range(self.words):
            await asyncio.sleep(PAUSE)
            word = f"s{stream:04}w{number:04}"
            self.sent[word] = time.perf_counter()
            await wire.frame(_delta(f"{word} "))
            if number % SENTENCE == SENTENCE - 1:
                await wire.frame(_delta(f'[{marker} "monthly rent"]. '))
        end: dict[str, object] = {"index": 0, "delta": {}, "finish_reason": "stop"}
        usage = {"prompt_tokens": 1_000, "completion_tokens": self.words, "total_tokens": 1_000 + self.words}
        await wire.frame(json.dumps({"choices": [end], "usage": usage}))
        await wire.frame("[DONE]")


def _rent(request: Recorded) -> str:
    """The marker of the passage that the answer cites."""
    return next(marker for marker, text in passages_of(request).items() if "monthly rent" in text)


def _delta(text: str) -> str:
    delta = {"index": 0, "delta": {"role": "assistant", "content": text}}
    return json.dumps({"id": "reply", "created": 0, "model": "glm-5", "choices": [delta]})


async def ask_all(url: str, streams: int) -> dict[str, float]:
    """Word → when it arrived, of so many answers at a time."""
    async with httpx2.AsyncClient(base_url=url, timeout=PATIENCE, trust_env=False) as http:
        async with asyncio.timeout(PATIENCE):
            parts = await asyncio.gather(*(_ask(http) for _ in range(streams)))
    return {word: moment for part in parts for word, moment in part.items()}


async def _ask(http: httpx2.AsyncClient) -> dict[str, float]:
    arrived: dict[str, float] = {}
    text, name = "", ""
    body = {"question": QUESTION, "stream": True, "thinking": False}
    async with http.stream("POST", "/v1/query", json=body) as answer:
        answer.raise_for_status()
        async for line in answer.aiter_lines():
            moment = time.perf_counter()
            kind, _, rest = line.partition(": ")
            name = rest if kind == "event" else name
            if kind == "data" and name == "delta":
                text += json.loads(rest)["text"]
                arrived |= dict.fromkeys(new_words(text[-200:], arrived), moment)
            elif kind == "data" and name == "error":
                raise RuntimeError(rest)
    return arrived


if __name__ == "__main__":
    main()
