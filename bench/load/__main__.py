"""What Lectern adds to the time to a model's first token, and what streams take, while load grows.

    python -m bench.load ../shared/data/cuad [--rates Q…] [--seconds S] [--streams N] [--steady S] [--check]

Real contracts, questions that lawyers asked, and a scripted GLM-5 that writes at a given speed, each in a
process of its own, as are the service, its index and the generator. At every rate questions arrive by
chance, so many a second on average, whatever has become of those before; as many prompts go to the model
directly in the same seconds. Times count from the moment at which a question is due. ``added`` is
the time of a question to its first token, less the median of those that went directly; ``late`` is the
generator's own. Afterwards so many streams are kept going at a time, and memory is looked at. With
``--check`` errors, and memory that keeps growing, make the exit status 1; times never do.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import urllib.request
from dataclasses import replace
from itertools import chain, cycle, islice
from pathlib import Path
from typing import TYPE_CHECKING

from bench.load.corpus import labelled
from bench.load.figures import HEADING, Row
from bench.load.generator import Asked, Plan
from bench.load.processes import Watch
from bench.load.schedule import arrivals
from bench.load.stage import carried_out, staged

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bench.load.generator import Target
    from bench.load.stage import Stage

RATES = (1.0, 2.0, 5.0, 10.0, 15.0)
GROWTH = 8.0
"""Megabytes a minute in the second half of the steady streams; beyond it memory is not flat."""
_LONG_ENOUGH = 60.0
"""Seconds after which growth is more than the noise of a moment."""
_WARM = 40
"""Questions before anything is measured; their prompts are those that go to the model directly."""
_WARM_RATE = 4.0
"""Of them a second."""
_WARM_PATIENCE = 300.0
_MOST_QUESTIONS = 5_000
"""Before the steady streams ask the same ones again."""
_SEED = 11


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("data", type=Path, help="A labelled set: documents.jsonl and queries.jsonl.")
    parser.add_argument("--documents", type=int, default=100, metavar="N")
    parser.add_argument("--rates", type=float, nargs="*", default=list(RATES), metavar="Q", help="A second.")
    parser.add_argument("--seconds", type=float, default=30.0, metavar="S", help="Of each rate.")
    parser.add_argument("--streams", type=int, default=100, metavar="N", help="At a time; 0: none.")
    parser.add_argument("--steady", type=float, default=180.0, metavar="S", help="How long these go on.")
    parser.add_argument("--speed", type=float, default=30.0, help="Tokens a second of each answer.")
    parser.add_argument("--tokens", type=int, default=300, metavar="N", help="Of an answer.")
    parser.add_argument("--prefill", type=float, default=0.5, help="Seconds before the model's first token.")
    parser.add_argument("--check", action="store_true")
    chosen = parser.parse_args()
    documents, questions = labelled(chosen.data, chosen.documents)
    model = ["--rate", str(chosen.speed), "--prefill", str(chosen.prefill), "--tokens", str(chosen.tokens)]
    failed: list[str] = []
    with staged(documents, model) as stage:
        asking = cycle(questions)
        prompts = warmed(stage, islice(asking, _WARM))
        print(HEADING, flush=True)
        least = 1_000 * chosen.prefill
        for rate in chosen.rates:
            row = at_rate(stage, rate, chosen.seconds, asking, prompts)
            print(row.line, flush=True)
            failed += row.errors
            least = statistics.median(row.direct or [least])
        if chosen.streams:
            row = replace(steady(stage, chosen.streams, chosen.steady, asking), least=least)
            print(row.line)
            failed += [*row.errors, *growing(row)]
    for error in failed[:5]:
        print(f"error: {error}", file=sys.stderr)
    if chosen.check and failed:
        sys.exit(1)


def warmed(stage: Stage, questions: Iterator[str]) -> list[str]:
    """Ask some questions; the prompts that the model was sent for them, to be answered with a token."""
    asked = [
        Asked(number / _WARM_RATE, "lectern", query(question, max_tokens=8))
        for number, question in enumerate(questions)
    ]
    # The first one loads what a process needs only once; on a busy machine the others wait long for it.
    for part in (asked[:1], asked[1:]):
        run = carried_out(Plan(_urls(stage), part, patience=_WARM_PATIENCE))
        errors = [one.error for one in run.outcomes if one.error]
        assert not errors, errors[0]
    with urllib.request.urlopen(f"{stage.model_url}/asked") as reply:
        return [json.dumps({**body, "max_tokens": 1}) for body in json.load(reply)]


def at_rate(stage: Stage, rate: float, seconds: float, asking: Iterator[str], prompts: Sequence[str]) -> Row:
    """Questions at a rate, and as many prompts that go to the model directly."""
    direct = cycle(prompts)
    through = [Asked(due, "lectern", query(next(asking))) for due in arrivals(rate, seconds, _SEED)]
    beside = [Asked(due, "direct", next(direct)) for due in arrivals(rate, seconds, _SEED + 1)]
    ordered = sorted(chain(through, beside), key=lambda asked: asked.due)
    return _measured(stage, f"{rate:g} a second", Plan(_urls(stage), ordered))


def steady(stage: Stage, streams: int, seconds: float, asking: Iterator[str]) -> Row:
    """So many streams at a time, each a new question as soon as the last one is answered."""
    asked = [Asked(0.0, "lectern", query(question)) for question in islice(asking, _MOST_QUESTIONS)]
    return _measured(stage, f"{streams} streams", Plan(_urls(stage), asked, streams, seconds))


def growing(row: Row) -> list[str]:
    """Print how memory went; what keeps growing."""
    found: list[str] = []
    for name in ("service", "index"):
        seen = row.watch.seen[name]
        quarters = (seen[round(share * (len(seen) - 1))].memory for share in (0, 0.25, 0.5, 0.75, 1))
        growth = row.watch.growth(name)
        shown = ", ".join(f"{megabytes:.0f}" for megabytes in quarters)
        print(f"memory of the {name}: {shown} MB by quarters; {growth:+.1f} MB a minute in the second half")
        if growth > GROWTH and seen[-1].at - seen[0].at >= _LONG_ENOUGH:
            found.append(f"memory of the {name} grows by {growth:.1f} MB a minute")
    return found


def query(question: str, **more: object) -> str:
    """The body of a question whose answer is streamed."""
    return json.dumps({"question": question, "stream": True, **more})


def _measured(stage: Stage, name: str, plan: Plan) -> Row:
    with Watch(stage.pids) as watch:
        run = carried_out(plan)
    return Row(name, run, watch)


def _urls(stage: Stage) -> dict[Target, str]:
    return {"lectern": f"{stage.url}/v1/query", "direct": f"{stage.model_url}/chat/completions"}


if __name__ == "__main__":
    main()
