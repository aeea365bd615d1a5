"""What a collection costs that mixes contracts, passages of conversations and repositories.

    python -m bench.mixture DATA [--repositories sweqa/xarray repo-history/sphinx] [--every N] [--check]

Each set is asked twice, in an index of its own and in one that holds them all, each set in a folder of its
own. Prints the mean of its measure in both and the difference with its standard error over the questions,
in points. With ``--check`` a set that loses more than two points is a failure.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from bench.indexed import write
from ingest.embedding import UniversalSentenceEncoder
from ingest.index import LocalIndex, Question
from ingest.model import Scope
from ingest.store.edge import EdgeStore
from service.evaluation.dataset import read_documents, read_queries
from service.evaluation.measures import BUDGETS, FILES, Found, measure
from service.evaluation.retrieval import DEPTH

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Sequence

    from ingest.index import Index
    from service.evaluation.dataset import LabelledDocument, LabelledQuery

FEWEST = 2
"""Questions of a set: of one, differences have no standard error."""
ALLOWED = 2.0
"""Points that a set may lose."""
_TENANT = "bench"


@dataclass(frozen=True, slots=True)
class Exam:
    """Questions, and the measure that counts."""

    title: str
    measure: str
    queries: Sequence[LabelledQuery]
    inside: bool = False
    """Whether each is asked of its own document."""


@dataclass(frozen=True, slots=True)
class Part:
    """Documents that make a collection of their own, or a folder of the mixture."""

    folder: str
    documents: Sequence[LabelledDocument]
    exams: Sequence[Exam]

    def foldered(self) -> Iterator[LabelledDocument]:
        """The documents as the mixture holds them."""
        for document in self.documents:
            lies_there = document.path.startswith(f"{self.folder}/")
            yield document if lies_there else replace(document, path=f"{self.folder}/{document.path}")


def read_parts(data: Path, repositories: Sequence[str], every: int) -> Iterator[Part]:
    """Contracts, passages, and each repository, which is named by its set's folder and itself."""
    contracts = read_documents(data / "cuad/documents.jsonl")
    asked = read_queries(data / "cuad/queries.jsonl")[::every]
    yield Part(
        "cuad",
        contracts,
        (
            Exam("contracts, all", "recall@4000", asked),
            Exam("contracts, inside", "recall@4000", asked, inside=True),
        ),
    )
    turns = [query for query in read_queries(data / "mtrag/queries.jsonl") if query.gold]
    yield Part(
        "mtrag",
        read_documents(data / "mtrag/documents.jsonl"),
        (Exam("conversations", "passage_recall@10", turns),),
    )
    for name in repositories:
        folder, _, repo = name.partition("/")
        own = [each for each in read_documents(data / folder / "documents.jsonl") if each.repo == repo]
        questions = [each for each in read_queries(data / folder / "queries.jsonl") if each.repo == repo]
        yield Part(repo, own, (Exam(name, "file_recall@10", questions),))


class Collection:
    """Documents in a scope of an index."""

    def __init__(self, index: Index, scope: Scope, documents: Sequence[LabelledDocument]) -> None:
        self._index, self._scope = index, scope
        self._names = dict(enumerate((document.id for document in documents), start=1))
        self._numbers = {name: number for number, name in self._names.items()}
        self._texts = {document.id: document.text for document in documents}

    def score(self, exam: Exam) -> list[float]:
        """The measure of each question, as a share."""
        return [
            measure(query, list(self._found(exam, query)), self._texts)[exam.measure]
            for query in exam.queries
        ]

    def _found(self, exam: Exam, query: LabelledQuery) -> Iterator[Found]:
        """Hits as far as any measure looks."""
        hits = self._index.search(
            self._scope,
            Question(query.short if exam.inside else query.text, query.history),
            documents=[self._numbers[query.document]] if exam.inside else None,
            limit=DEPTH,
        )
        taken, files = 0, set[str]()
        for hit in hits:
            if taken >= BUDGETS[-1] and len(files) >= FILES:
                return
            name = self._names[hit.document]
            yield Found(name, hit.start, hit.end, hit.score)
            taken += hit.end - hit.start
            files.add(name)


@contextmanager
def filled(parts: Sequence[Part]) -> Generator[tuple[Collection, list[Collection]]]:
    """The mixture, and each part alone."""
    embedder = UniversalSentenceEncoder()
    with tempfile.TemporaryDirectory(prefix="lectern-mixture-") as folder:
        index = LocalIndex(EdgeStore.open(Path(folder), dimensions=embedder.dimensions), embedder)

        def fill(scope: Scope, documents: Sequence[LabelledDocument]) -> Collection:
            print(f"{scope.collection}: {len(documents)} documents", file=sys.stderr, flush=True)
            write(index, embedder, ((n, scope, each) for n, each in enumerate(documents, start=1)))
            return Collection(index, scope, documents)

        try:
            alone = [fill(Scope(_TENANT, part.folder), part.documents) for part in parts]
            yield fill(Scope(_TENANT, "mixture"), [each for part in parts for each in part.foldered()]), alone
        finally:
            index.close()


def report(exam: Exam, alone: Sequence[float], mixed: Sequence[float]) -> float:
    """Print a row; the difference in points."""
    changes = 100 * (np.asarray(mixed) - np.asarray(alone))
    error = changes.std(ddof=1) / len(changes) ** 0.5
    print(
        f"| {exam.title} | {len(changes)} | {exam.measure} | {100 * np.mean(alone):.1f} "
        f"| {100 * np.mean(mixed):.1f} | {changes.mean():+.1f} ± {error:.1f} |",
        flush=True,
    )
    return float(changes.mean())


def positive(written: str) -> int:
    """A number of the command line from 1 on."""
    if (number := int(written)) < 1:
        raise argparse.ArgumentTypeError("must be 1 or more")
    return number


def main() -> int:
    """Index, ask, print; the exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument(
        "--repositories", nargs="*", default=["sweqa/xarray", "repo-history/sphinx"], metavar="SET/NAME"
    )
    parser.add_argument("--every", type=positive, default=6, help="of the questions about contracts")
    parser.add_argument("--check", action="store_true")
    chosen = parser.parse_args()
    parts = list(read_parts(chosen.data, chosen.repositories, chosen.every))
    if few := [exam.title for part in parts for exam in part.exams if len(exam.queries) < FEWEST]:
        parser.error(f"fewer than {FEWEST} questions: {', '.join(few)}")
    lost = list[str]()
    with filled(parts) as (mixture, collections):
        print("| set | questions | measure | alone | mixed | difference |\n|---|---|---|---|---|---|")
        for part, alone in zip(parts, collections, strict=True):
            for exam in part.exams:
                if report(exam, alone.score(exam), mixture.score(exam)) < -ALLOWED:
                    lost.append(exam.title)
    if chosen.check and lost:
        print(f"lose more than {ALLOWED:g} points: {', '.join(lost)}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
