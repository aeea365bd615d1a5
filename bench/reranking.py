"""Whether the order of a reranker reaches the measures: ``python -m bench.reranking FOLDER LIMIT [SCOPE]``.

The folder holds a labelled set. The rerank endpoint is a scripted one that knows the gold: it scores a
passage by its gold characters (``oracle``), by as many below zero (``reversed``), or answers 500
(``failing``). Every order goes through ``lectern eval retrieval`` and its settings. ``ceiling`` is what the
best order of the hits that are sent could reach.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections import defaultdict
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

from service.evaluation.dataset import read_documents, read_queries, sample
from service.evaluation.measures import BUDGETS, Found, coverage
from service.reranking.reordering import EARLIER
from tests.fakes.rerank_server import RerankServer

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from service.evaluation.dataset import Gold, LabelledDocument, LabelledQuery

CANDIDATES = 40


class Oracle:
    """Scores a passage by the gold characters in it."""

    def __init__(self, documents: Sequence[LabelledDocument], queries: Sequence[LabelledQuery]) -> None:
        self._texts = {document.id: document.text for document in documents}
        self._gold: dict[str, list[Gold]] = defaultdict(list)
        for query in queries:
            for asked in {query.text, query.short}:
                turns = (*reversed(query.history[:EARLIER]), asked)
                self._gold["\n".join(turns)] += query.gold

    def score(self, question: str, text: str) -> float:
        name, _, body = text.partition("\n")
        gold = [g for g in self._gold[question] if name.startswith(g.document)]
        return max((_within(self._texts[g.document], g, body) for g in gold), default=0.0)


def _within(text: str, gold: Gold, body: str) -> float:
    if gold.end is None:
        return 1.0
    best, at = 0, text.find(body)
    while at >= 0:
        best = max(best, min(at + len(body), gold.end) - max(at, gold.start))
        at = text.find(body, at + 1)
    return float(best)


def run(folder: Path, limit: str, scope: str, base_url: str | None, out: Path) -> dict[str, float]:
    """The measures of one evaluation, over all its queries."""
    settings = {"LECTERN_RERANK_BASE_URL": base_url or "", "LECTERN_RERANK_CANDIDATES": str(CANDIDATES)}
    files = ["--documents", str(folder / "documents.jsonl"), "--queries", str(folder / "queries.jsonl")]
    command = [str(Path(sys.executable).with_name("lectern")), "eval", "retrieval", *files]
    command += ["--limit", limit, "--scope", scope, "--run", str(out), "--json"]
    done = subprocess.run(command, env={**os.environ, **settings}, check=True, stdout=subprocess.PIPE)
    return json.loads(done.stdout)["all"]


def ceiling(queries: Sequence[LabelledQuery], lines: Sequence[str]) -> dict[str, float]:
    """Recall of the best order of the first hits, at each budget."""
    first = {row["query_id"]: row["hits"][:CANDIDATES] for row in map(json.loads, lines)}
    reached: dict[str, list[float]] = defaultdict(list)
    for query in queries:
        hits = [Found(h["doc_id"], h["start"], h["end"], 0.0) for h in first[query.id]]
        ranges = [(g.document, g.start, g.end) for g in query.gold if g.end is not None]
        whole = {g.document for g in query.gold if g.end is None}
        if whole:
            held = whole & {hit.document for hit in hits}
            for k in (5, 10):
                reached[f"passage_recall@{k}"].append(min(len(held), k) / len(whole))
        if ranges:
            size = sum(end - start for _, start, end in ranges)
            covered, _ = coverage(hits, ranges, sum(hit.end - hit.start for hit in hits))
            for budget in BUDGETS:
                reached[f"recall@{budget}"].append(min(covered, budget) / size)
    return {name: sum(values) / len(values) for name, values in reached.items()}


def tell(name: str, figures: Mapping[str, float]) -> None:
    shown = (f"{k} {v:.3f}" for k, v in figures.items() if "recall" in k)
    sys.stdout.write(f"{name:9} {'  '.join(shown)}\n")
    sys.stdout.flush()


def variants(oracle: Oracle) -> Iterator[tuple[str, RerankServer | None]]:
    yield "off", None
    yield "oracle", RerankServer(oracle.score)
    yield "reversed", RerankServer(lambda question, text: -oracle.score(question, text))
    yield "failing", RerankServer(oracle.score, broken=lambda _: (500, b"{}"))


def main() -> None:
    folder, limit, scope = Path(sys.argv[1]), sys.argv[2], (*sys.argv[3:], "collection")[0]
    documents, queries = read_documents(folder / "documents.jsonl"), read_queries(folder / "queries.jsonl")
    documents, queries = sample(documents, queries, int(limit))
    runs: dict[str, str] = {}
    with tempfile.TemporaryDirectory() as made:
        for name, server in variants(Oracle(documents, queries)):
            out = Path(made, name)
            with server or nullcontext():
                tell(name, run(folder, limit, scope, server.base_url if server else None, out))
            runs[name] = out.read_text(encoding="utf-8")
    tell("ceiling", ceiling(queries, runs["off"].splitlines()))
    same = runs["failing"] == runs["off"]
    sys.stdout.write(f"failing leaves every hit and score of off as it is: {same}\n")


if __name__ == "__main__":
    main()
