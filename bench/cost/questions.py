"""Real questions in the order in which people ask them, with what the search finds for each."""

from __future__ import annotations

import json
import pickle
import random
import tempfile
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.context import ingest
from prompts.render import DocumentName
from service.answers import DEFAULT_TENANT
from service.candidates import find_candidates
from service.context import find_context
from service.evaluation.dataset import read_documents
from service.settings import Settings
from service.wiring import open_services

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from prompts.model import ContextPassage, PromptPassage
    from service.candidates import Candidates
    from service.services import Services

CONTRACTS = 60
USERS = 2
PAUSE_BETWEEN_DOCUMENTS = 900.0
"""Seconds: longer than the cache lives."""
SHORT_ANSWER = 400
"""Code points of a clause that an answer quotes."""
NOT_FOUND = "The documents do not say."


@dataclass(frozen=True, slots=True)
class Asked:
    """One question of one person."""

    id: str
    session: str
    time: float
    """Seconds."""
    question: str
    answer: str
    """What the model is taken to say: the labelled clauses, or the people's own answer."""
    document: int | None
    """Number of the one that is asked about; None for the whole collection."""
    gold: tuple[tuple[int, int, int], ...]
    """Document, first and last code point; empty where nothing is labelled."""
    ranked: tuple[PromptPassage, ...]
    """Found, best first."""
    candidates: Candidates
    """Those that Lectern chooses from."""
    context: Mapping[str, Sequence[ContextPassage]]


@dataclass(frozen=True, slots=True)
class Workload:
    """Questions in the order of their times, and the documents they are about."""

    name: str
    questions: Sequence[Asked]
    whole: Mapping[int, Sequence[PromptPassage]]
    names: Mapping[int, DocumentName]


@dataclass(frozen=True, slots=True)
class _Searched:
    """What the search finds for a question."""

    ranked: tuple[PromptPassage, ...]
    candidates: Candidates
    context: Mapping[str, Sequence[ContextPassage]]


@dataclass(slots=True)
class _Library:
    """An index of one set, as long as questions are put to it."""

    services: Services
    numbers: Mapping[str, int]
    texts: Mapping[str, str]
    names: dict[int, DocumentName] = field(default_factory=dict[int, DocumentName])

    def whole(self) -> dict[int, list[PromptPassage]]:
        passages: dict[int, list[PromptPassage]] = {}
        library = self.services.library
        collection = library.collection(DEFAULT_TENANT, "bench")
        for number in self.numbers.values():
            version = library.version(collection, number)
            passages[number] = library.whole([version])
            self.names[number] = DocumentName(number, version.path, version.title)
        return passages

    def search(self, question: str, history: Sequence[str], document: int | None) -> _Searched:
        services, documents = self.services, None if document is None else [document]
        collection = services.library.collection(DEFAULT_TENANT, "bench")
        found = services.searcher.evidence(collection, question, history=history, documents=documents)
        passages = services.searcher.passages(found)
        context = find_context(services.library, collection, found, passages, documents=documents)
        candidates = find_candidates(services.library, found, passages)
        return _Searched(tuple(passages), candidates, context)


def load(name: str, data: Path, gap: float, kept: Path | None) -> Workload:
    """The questions of ``cuad`` or ``mtrag``.

    Args:
        name: of the set.
        data: folder of the sets.
        gap: seconds between two questions.
        kept: folder where what the search found is kept for the next run; None searches anew.
    """
    file = None if kept is None else kept / f"{name}-{gap:g}.pickle"
    if file is not None and file.exists():
        return pickle.loads(file.read_bytes())  # a file of our own
    make = {"cuad": _contracts, "mtrag": _conversations}[name]
    documents = sorted(read_documents(data / name / "documents.jsonl"), key=lambda one: one.id)
    chosen = documents[:CONTRACTS] if name == "cuad" else documents
    with (
        tempfile.TemporaryDirectory(prefix="lectern-bench-") as folder,
        open_services(Settings(data=Path(folder), embed_workers=1)) as services,
    ):
        library = _Library(services, ingest(services, chosen), {one.id: one.text for one in chosen})
        whole = library.whole()
        workload = Workload(name, list(make(data / name, library, gap)), whole, library.names)
    if file is not None:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(pickle.dumps(workload))
    return workload


