"""How sure a search must be before it answers: the weights of `ingest.answerability`, and how often they err.

    python -m bench.notfound DOCUMENTS QUERIES NO_CLAUSE [--left-out FOLDER…] [--measured FOLDER…] [--every N]

QUERIES have their answers in their document, NO_CLAUSE ask documents for what they do not say. A *missed*
answer is one of the first that gets "not found", a *false claim* one of the second that is answered. Both are
asked inside their document, which lies in a collection of all, of 30, of 5, or alone; and by their long form,
which names it, of all documents.

Folders hold ``documents.jsonl`` and ``queries.jsonl``. With ``--left-out`` each question is asked of all
documents, and once more of all but those that answer it: that shows how sure one may be where nothing is to
be compared, in other languages. ``--measured`` sets are only asked.

Cross-validated: each question, then each tenth of the documents, is judged by weights that were fitted to the
others, in every size of collection.
"""

from __future__ import annotations

import argparse
import tempfile
import zlib
from contextlib import contextmanager
from dataclasses import astuple, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from bench.fitting import false_claims, fit, wrong
from bench.indexed import write
from ingest.answerability import CONSTANT, LEAST_CONFIDENCE, WEIGHTS, Weights, confidence
from ingest.embedding import UniversalSentenceEncoder
from ingest.index import LocalIndex, Question
from ingest.model import Scope
from ingest.store.edge import EdgeStore
from service.evaluation.dataset import read_documents, read_queries

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from ingest.answerability import Signs
    from ingest.embedding import Embedder
    from service.evaluation.dataset import LabelledDocument, LabelledQuery

SIZES = (0, 30, 5, 1)
"""Documents of a collection; 0 is all."""
PARTS = 10
"""Of the documents, for cross-validation."""
COUNTS_ALONE = 2.5
"""False claims that a missed answer is worth where nothing can be compared: in doubt it is answered."""
MISSED = (0.05, 0.09, 0.15, 0.20)
"""Shares of missed answers at which false claims are told."""
ROUNDED = 2
"""Digits of a weight."""
NEARLY = 0.3
"""Weights that differ less are the same: an engine's sums are not another's."""


@dataclass(frozen=True, slots=True)
class Case:
    """A question that was asked, and what spoke for an answer."""

    question: str
    document: str
    answerable: bool
    signs: Signs


class Remembering:
    """An embedder that does not embed the same text twice."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder
        self._known: dict[str, NDArray[np.float32]] = {}
        self.identity, self.dimensions = embedder.identity, embedder.dimensions

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """One row a text."""
        unknown = [text for text in dict.fromkeys(texts) if text not in self._known]
        if unknown:
            self._known.update(zip(unknown, self._embedder.embed(unknown), strict=True))
        return np.array([self._known[text] for text in texts], np.float32).reshape(-1, self.dimensions)


class Shelf:
    """Documents in collections of a size, in one index; a repository is a collection of its own."""

    def __init__(self, index: LocalIndex, embedder: Embedder) -> None:
        self._index, self._embedder = index, embedder
        self._held: dict[str, tuple[Scope, int]] = {}

    def add(self, documents: Sequence[LabelledDocument], size: int = 0) -> None:
        """Index documents as an ingest does, in an order that brings no two of one owner together."""
        mixed = sorted(documents, key=lambda labelled: zlib.crc32(labelled.id.encode()))
        for number, labelled in enumerate(mixed, start=1):
            collection = f"{labelled.repo}.{(number - 1) // size if size else 0}"
            self._held[labelled.id] = Scope("default", collection), number
        numbered = ((self._held[labelled.id], labelled) for labelled in mixed)
        write(self._index, self._embedder, ((number, scope, each) for (scope, number), each in numbered))

    def inside(self, query: LabelledQuery, *, answerable: bool) -> Case:
        """Ask a question of its document."""
        scope, number = self._held[query.document]
        signs = self._index.signs(scope, Question(query.short), documents=[number])
        return Case(query.short, query.document, answerable, signs)

    def anywhere(self, query: LabelledQuery, *, answerable: bool, without: Iterable[str] = ()) -> Case:
        """Ask a question, as it was first put, of all documents or of all but some."""
        scope, left_out = Scope("default", f"{query.repo}.0"), set(without)
        rest = [n for name, (held, n) in self._held.items() if held == scope and name not in left_out]
        question = Question(query.text, query.history)
        signs = self._index.signs(scope, question, documents=rest if left_out else None)
        return Case(query.short, query.document, answerable, signs)


def main() -> None:
    """Ask everything, fit, cross-validate, and say whether the code holds the same weights."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    for name in ("documents", "queries", "no_clause"):
        parser.add_argument(name, type=Path)
    parser.add_argument("--left-out", type=Path, nargs="*", default=[])
    parser.add_argument("--measured", type=Path, nargs="*", default=[])
    parser.add_argument("--every", type=int, default=1, help="ask only every Nth question, for a quick look")
    given = parser.parse_args()
    embedder = Remembering(UniversalSentenceEncoder())
    documents = read_documents(given.documents)
    asked = [(query, True) for query in read_queries(given.queries)][:: given.every]
    asked += [(query, False) for query in read_queries(given.no_clause)][:: given.every]
    inside: dict[int, list[Case]] = {}
    others: dict[str, list[Case]] = {}
    for size in SIZES:
        with shelf(embedder) as filled:
            filled.add(documents, size)
            inside[size] = [filled.inside(query, answerable=yes) for query, yes in asked]
            if not size:
                others["named, of all"] = [filled.anywhere(query, answerable=yes) for query, yes in asked]
    left_out: list[Case] = []
    for folder in (*given.left_out, *given.measured):
        with shelf(embedder) as filled:
            filled.add(read_documents(folder / "documents.jsonl"))
            queries = read_queries(folder / "queries.jsonl")[:: given.every]
            others[folder.name] = ask(filled, queries, leave_out=folder in given.left_out)
            left_out += others[folder.name] if folder in given.left_out else []
    report(inside, others, left_out)


