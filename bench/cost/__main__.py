"""What an answer's input costs, by the layout of its prompt: real questions, the same passages for each.

    python -m bench.cost DATA [--contextpilot PYTHON] [--kept FOLDER] [--dump FOLDER] [--check]

Contracts: all questions about 60 contracts, and questions about clauses that they lack, put by two people in
turn. Conversations: all turns of MTRAG's, two at a time. A cache model serves what providers serve: identical
prefixes of the rendered prompt, in blocks of 64 tokens, for ten minutes. Prices are GLM-5's, $1.00 for a
million fresh tokens and $0.20 for cached ones. The floor pays each distinct piece of the stateless prompts
once in ten minutes, and the cached price for it after that, wherever it stands. "For ever" is what a cache
would serve that forgets nothing, which is how `llmtrafficlens` counts the requests that ``--dump`` writes.

All layouts show the best passages that the budget holds; Lectern and "our choice" those that are worth their
price, the latter in the order of relevance. Recall is the share of the labelled characters that the prompt
holds; beside it the difference to relevance order, paired, with its 95 % interval. ``--check`` fails where
Lectern is not as cheap, or not as good, as promised.
"""

from __future__ import annotations

import argparse
import csv
import json
import sys
from contextlib import ExitStack
from dataclasses import dataclass, field
from math import inf
from pathlib import Path
from statistics import fmean
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table

from bench.cost.cache import LIFETIME, ContextCache, layout
from bench.cost.contextpilot import ContextPilot
from bench.cost.layouts import (
    RATIO,
    SYSTEM,
    AppendOnly,
    CanonicalOrder,
    CitationQuery,
    LecternAuto,
    PinEverything,
    PrefixTree,
    Prompt,
    QuestionFirst,
    RelevanceOfChosen,
    RelevanceOrder,
    Retrieval,
)
from bench.cost.questions import Asked, load
from prompts.render import render_passage, render_question
from service.evaluation.bootstrapping import interval_of_mean
from service.tokens import count_tokens

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from bench.cost.layouts import Layout
    from bench.cost.questions import Workload
    from prompts.model import PromptPassage
    from prompts.plan import PromptMessage

SETS = ("cuad", "mtrag")
PROMISED: dict[str, dict[str, float]] = {
    "cuad": {QuestionFirst.name: 0.65, "ContextPilot": 0.88, "floor": 1.40},
    "mtrag": {QuestionFirst.name: 0.68, "ContextPilot": 0.88, "floor": 1.40},
    "all": {QuestionFirst.name: 0.65, "ContextPilot": 0.88, "floor": 1.40},
}
"""Of the price of these at most. Conversations share little: their floor is two thirds of question first."""
PRICE = 1.00
"""Dollars for a million fresh tokens."""
MILLION = 1_000_000


@dataclass
class Tally:
    """What one layout took over a set of questions."""

    name: str
    prices: list[float] = field(default_factory=list[float])
    """In fresh tokens, a question each."""
    tokens: int = 0
    cached: int = 0
    kept: int = 0
    """Those that a cache would serve that forgets nothing: logs are profiled so."""
    recall: dict[str, float] = field(default_factory=dict[str, float])
    """By question, of those that are labelled."""

    @property
    def dollars(self) -> float:
        """An answer's input."""
        return PRICE * fmean(self.prices) / MILLION


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data", type=Path)
    parser.add_argument("--contextpilot", type=Path, metavar="PYTHON", help="Of an environment that has it.")
    parser.add_argument("--gap", type=float, default=30.0, metavar="SECONDS", help="Between two questions.")
    parser.add_argument("--kept", type=Path, metavar="FOLDER", help="Keep here what the search finds.")
    parser.add_argument("--dump", type=Path, metavar="FOLDER", help="Write the request bodies here.")
    parser.add_argument("--check", action="store_true", help="Fail where a promise is not kept.")
    options = parser.parse_args()
    tallies: dict[str, list[Tally]] = {}
    for name in SETS:
        workload = load(name, options.data, options.gap, options.kept)
        tallies[name] = measure(workload, options.contextpilot, options.dump)
        show(f"{name}: {len(workload.questions)} questions", tallies[name], workload.questions)
    show("all", together(tallies.values()), ())
    if options.check:
        sys.exit(check(tallies))


def measure(workload: Workload, contextpilot: Path | None, dump: Path | None) -> list[Tally]:
    """Every layout over the same questions, and the floor."""
    retrieval, chosen = Retrieval(workload), Retrieval(workload, chosen=True)
    with ExitStack() as closing:
        layouts: list[Layout] = [
            *(QuestionFirst(retrieval), RelevanceOrder(retrieval), CitationQuery(retrieval)),
            *(CanonicalOrder(retrieval), PrefixTree(retrieval), AppendOnly(retrieval)),
            *(PinEverything(retrieval), RelevanceOfChosen(chosen), LecternAuto(chosen)),
        ]
        if contextpilot is not None:
            pilots = [ContextPilot(retrieval, contextpilot, deduplicate=flag) for flag in (False, True)]
            layouts[4:4] = pilots
            for pilot in pilots:
                closing.callback(pilot.close)
        tallies = [run(one, workload, dump) for one in layouts]
    return [*(one for one in tallies if one is not None), floor(retrieval)]


