"""How long a search takes, beside the least that any search must do, while the collection grows.

    python -m bench.latency ../shared/data/cuad/documents.jsonl ../shared/data/cuad/queries.jsonl

The least is the question's vector, one search by words and one by vector, 60 hits each; both are timed in
turns, so that a busy machine slows them alike. What counts is their ratio. Questions are asked in their long
form, which names a document, and in their short one, which is asked of all.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from bench.indexed import write
from ingest.asking import asked_terms, question_vector
from ingest.embedding import UniversalSentenceEncoder
from ingest.fields import Field
from ingest.index import LocalIndex, Question
from ingest.model import Scope
from ingest.store.edge import EdgeStore
from ingest.terms import Analyzer
from service.evaluation.dataset import read_documents, read_queries

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ingest.embedding import Embedder
    from service.evaluation.dataset import LabelledQuery

SCOPE = Scope("default", "all")
HITS = 60
SHARES = (0.1, 0.3, 1.0)
QUESTIONS = 35
ROUNDS = 4


def main() -> None:
    """Write a share of the documents, measure, go on."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("documents", type=Path)
    parser.add_argument("queries", type=Path)
    chosen = parser.parse_args()
    documents, queries = read_documents(chosen.documents), read_queries(chosen.queries)
    embedder = UniversalSentenceEncoder()
    with tempfile.TemporaryDirectory(prefix="lectern-latency-") as folder:
        store = EdgeStore.open(Path(folder), dimensions=embedder.dimensions)
        index = LocalIndex(store, embedder)
        print(f"{'chunks':>8} {'questions':>9} {'least':>14} {'search':>14} {'ratio':>6}   (ms: median, p99)")
        written = 0
        for share in SHARES:
            upto = round(share * len(documents))
            numbered = enumerate(documents[written:upto], start=written + 1)
            write(index, embedder, ((number, SCOPE, document) for number, document in numbered))
            written = upto
            report(index, store, embedder, queries)
        store.close()


def report(index: LocalIndex, store: EdgeStore, embedder: Embedder, queries: Sequence[LabelledQuery]) -> None:
    """Print a line for long and one for short questions."""
    analyzer = Analyzer()

    def least(text: str) -> None:
        vector = embedder.embed([text])[0]
        words = question_vector((asked_terms(analyzer, text), Field.TEXT, 1.0))
        store.search_sparse(SCOPE, words, documents=None, limit=HITS)
        store.search_dense(SCOPE, vector, documents=None, limit=HITS)

    def search(text: str) -> None:
        index.search(SCOPE, Question(text), documents=None, limit=HITS)

    chunks = sum(index.counts(SCOPE).values())
    for form, texts in (("long", [q.text for q in queries]), ("short", [q.short for q in queries])):
        distinct = list(dict.fromkeys(texts))
        asked = distinct[:: max(len(distinct) // QUESTIONS, 1)]
        search(asked[0])  # statistics of a scope are gathered once
        lows: list[float] = []
        times: list[float] = []
        for _ in range(ROUNDS):
            lows += timed(least, asked)
            times += timed(search, asked)
        ratio = np.median(times) / np.median(lows)
        print(f"{chunks:>8} {form:>9} {shown(lows):>14} {shown(times):>14} {ratio:>6.2f}", flush=True)


def timed(work: Callable[[str], None], texts: Sequence[str]) -> list[float]:
    """Milliseconds of each."""
    taken: list[float] = []
    for text in texts:
        begun = time.perf_counter()
        work(text)
        taken.append(1_000 * (time.perf_counter() - begun))
    return taken


def shown(times: Sequence[float]) -> str:
    """Median and 99th percentile."""
    return f"{np.median(times):.1f}, {np.quantile(times, 0.99):.1f}"


if __name__ == "__main__":
    main()
