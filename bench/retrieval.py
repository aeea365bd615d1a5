"""Retrieval side by side with other systems: the same documents, questions, embeddings and character budgets.

    python -m bench.retrieval [DATA] [--limit N] [--sets NAME…] [--systems NAME…] [--peers-folder FOLDER]

FOLDER holds an environment for each file of requirements in ``bench/peers``: ``peers`` with
``requirements.txt``, ``haiku-rag`` and ``paper-qa``, whose pins allow no other, with
``requirements-haiku-rag.txt`` (Python 3.12) and ``requirements-paper-qa.txt``.

Nobody has a language model or a network. Every system is asked for passages in order. They are found again in
the document, and measured as Lectern's own are: ``lost`` is the percentage of their characters that could not
be found there, ``refused`` how many documents a system did not take.

Where a set has conversations, Lectern gets the earlier turns of the user as history. The others leave them to
a language model, and get them in front of the question. A system that cannot search in one document gets it
alone.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.embeddings import MODEL, serving
from bench.locating import Whereabouts
from bench.peers.retrieving import Embeddings, Given, Passage, Question, Task
from ingest.embedding import UniversalSentenceEncoder
from service.evaluation.dataset import read_documents, read_queries, sample
from service.evaluation.measures import Found, mean, measure
from service.evaluation.retrieval import evaluate
from service.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from service.evaluation.dataset import LabelledDocument, LabelledQuery
    from service.evaluation.retrieval import Scope

ROOT = Path(__file__).resolve().parents[1]
OURS = "Lectern"
COLUMNS = (
    "recall@400",
    "precision@400",
    "recall@4000",
    "recall@16000",
    "file_recall@10",
    "passage_recall@5",
    "passage_recall@10",
    "paragraph_hit@1",
)


@dataclass(frozen=True, slots=True)
class Peer:
    """Another system: the module that runs it, in which environment."""

    module: str
    environment: str


PEERS = {
    "LlamaIndex": Peer("bench.peers.llama_index_retrieval", "peers"),
    "haiku.rag": Peer("bench.peers.haiku_rag_retrieval", "haiku-rag"),
    "LightRAG": Peer("bench.peers.lightrag_retrieval", "peers"),
    "PaperQA": Peer("bench.peers.paper_qa_retrieval", "paper-qa"),
}


@dataclass(frozen=True, slots=True)
class Exam:
    """A labelled set and how it is asked."""

    folder: str
    scope: Scope = "collection"
    history: bool = True


EXAMS = {
    "cuad": Exam("cuad"),
    "cuad, inside": Exam("cuad", scope="document"),
    "sweqa": Exam("sweqa"),
    "repo-history": Exam("repo-history"),
    "mtrag": Exam("mtrag"),
    "mtrag, last turn": Exam("mtrag", history=False),
    "xquad-ru": Exam("multilingual/xquad-ru"),
    "xquad-zh": Exam("multilingual/xquad-zh"),
    "cmrc": Exam("multilingual/cmrc2018-dev"),
}


@dataclass(frozen=True, slots=True)
class Score:
    """One system in one exam: means of the measures, or why there are none."""

    system: str
    figures: Mapping[str, float]
    lost: float = 0.0
    refused: int = 0
    failure: str = ""


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data", type=Path, nargs="?", default=Path("../shared/data"))
    parser.add_argument("--limit", type=int, help="questions of each set, with documents to match")
    parser.add_argument("--sets", nargs="+", choices=EXAMS, default=list(EXAMS))
    parser.add_argument("--systems", nargs="+", choices=[OURS, *PEERS], default=[OURS, *PEERS])
    parser.add_argument("--peers-folder", type=Path, help="where the other systems' environments are")
    parser.add_argument("--patience", type=float, default=7_200, help="seconds that another system may take")
    parser.add_argument("--scratch", type=Path, help="where vectors are kept from one run to the next")
    options = parser.parse_args()
    with (
        tempfile.TemporaryDirectory() as folder,
        serving(UniversalSentenceEncoder(), _vectors(options.scratch, folder)) as address,
    ):
        print("| set | n | system | " + " | ".join(COLUMNS) + " | lost | refused |")
        print("|---" * (len(COLUMNS) + 5) + "|")
        for name in options.sets:
            documents, queries = load(options.data, EXAMS[name], options.limit)
            bench = Bench(EXAMS[name], documents, queries, address, options.peers_folder, options.patience)
            for system in options.systems:
                began = time.monotonic()
                print(_row(name, bench.score(system)), flush=True)
                print(f"{name}, {system}: {time.monotonic() - began:.0f} s", file=sys.stderr)


def load(data: Path, exam: Exam, limit: int | None) -> tuple[list[LabelledDocument], list[LabelledQuery]]:
    folder = data / exam.folder
    documents, queries = read_documents(folder / "documents.jsonl"), read_queries(folder / "queries.jsonl")
    if limit is not None:
        documents, queries = sample(documents, queries, limit)
    return documents, queries if exam.history else [replace(query, history=()) for query in queries]


@dataclass(frozen=True, slots=True)
class Bench:
    """One exam for whichever system takes it."""

    exam: Exam
    documents: Sequence[LabelledDocument]
    queries: Sequence[LabelledQuery]
    address: str
    environments: Path | None
    """A folder of virtual environments."""
    patience: float
    """Seconds for another system."""

    def score(self, system: str) -> Score:
        if system != OURS:
            return self._peer(system, PEERS[system])
        ran = evaluate(
            Settings(),
            self.documents,
            self.queries,
            scope=self.exam.scope,
            on_progress=_quiet,
            on_unread=_quiet,
        )
        return Score(system, mean(result.figures for result in ran))

    def _peer(self, name: str, peer: Peer) -> Score:
        python = (self.environments or Path()) / peer.environment / "bin" / "python"
        if self.environments is None or not python.exists():
            return Score(name, {}, failure=f"no environment {peer.environment}")
        try:
            return self._measured(name, run(python, peer.module, self._task(), self.patience))
        except PeerFailed as failed:
            return Score(name, {}, failure=str(failed))

    def _task(self) -> Task:
        groups: dict[str, tuple[list[Given], list[Question]]] = defaultdict(lambda: ([], []))
        for document in self.documents:
            groups[document.repo][0].append(Given(document.id, document.path, document.text))
        for query in self.queries:
            groups[query.repo][1].append(self._question(query))
        collections = ((tuple(documents), tuple(asked)) for documents, asked in groups.values() if asked)
        return Task(Embeddings(self.address, MODEL), tuple(collections))

    def _question(self, query: LabelledQuery) -> Question:
        if self.exam.scope == "document":
            return Question(query.id, query.short, query.document)
        return Question(query.id, "\n".join([*reversed(query.history), query.text]), "")

    def _measured(self, system: str, answers: Answers) -> Score:
        texts = {document.id: document.text for document in self.documents}
        places = {name: Whereabouts(text) for name, text in texts.items()}
        figures: list[dict[str, float]] = []
        lost, characters = 0, 1
        for query in self.queries:
            hits: list[Found] = []
            for passage in answers.passages.get(query.id, ()):
                ranges, unfound = places[passage.document].locate(passage.text, passage.start)
                hits += [Found(passage.document, start, end, 0.0) for start, end in ranges]
                lost, characters = lost + unfound, characters + len(passage.text)
            figures.append(measure(query, hits, texts))
        return Score(f"{system} {answers.version}", mean(figures), lost / characters, answers.refused)


@dataclass(frozen=True, slots=True)
class Answers:
    """What a peer's process has said."""

    version: str
    refused: int
    passages: Mapping[str, Sequence[Passage]]
    """By the question's id."""

    @classmethod
    def read(cls, lines: Iterable[dict[str, Any]]) -> Answers:
        version, refused, passages = "", 0, dict[str, list[Passage]]()
        for line in lines:
            version = line.get("version", version)
            refused += line.get("refused", 0)
            if "passages" in line:
                passages[line["query_id"]] = [Passage(*passage) for passage in line["passages"]]
        return cls(version, refused, passages)