def run(lay_out: Layout, workload: Workload, dump: Path | None) -> Tally | None:
    """One layout over the questions; None where it has no prompt for them."""
    tally, sent = Tally(lay_out.name), list[tuple[Asked, Prompt]]()
    cache, lasting = ContextCache(), ContextCache(inf)
    for asked in workload.questions:
        prompt = lay_out.prompt(asked)
        if prompt is None:
            return None
        tokens, cached = cache.read(prompt.messages, asked.time)
        tally.prices.append(tokens - cached + RATIO * cached)
        tally.tokens += tokens
        tally.cached += cached
        tally.kept += lasting.read(prompt.messages, asked.time)[1]
        if asked.gold:
            tally.recall[asked.id] = recall(asked, prompt.passages)
        sent.append((asked, prompt))
    if dump is not None:
        write_log(dump / f"{workload.name}-{lay_out.name.replace(' ', '-')}.csv", sent)
    return tally


def recall(asked: Asked, passages: Iterable[PromptPassage]) -> float:
    """The share of the labelled characters that the passages hold."""
    held = {(one.document, one.start + at) for one in passages for at in range(len(one.text))}
    gold = {(document, at) for document, start, end in asked.gold for at in range(start, end)}
    return len(gold & held) / len(gold)


def floor(retrieval: Retrieval) -> Tally:
    """Each distinct piece of the stateless prompts paid once while it lives, then read from the cache."""
    tally, used, turns = Tally("floor"), dict[str, float](), dict[str, list[str]]()
    for asked in retrieval.workload.questions:
        said = turns.setdefault(asked.session, [])
        passages = [render_passage(passage) for passage in retrieval.passages(asked)]
        spent = 0.0
        for piece in (SYSTEM.content, *said, *passages, render_question(asked.question)):
            lives = used.get(piece, -LIFETIME) + LIFETIME > asked.time
            spent += count_tokens(piece) * (RATIO if lives else 1.0)
            used[piece] = asked.time
        said += (asked.question, asked.answer)
        tally.prices.append(spent)
    return tally


def together(sets: Iterable[Sequence[Tally]]) -> list[Tally]:
    """Over all sets, the layouts that all have."""
    every = [{tally.name: tally for tally in tallies} for tallies in sets]
    names = [name for name in every[0] if all(name in one for one in every)]
    return [
        Tally(
            name,
            [price for one in every for price in one[name].prices],
            sum(one[name].tokens for one in every),
            sum(one[name].cached for one in every),
            sum(one[name].kept for one in every),
        )
        for name in names
    ]


def show(title: str, tallies: Sequence[Tally], questions: Sequence[Asked]) -> None:
    """A table, the cheapest last."""
    by_name = {tally.name: tally for tally in tallies}
    clusters = {asked.id: asked.session.rsplit("/", 1)[0] for asked in questions}
    table = Table(
        "layout",
        "$ an answer",
        "of question first",
        "of floor",
        "tokens",
        "cached",
        "for ever",
        "recall",
        title=title,
    )
    for tally in tallies:
        table.add_row(
            tally.name,
            f"{tally.dollars:.5f}",
            f"{tally.dollars / by_name[QuestionFirst.name].dollars:.3f}",
            f"{tally.dollars / by_name['floor'].dollars:.3f}",
            f"{tally.tokens / len(tally.prices):,.0f}" if tally.tokens else "",
            f"{tally.cached / tally.tokens:.1%}" if tally.tokens else "",
            f"{tally.kept / tally.tokens:.1%}" if tally.tokens else "",
            told(tally, by_name[RelevanceOrder.name], clusters) if tally.recall else "",
        )
    Console(width=130).print(table)


def told(tally: Tally, relevance: Tally, clusters: dict[str, str]) -> str:
    """Recall, and its paired difference to relevance order."""
    differences = [tally.recall[name] - relevance.recall[name] for name in tally.recall]
    interval = interval_of_mean(differences, [clusters[name] for name in tally.recall])
    shown = "" if interval is None else f" ({100 * interval.low:+.1f} … {100 * interval.high:+.1f})"
    return f"{100 * fmean(tally.recall.values()):.1f}{shown}"


def check(sets: dict[str, list[Tally]]) -> int:
    """0 where every promise is kept; the others are said."""
    broken = 0
    for title, tallies in {**sets, "all": together(sets.values())}.items():
        by_name = {tally.name: tally for tally in tallies}
        ours = by_name[LecternAuto.name]
        for name, most in PROMISED[title].items():
            if name in by_name and ours.dollars > most * by_name[name].dollars:
                print(f"{title}: {ours.dollars / by_name[name].dollars:.3f} of {name}, not {most}")
                broken += 1
        relevance = by_name[RelevanceOrder.name]
        lost = fmean(relevance.recall.values()) - fmean(ours.recall.values()) if ours.recall else 0.0
        if lost > 0:
            print(f"{title}: recall is {100 * lost:.1f} points below relevance order's")
            broken += 1
    return broken


def write_log(path: Path, sent: Iterable[tuple[Asked, Prompt]]) -> None:
    """Requests as a gateway logs them: time, body, and our own count of its tokens."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        log = csv.writer(file)
        log.writerow(["timestamp", "request_json", "tokens"])
        for asked, prompt in sent:
            body = {
                "model": "glm-5",
                "messages": [as_json(one) for one in prompt.messages],
                "user": asked.session,
            }
            log.writerow([f"{asked.time:.3f}", json.dumps(body), len(layout(prompt.messages))])


def as_json(message: PromptMessage) -> dict[str, str]:
    return {"role": message.role, "content": message.content}


if __name__ == "__main__":
    main()
