"""What a system is asked to find and what it answers. Runs under the peer's own interpreter, too.

Standard input is one `Task` as JSON. Each line of standard output is a JSON object: the system's version, for
each collection how many documents it refused, for each question its passages in order.
"""

from __future__ import annotations

import base64
import json
import os
import sys
import tempfile
import urllib.request
from array import array
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

from service.evaluation.measures import BUDGETS, FILES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

DEPTH = 100
"""Passages that a system is asked for: more than the largest budget holds of the shortest of them."""
DIMENSIONS = 512


@dataclass(frozen=True, slots=True)
class Given:
    """A document: ``id`` comes back with its passages, ``path`` is the name of its file."""

    id: str
    path: str
    text: str


@dataclass(frozen=True, slots=True)
class Question:
    """``inside`` is the id of the only document to search in, or nothing."""

    id: str
    text: str
    inside: str


@dataclass(frozen=True, slots=True)
class Passage:
    """What a system found. ``start``: where in the document, if it says so."""

    document: str
    text: str
    start: int | None = None


@dataclass(frozen=True, slots=True)
class Embeddings:
    """An OpenAI-compatible address that ends in ``/v1``."""

    address: str
    model: str

    def embed(self, texts: Sequence[str]) -> list[list[float]]:
        asked = {"model": self.model, "input": list(texts), "encoding_format": "base64"}
        request = urllib.request.Request(
            f"{self.address}/embeddings",
            data=json.dumps(asked).encode(),
            headers={"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request) as response:
            rows = json.load(response)["data"]
        return [array("f", base64.b64decode(row["embedding"])).tolist() for row in rows]


class System(Protocol):
    """One collection of a system, filled when it is made."""

    narrows: ClassVar[bool]
    """Whether it can search in one document of many."""
    refused: int
    """Documents that it did not take."""

    def __init__(self, documents: Sequence[Given], folder: Path, embeddings: Embeddings) -> None: ...

    def search(self, question: str, inside: str) -> Iterable[Passage]:
        """At most `DEPTH` passages, best first, of everything or of the document ``inside``."""
        ...


@dataclass(frozen=True, slots=True)
class Task:
    """Collections, each with its questions."""

    embeddings: Embeddings
    collections: tuple[tuple[tuple[Given, ...], tuple[Question, ...]], ...]

    @classmethod
    def read(cls, said: dict[str, Any]) -> Task:
        """From what ``json`` made of it."""
        collections = (
            (tuple(Given(**row) for row in documents), tuple(Question(**row) for row in questions))
            for documents, questions in said["collections"]
        )
        return cls(Embeddings(**said["embeddings"]), tuple(collections))


def answer(system: type[System], package: str) -> None:
    """Do the task of standard input with a system that a package holds."""
    out = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what libraries print is no answer
    print(json.dumps({"version": version(package)}), file=out, flush=True)
    task = Task.read(json.load(sys.stdin))
    for documents, questions in task.collections:
        for found in _ask(system, documents, questions, task.embeddings):
            print(json.dumps(found), file=out, flush=True)


def _ask(
    system: type[System], documents: Sequence[Given], questions: Sequence[Question], embeddings: Embeddings
) -> Iterator[dict[str, object]]:
    for kept, asked in _narrowed(system, documents, questions):
        with tempfile.TemporaryDirectory() as folder:
            filled = system(kept, Path(folder), embeddings)
            yield {"refused": filled.refused}
            for question in asked:
                passages = _enough(filled.search(question.text, question.inside))
                rows = [[passage.document, passage.text, passage.start] for passage in passages]
                yield {"query_id": question.id, "passages": rows}


def _narrowed(
    system: type[System], documents: Sequence[Given], questions: Sequence[Question]
) -> Iterator[tuple[Sequence[Given], Sequence[Question]]]:
    """A system that cannot search in one document gets each document as a collection of its own."""
    inside = dict.fromkeys(question.inside for question in questions)
    if system.narrows or "" in inside:
        yield documents, questions
        return
    for name in inside:
        yield (
            [document for document in documents if document.id == name],
            [question for question in questions if question.inside == name],
        )


def _enough(passages: Iterable[Passage]) -> Iterator[Passage]:
    """Down to the largest budget and the files that are measured."""
    taken, files = 0, set[str]()
    for passage in passages:
        if taken >= BUDGETS[-1] and len(files) >= FILES:
            return
        yield passage
        taken += len(passage.text)
        files.add(passage.document)
