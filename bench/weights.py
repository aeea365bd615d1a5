"""Learns the weights of `ingest.ranking` from labelled questions, and tells what they reach on others.

    python -m bench.weights DATA [--questions N] [--sets NAME…]

Every question is searched once; what was found is then put in order by one weighting after the other. The
best is the one with the best mean over the sets. The weights are learnt in turns, each of a few values, from
a start that knows nothing, until none gets better.

What that is worth on questions nobody learnt from is told by cross-validation in five parts: by document (of
code: by repository), so that no two parts share one, and by question, so that no two parts share its wording,
of however many documents it is asked. "of the code" are the weights that `ingest.ranking` holds.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from dataclasses import dataclass, replace
from hashlib import blake2b
from pathlib import Path
from statistics import fmean
from typing import TYPE_CHECKING

import numpy as np

from bench.indexed import write
from ingest.embedding import UniversalSentenceEncoder
from ingest.index import LocalIndex, Question
from ingest.model import Role, Scope
from ingest.ranking import WEIGHTS, Weights, ordered
from ingest.store.edge import EdgeStore
from service.evaluation.dataset import read_documents, read_queries
from service.evaluation.measures import BUDGETS, FILES, Found, measure
from service.evaluation.retrieval import DEPTH

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from ingest.found import Findings
    from ingest.found import Found as Searched
    from service.evaluation.dataset import LabelledQuery

LONGEST = BUDGETS[-1]
PARTS = 5
VALUES = {
    "document": (0.0, 0.25, 0.5, 0.75, 1.0),
    "dense": (0.0, 0.4, 0.6, 0.8, 1.0, 1.3),
    "dense_learnt": (0.0, 0.1, 0.2, 0.4, 0.8),
    "passage": (0.0, 0.2, 0.4, 0.6, 0.8),
    "opening": (0.0, 0.2, 0.3, 0.4, 0.6),
    "prose": (0.3, 0.4, 0.5, 0.6, 0.8, 1.0),
    "test": (0.3, 0.4, 0.5, 0.6, 0.8, 1.0),
    "other": (0.2, 0.3, 0.4, 0.5, 0.7, 1.0),
    "asked": (0.5, 0.6, 0.7, 0.8, 1.0),
}
"""Tried for each weight."""
NEUTRAL = Weights(**dict.fromkeys(VALUES, 0.5))
"""Where learning starts: it knows nothing of the weights of the code."""
ROUNDS = 4


@dataclass(frozen=True, slots=True)
class Exam:
    """A labelled set and how it is asked."""

    name: str
    folder: str
    measures: tuple[str, ...]
    """Those that count, alike."""
    inside: bool = False
    """Whether each question is asked of its own document."""


EXAMS = (
    Exam("cuad", "cuad", ("recall@4000",)),
    Exam("cuad, inside", "cuad", ("precision@400", "recall@4000"), inside=True),
    Exam("sweqa", "sweqa", ("file_recall@10",)),
    Exam("repo-history", "repo-history", ("file_recall@10",)),
    Exam("mtrag", "mtrag", ("passage_recall@10",)),
    Exam("xquad-ru", "multilingual/xquad-ru", ("paragraph_hit@1",)),
    Exam("xquad-zh", "multilingual/xquad-zh", ("paragraph_hit@1",)),
    Exam("cmrc", "multilingual/cmrc2018-dev", ("paragraph_hit@1",)),
)


@dataclass(frozen=True, slots=True)
class Asked:
    """A question of a set, with what was found for it."""

    exam: int
    query: LabelledQuery
    findings: Findings
    names: Mapping[int, str]
    """Of the documents that were found."""
    document: str
    """What it shares with others: its document, or repository."""

    idle: tuple[str, ...]
    """Weights that change nothing in its order."""

    @property
    def wording(self) -> str:
        """The question as it is asked of other documents, too."""
        return self.query.short


class Scores:
    """What each weighting gives each question; measured once."""

    def __init__(self, asked: Sequence[Asked], measured: Callable[[Asked, Weights], float]) -> None:
        self._asked, self._measured = asked, measured
        self._known: dict[tuple[int, Weights], float] = {}
        self._exams = np.asarray([each.exam for each in asked])

    def of(self, weights: Weights) -> NDArray[np.float64]:
        """One score a question, from 0 to 1."""
        return np.asarray([self._of(number, each, weights) for number, each in enumerate(self._asked)])

    def _of(self, number: int, asked: Asked, weights: Weights) -> float:
        key = number, replace(weights, **dict.fromkeys(asked.idle, 0.0))
        if key not in self._known:
            self._known[key] = self._measured(asked, weights)
        return self._known[key]

    def means(self, scores: NDArray[np.float64], chosen: NDArray[np.bool_]) -> dict[int, float]:
        """The mean of each set over the questions that are chosen."""
        exams = sorted(set(self._exams.tolist()))
        parts = {exam: scores[chosen & (self._exams == exam)] for exam in exams}
        return {exam: float(part.mean()) for exam, part in parts.items() if len(part)}

    def learn(self, chosen: NDArray[np.bool_], start: Weights = NEUTRAL) -> Weights:
        """The weights with the best mean over the sets, from these questions alone."""
        best, reached = start, self._worth(start, chosen)
        for _ in range(ROUNDS):
            before = best
            for name, values in VALUES.items():
                for value in values:
                    tried = replace(best, **{name: value})
                    worth = self._worth(tried, chosen)
                    if worth > reached:
                        best, reached = tried, worth
            if best == before:
                break
        return best

    def _worth(self, weights: Weights, chosen: NDArray[np.bool_]) -> float:
        return float(np.mean(list(self.means(self.of(weights), chosen).values())))


def main() -> None:
    """Search, learn, and print what was learnt and what it reaches."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--questions", type=int, default=200, help="of each set, spread over it")
    parser.add_argument("--sets", nargs="+", default=[exam.name for exam in EXAMS])
    chosen = parser.parse_args()
    texts: dict[str, str] = {}
    asked: list[Asked] = []
    for number, exam in enumerate(EXAMS):
        if exam.name in chosen.sets:
            print(exam.name, file=sys.stderr, flush=True)
            asked += search(chosen.data, number, texts, questions=chosen.questions)
    report(asked, Scores(asked, lambda each, weights: measured(each, weights, texts)))