@contextmanager
def shelf(embedder: Embedder) -> Generator[Shelf]:
    """An empty one, over the embedded store."""
    with tempfile.TemporaryDirectory(prefix="lectern-notfound-") as folder:
        store = EdgeStore.open(Path(folder), dimensions=embedder.dimensions)
        yield Shelf(LocalIndex(store, embedder), embedder)
        store.close()


def ask(filled: Shelf, queries: Sequence[LabelledQuery], *, leave_out: bool) -> list[Case]:
    """Each question of all documents; with ``leave_out`` again of those that do not answer it."""
    cases: list[Case] = []
    for query in queries:
        gold = {*(gold.document for gold in query.gold), *query.gold_files}
        cases.append(filled.anywhere(query, answerable=bool(gold)))
        if leave_out and gold:
            cases.append(filled.anywhere(query, answerable=False, without=gold))
    return cases


def fit_weights(cases: Sequence[Case]) -> Weights:
    """For cases with and without something to compare with; of the latter once without their meaning."""
    alone = [case for case in cases if case.signs.standing is None]
    compared = [case for case in cases if case.signs.standing is not None]
    return Weights(
        _fit(alone, WEIGHTS.alone, COUNTS_ALONE),
        _fit(alone, WEIGHTS.by_words, COUNTS_ALONE),
        _fit(compared, WEIGHTS.compared, 1.0),
    )


def _fit(cases: Sequence[Case], names: Iterable[str], answerable: float) -> dict[str, float]:
    wanted = [name for name in names if name != CONSTANT]
    features = np.array([[getattr(case.signs, name) for name in wanted] for case in cases])
    yes = _answerable(cases)
    weights, constant = fit(features, yes, np.where(yes, answerable, 1.0))
    return {CONSTANT: round(constant, ROUNDED)} | {
        name: round(float(weight), ROUNDED) for name, weight in zip(wanted, weights, strict=True)
    }


def cross_validate(
    inside: Mapping[int, Sequence[Case]],
    always: Sequence[Case],
    group_of: Callable[[Case], object],
    *,
    seen: Callable[[Signs], Signs] = lambda signs: signs,
) -> dict[int, NDArray[np.float64]]:
    """How sure an answer is of each case, by weights that were fitted without all cases of its group.

    Args:
        inside: cases by the size of their collection.
        always: cases that all weights are fitted to as well.
        group_of: what must not be known of a case that is judged.
        seen: what of the signs is judged by.
    """
    judged = {size: np.zeros(len(cases)) for size, cases in inside.items()}
    every = [case for cases in inside.values() for case in cases]
    for group in {group_of(case) for case in every}:
        weights = fit_weights([*always, *(case for case in every if group_of(case) != group)])
        for size, cases in inside.items():
            for place, case in enumerate(cases):
                if group_of(case) == group:
                    judged[size][place] = confidence(seen(case.signs), weights)
    return judged


def report(
    inside: Mapping[int, Sequence[Case]], others: Mapping[str, Sequence[Case]], left_out: Sequence[Case]
) -> None:
    """Print the curves, the errors at the threshold, the weights."""
    by_question = cross_validate(inside, left_out, lambda case: case.question)
    by_document = cross_validate(inside, left_out, _part)
    by_words = cross_validate(inside, left_out, lambda case: case.question, seen=_without_meaning)
    print(f"{'collection of':<16} {'without its':<22} false claims, % at missed answers of", *MISSED)
    curves = ("question", by_question), ("document", by_document), ("question and meaning", by_words)
    for size, cases in inside.items():
        for without, judged in curves:
            shares = false_claims(judged[size], _answerable(cases), MISSED)
            print(f"{size or 'all':<16} {without:<22}", *(f"{share:7.1%}" for share in shares))
    print(f"\nat {LEAST_CONFIDENCE}: cases, compared; missed answers, false claims")
    for size, cases in inside.items():
        _print_errors(f"of {size or 'all'}, cross-validated", cases, by_question[size])
        _print_errors("the same, by words alone", cases, by_words[size])
    for name, cases in others.items():
        _print_errors(name, cases, np.array([confidence(case.signs) for case in cases]))
    fitted = fit_weights([*left_out, *(case for cases in inside.values() for case in cases)])
    print(f"\nfitted: {fitted}")
    print("the code holds them" if are_held(fitted) else f"THE CODE HOLDS OTHERS: {WEIGHTS}")


def are_held(fitted: Weights) -> bool:
    """Whether the code's weights are these, nearly."""
    pairs = zip(astuple(fitted), astuple(WEIGHTS), strict=True)
    return all(abs(found[name] - weight) < NEARLY for found, held in pairs for name, weight in held.items())


def _without_meaning(signs: Signs) -> Signs:
    return replace(signs, meaning=None)


def _part(case: Case) -> int:
    return zlib.crc32(case.document.encode()) % PARTS


def _answerable(cases: Sequence[Case]) -> NDArray[np.bool_]:
    return np.array([case.answerable for case in cases])


def _print_errors(name: str, cases: Sequence[Case], sure: NDArray[np.float64]) -> None:
    missed, claimed = wrong(sure, _answerable(cases), LEAST_CONFIDENCE)
    compared = sum(case.signs.standing is not None for case in cases)
    print(f"{name:<24} {len(cases):5} {compared:5} {missed:7.1%} {claimed:7.1%}")


if __name__ == "__main__":
    main()