def _rows(path: Path) -> Iterator[dict[str, Any]]:
    with path.open(encoding="utf-8") as lines:
        yield from map(json.loads, lines)


def _contracts(folder: Path, library: _Library, gap: float) -> Iterator[Asked]:
    """All questions about one contract after another, in chance order, put by two people in turn."""
    rows: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for file in ("queries.jsonl", "queries_no_clause.jsonl"):
        for row in _rows(folder / file):
            if row["doc_id"] in library.numbers:
                rows[row["doc_id"]].append(row)
    order, now = random.Random(0), 0.0
    for document in sorted(rows):
        order.shuffle(rows[document])
        for turn, row in enumerate(rows[document]):
            number = library.numbers[document]
            found = library.search(row["query_short"], (), number)
            clauses = [library.texts[document][g["start"] : g["end"]] for g in row["gold"]]
            yield Asked(
                id=row["query_id"],
                session=f"{document}/{turn % USERS}",
                time=now,
                question=row["query_short"],
                answer=" ".join(clauses)[:SHORT_ANSWER] if clauses else NOT_FOUND,
                document=number,
                gold=tuple((number, g["start"], g["end"]) for g in row["gold"]),
                ranked=found.ranked,
                candidates=found.candidates,
                context=found.context,
            )
            now += gap
        now += PAUSE_BETWEEN_DOCUMENTS


def _conversations(folder: Path, library: _Library, gap: float) -> Iterator[Asked]:
    """Whole conversations, two at a time: every turn is asked, those that are labelled count for recall."""
    groups: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in _rows(folder / "queries.jsonl"):
        groups[row["group"]].append(row)
    names, now = list(groups), 0.0
    for first in range(0, len(names), USERS):
        turns = [list(_turns(name, groups[name])) for name in names[first : first + USERS]]
        for at in range(max(map(len, turns))):
            for person in turns:
                if at < len(person):
                    yield _asked(person, at, now, library)
                    now += gap
        now += PAUSE_BETWEEN_DOCUMENTS


@dataclass(frozen=True, slots=True)
class _Turn:
    session: str
    question: str
    answer: str
    gold: Iterable[Mapping[str, Any]]


def _turns(session: str, rows: Sequence[Mapping[str, Any]]) -> Iterator[_Turn]:
    last = max(rows, key=lambda row: len(row["history"]))
    said = [
        *last["history"],
        {"role": "user", "text": last["query"]},
        {"role": "agent", "text": last["answer"]},
    ]
    gold = {len(row["history"]) // 2: row["gold"] for row in rows}
    questions = [one["text"] for one in said if one["role"] == "user"]
    answers = [one["text"] for one in said if one["role"] != "user"]
    for at, (question, answer) in enumerate(zip(questions, answers, strict=False)):
        yield _Turn(session, question, answer, gold.get(at, ()))


def _asked(turns: Sequence[_Turn], at: int, now: float, library: _Library) -> Asked:
    turn = turns[at]
    before = tuple(one.question for one in reversed(turns[:at]))
    found = library.search(turn.question, before, None)
    gold = tuple(
        (library.numbers[one["doc_id"]], 0, len(library.texts[one["doc_id"]]))
        for one in turn.gold
        if one["doc_id"] in library.numbers
    )
    return Asked(
        id=f"{turn.session}:{at}",
        session=turn.session,
        time=now,
        question=turn.question,
        answer=turn.answer,
        document=None,
        gold=gold,
        ranked=found.ranked,
        candidates=found.candidates,
        context=found.context,
    )