def search(data: Path, number: int, texts: dict[str, str], *, questions: int) -> Iterator[Asked]:
    """Questions of a set with what is found for each; the texts of its documents are put to ``texts``."""
    exam = EXAMS[number]
    documents = read_documents(data / exam.folder / "documents.jsonl")
    queries = [
        query
        for query in read_queries(data / exam.folder / "queries.jsonl")
        if query.gold or query.gold_files
    ]
    texts.update((document.id, document.text) for document in documents)
    numbers = {document.id: place for place, document in enumerate(documents, start=1)}
    embedder = UniversalSentenceEncoder()
    with tempfile.TemporaryDirectory(prefix="lectern-weights-") as folder:
        store = EdgeStore.open(Path(folder), dimensions=embedder.dimensions)
        index = LocalIndex(store, embedder)
        write(index, embedder, ((numbers[each.id], scope_of(each.repo), each) for each in documents))
        for query in queries[:: max(len(queries) // questions, 1)]:
            yield ask(index, number, query, numbers)
        store.close()


def scope_of(repo: str) -> Scope:
    return Scope("default", repo or "all")


def ask(index: LocalIndex, number: int, query: LabelledQuery, numbers: Mapping[str, int]) -> Asked:
    """One question, searched as its set wants it."""
    inside = EXAMS[number].inside
    findings = index.findings(
        scope_of(query.repo),
        Question(query.short if inside else query.text, query.history),
        documents=[numbers[query.document]] if inside else None,
        limit=DEPTH,
    )
    found = [each for each in (findings.leading, findings.others) if each]
    names = {place: name for name, place in numbers.items()}
    held = {hit.document: names[hit.document] for each in found for hit in each.hits}
    document = query.repo or query.document or next((gold.document for gold in query.gold), query.id)
    return Asked(number, query, findings, held, document, tuple(idle(found)))


def idle(found: Sequence[Searched]) -> Iterator[str]:
    """The weights that change nothing in the order of what was found."""
    by_meaning = {each.learnt for each in found if each.near}
    if True not in by_meaning:
        yield "dense_learnt"
    if False not in by_meaning:
        yield "dense"
    if not any(each.openings for each in found):
        yield "opening"
    if not any(each.closer for each in found):
        yield "passage"
    if not any(hit.role == Role.SOURCE for each in found for hit in each.hits):
        yield from ("prose", "test", "other", "asked")
    elif not any(each.asked for each in found):
        yield "asked"


def measured(asked: Asked, weights: Weights, texts: Mapping[str, str]) -> float:
    """The mean of the measures that count, of one question under one weighting."""
    found: list[Found] = []
    taken, files = 0, set[str]()
    for hit in ordered(asked.findings, DEPTH, weights):
        if taken >= LONGEST and len(files) >= FILES:
            break
        name = asked.names[hit.document]
        found.append(Found(name, hit.start, hit.end, hit.score))
        taken += hit.end - hit.start
        files.add(name)
    figures = measure(asked.query, found, texts)
    return fmean(figures[name] for name in EXAMS[asked.exam].measures)


def parts(keys: Sequence[str]) -> NDArray[np.int64]:
    """A part for each, equal ones in the same, about equally many different ones in each."""
    distinct = sorted(set(keys), key=lambda key: blake2b(key.encode(), digest_size=8).digest())
    places = {key: place % PARTS for place, key in enumerate(distinct)}
    return np.asarray([places[key] for key in keys])


def held_out(scores: Scores, part: NDArray[np.int64]) -> NDArray[np.float64]:
    """The score of each question under the weights that were learnt without its part."""
    reached = np.zeros(len(part))
    for number in range(PARTS):
        mine = part == number
        reached[mine] = scores.of(scores.learn(~mine))[mine]
    return reached


def report(asked: Sequence[Asked], scores: Scores) -> None:
    """Print the weights, and what each set reaches with them."""
    everything = np.ones(len(asked), dtype=np.bool_)
    learnt = scores.learn(everything)
    print("| weight | of the code | learnt from all |\n|---|---|---|")
    for name in VALUES:
        print(f"| {name} | {getattr(WEIGHTS, name)} | {getattr(learnt, name)} |")
    columns = {
        "start": scores.of(NEUTRAL),
        "of the code": scores.of(WEIGHTS),
        "learnt from all": scores.of(learnt),
        "without its document": held_out(scores, parts([each.document for each in asked])),
        "without its wording": held_out(scores, parts([each.wording for each in asked])),
    }
    print("\n| set | questions | " + " | ".join(columns) + " |\n|---" * 1 + "|---" * (len(columns) + 1) + "|")
    means = [scores.means(column, everything) for column in columns.values()]
    for exam in means[0]:
        count = sum(each.exam == exam for each in asked)
        print(
            f"| {EXAMS[exam].name} | {count} | "
            + " | ".join(f"{100 * mean[exam]:.1f}" for mean in means)
            + " |"
        )
    print(
        "| mean | | " + " | ".join(f"{100 * fmean(mean.values()):.1f}" for mean in means) + " |", flush=True
    )


if __name__ == "__main__":
    main()
