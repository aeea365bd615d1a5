"""What Lectern adds to the time to a model's first token, and what streams take, while load grows.

    python -m bench.load ../shared/data/cuad [--rates Q…] [--seconds S] [--streams N] [--steady S] [--check]

Real contracts, questions that lawyers asked, and a scripted GLM-5 that writes at a given rate, each in a
process of its own, as are the service, its index and the generator. For every rate, questions arrive by chance,
so many a second on average, whatever has become of those before; the same number of prompts goes to the model
directly in the same seconds. Latencies count from the moment at which a question is due. ``added`` is
the latency of a question through Lectern, less the median of those that went directly. Afterwards so many
streams are kept going at a time, and memory is looked at. With ``--check`` errors, and memory that keeps growing,
make the exit status 1; times never do.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import sys
import urllib.request
from dataclasses import dataclass
from itertools import chain, cycle, islice
from math import ceil
from pathlib import Path
from typing import TYPE_CHECKING

from bench.load.corpus import labelled
from bench.load.generator import Asked, Plan
from bench.load.processes import Watch
from bench.load.stage import Stage, carried_out, staged

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bench.load.generator import Outcome, Run, Target

RATES = (1.0, 2.0, 5.0, 10.0, 15.0)
PROCESSES = ("service", "index", "model")
GROWTH = 8.0
"""Megabytes a minute in the second half of the steady streams; beyond it memory is not flat."""
_WARM = 20
"""Questions before anything is measured; their prompts are those that go to the model directly."""
_WARM_RATE = 4.0
"""Of them a second."""
_SEED = 11


@dataclass(frozen=True, slots=True)
class Row:
    """Of one rate; times in milliseconds."""

    name: str
    run: Run
    watch: Watch

    def times(self, target: Target) -> list[float]:
        return sorted(1_000 * one.first for one in self._of(target) if one.first is not None)

    @property
    def added(self) -> list[float]:
        """Of each question through Lectern."""
        direct = self.times("direct")
        least = statistics.median(direct) if direct else 0.0
        return [time - least for time in self.times("lectern")]

    @property
    def asked(self) -> int:
        return len(self._of("lectern"))

    @property
    def errors(self) -> list[str]:
        return [one.error for one in self.run.outcomes if one.error]

    @property
    def late(self) -> float:
        """The 99th percentile of what the generator itself was late."""
        return at_share(sorted(1_000 * one.late for one in self.run.outcomes), 0.99)

    @property
    def deltas(self) -> int:
        return sum(one.deltas for one in self._of("lectern"))

    def _of(self, target: Target) -> list[Outcome]:
        return [one for one in self.run.outcomes if one.target == target]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("data", type=Path, help="A labelled set: documents.jsonl and queries.jsonl.")
    parser.add_argument("--documents", type=int, default=100, metavar="N")
    parser.add_argument("--rates", type=float, nargs="*", default=list(RATES), metavar="Q", help="A second.")
    parser.add_argument("--seconds", type=float, default=30.0, metavar="S", help="Of each rate.")
    parser.add_argument("--streams", type=int, default=100, metavar="N", help="At a time; 0: none.")
    parser.add_argument("--steady", type=float, default=180.0, metavar="S", help="Seconds that they are kept.")
    parser.add_argument("--speed", type=float, default=30.0, help="Tokens a second of each answer.")
    parser.add_argument("--tokens", type=int, default=300, metavar="N", help="Of an answer.")
    parser.add_argument("--prefill", type=float, default=0.5, help="Seconds that the model reads a prompt.")
    parser.add_argument("--check", action="store_true")
    chosen = parser.parse_args()
    documents, questions = labelled(chosen.data, chosen.documents)
    model = ["--rate", str(chosen.speed), "--prefill", str(chosen.prefill), "--tokens", str(chosen.tokens)]
    failed: list[str] = []
    with staged(documents, model) as stage:
        asking = cycle(questions)
        prompts = warmed(stage, islice(asking, _WARM))
        print(heading(), flush=True)
        for rate in chosen.rates:
            row = at_rate(stage, rate, chosen.seconds, asking, prompts)
            print(line(row), flush=True)
            failed += row.errors
        if chosen.streams:
            row = steady(stage, chosen.streams, chosen.steady, asking)
            print(line(row), flush=True)
            failed += row.errors
            failed += memory(row)
    for error in failed[:5]:
        print(f"error: {error}", file=sys.stderr)
    if chosen.check and failed:
        sys.exit(1)


def warmed(stage: Stage, questions: Iterator[str]) -> list[str]:
    """Ask some questions; the prompts that the model was sent for them, to be answered with a token."""
    asked = [
        Asked(number / _WARM_RATE, "lectern", _query(question, max_tokens=8))
        for number, question in enumerate(questions)
    ]
    run = carried_out(Plan(_urls(stage), asked))
    assert not any(one.error for one in run.outcomes), run.outcomes
    with urllib.request.urlopen(f"{stage.model_url}/asked") as reply:
        return [json.dumps({**body, "max_tokens": 1}) for body in json.load(reply)]


def at_rate(
    stage: Stage, rate: float, seconds: float, asking: Iterator[str], prompts: Sequence[str]
) -> Row:
    """Questions at a rate, and as many prompts that go to the model directly."""
    direct = cycle(prompts)
    through = [Asked(due, "lectern", _query(next(asking))) for due in arrivals(rate, seconds, _SEED)]
    beside = [Asked(due, "direct", next(direct)) for due in arrivals(rate, seconds, _SEED + 1)]
    ordered = sorted(chain(through, beside), key=lambda asked: asked.due)
    return _measured(stage, f"{rate:g}/s", Plan(_urls(stage), ordered))


def steady(stage: Stage, streams: int, seconds: float, asking: Iterator[str]) -> Row:
    """So many streams at a time."""
    most = streams * ceil(seconds)
    asked = [Asked(0.0, "lectern", _query(question)) for question in islice(asking, most)]
    return _measured(stage, f"{streams} streams", Plan(_urls(stage), asked, streams, seconds))


def arrivals(rate: float, seconds: float, seed: int) -> list[float]:
    """A Poisson process: times in seconds."""
    chance, times, now = random.Random(seed), list[float](), 0.0
    while (now := now + chance.expovariate(rate)) < seconds:
        times.append(now)
    return times


def at_share(ordered: Sequence[float], share: float) -> float:
    """The least value that so large a share of all does not exceed; 0 of none."""
    return ordered[min(len(ordered), ceil(share * len(ordered))) - 1] if ordered else 0.0


def memory(row: Row) -> list[str]:
    """Print how it went; what keeps growing."""
    growing: list[str] = []
    for name in ("service", "index"):
        seen = row.watch.seen[name]
        quarters = (seen[round(share * (len(seen) - 1))].memory for share in (0, 0.25, 0.5, 0.75, 1))
        shown = " ".join(f"{megabytes:.0f}" for megabytes in quarters)
        growth = row.watch.growth(name)
        print(f"memory of the {name}: {shown} MB; {growth:+.1f} MB a minute in the second half")
        if growth > GROWTH:
            growing.append(f"memory of the {name} grows by {growth:.1f} MB a minute")
    return growing


def heading() -> str:
    return (
        f"{'load':>12} {'asked':>6} {'errors':>6} | {'direct':>7} {'p99':>7} | {'added':>7} {'p90':>7} {'p99':>7} "
        f"{'late p99':>8} (ms) | {'service':>8} {'index':>7} {'model':>7} {'generator':>9} (CPU ms a question) | "
        f"{'busy':>5} (cores)"
    )


def line(row: Row) -> str:
    direct, added = row.times("direct"), row.added
    own = [statistics.median(added) if added else 0.0, at_share(added, 0.9), at_share(added, 0.99)]
    spent = [row.watch.cpu(name) for name in PROCESSES] + [row.run.cpu]
    each = [1_000 * seconds / max(row.asked, 1) for seconds in spent]
    direct_median = statistics.median(direct) if direct else 0.0
    return (
        f"{row.name:>12} {row.asked:>6} {len(row.errors):>6} | {direct_median:>7.1f} {at_share(direct, 0.99):>7.1f} | "
        f"{own[0]:>7.1f} {own[1]:>7.1f} {own[2]:>7.1f} {row.late:>8.1f}      | "
        f"{each[0]:>8.1f} {each[1]:>7.1f} {each[2]:>7.1f} {each[3]:>9.1f}                     | "
        f"{sum(spent) / row.run.seconds:>5.2f}"
    )


def _measured(stage: Stage, name: str, plan: Plan) -> Row:
    with Watch(stage.pids) as watch:
        run = carried_out(plan)
    return Row(name, run, watch)


def _urls(stage: Stage) -> dict[Target, str]:
    return {"lectern": f"{stage.url}/v1/query", "direct": f"{stage.model_url}/chat/completions"}


def _query(question: str, **more: object) -> str:
    return json.dumps({"question": question, "stream": True, **more})


if __name__ == "__main__":
    main()