class PeerFailed(Exception):
    """A peer's process ended before it had answered; the message says why."""


def run(python: Path, module: str, task: Task, patience: float) -> Answers:
    """What a system answers in an environment of its own, within ``patience`` seconds.

    Raises:
        PeerFailed: it ended with an error, or not in time.
    """
    with tempfile.TemporaryFile("w+") as given, tempfile.TemporaryFile("w+", errors="replace") as said:
        json.dump(asdict(task), given)
        given.seek(0)
        command = [str(python), "-m", module]
        try:
            done = subprocess.run(
                command,
                stdin=given,
                stdout=subprocess.PIPE,
                stderr=said,
                check=False,
                env=_environment(),
                timeout=patience,
            )
        except subprocess.TimeoutExpired as late:
            raise PeerFailed(f"not done after {patience:g} s") from late
        said.seek(0)
        if done.returncode:
            raise PeerFailed((said.read().strip().splitlines() or ["no word of why"])[-1])
    return Answers.read(json.loads(line) for line in done.stdout.splitlines())


def _quiet(*_: object) -> None:
    """Say nothing of progress, nor of blank documents: the table is what is wanted."""


def _environment() -> dict[str, str]:
    """No network is tried for, and tokens are counted with the vocabulary that LlamaIndex's wheel holds."""
    found = importlib.util.find_spec("llama_index.core")
    assert found is not None
    assert found.origin is not None
    return os.environ | {
        "PYTHONPATH": str(ROOT),
        "OMP_NUM_THREADS": "1",
        "TOKENIZERS_PARALLELISM": "false",
        "HF_HUB_OFFLINE": "1",
        "NO_PROXY": "127.0.0.1",
        "TIKTOKEN_CACHE_DIR": str(Path(found.origin).parent / "_static/tiktoken_cache"),
    }


def _vectors(scratch: Path | None, folder: str) -> Path:
    kept = scratch or Path(folder)
    kept.mkdir(parents=True, exist_ok=True)
    return kept / "vectors.sqlite"


def _row(name: str, score: Score) -> str:
    if score.failure:
        return f"| {name} | | {score.system} | failed: {score.failure.replace('|', '/')} |"
    figures = [f"{100 * score.figures[each]:.1f}" if each in score.figures else "" for each in COLUMNS]
    cells = [
        name,
        f"{score.figures['n']:.0f}",
        score.system,
        *figures,
        f"{100 * score.lost:.1f}",
        str(score.refused),
    ]
    return f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    main()
