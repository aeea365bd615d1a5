from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

from bench.peers.retrieving import Embeddings, Given, Question, Task

ROOT = Path(__file__).resolve().parents[3]
DOCUMENTS = tuple(Given(name, f"{name}.txt", f"{name} " * 900) for name in ("one", "two"))
SYSTEM = """
from importlib.metadata import version
from bench.peers.retrieving import Passage, answer

class Everything:
    narrows = {narrows}

    def __init__(self, documents, folder, embeddings):
        self.documents, self.refused = documents, 1
        print("noise")

    def search(self, question, inside):
        for round in range(40):
            for document in self.documents:
                yield Passage(document.id, document.text, 0)

answer(Everything, "pytest")
"""


def _said(inside: str, *, narrows: bool) -> list[dict[str, object]]:
    asked = (Question("q1", "where?", inside), Question("q2", "who?", "two" if inside else ""))
    task = Task(Embeddings("http://127.0.0.1:1/v1", "any"), ((DOCUMENTS, asked),))
    done = subprocess.run(
        [sys.executable, "-c", SYSTEM.format(narrows=narrows)],
        input=json.dumps(asdict(task)),
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
    )
    return [json.loads(line) for line in done.stdout.splitlines()]


def _documents(row: dict[str, object]) -> set[str]:
    passages = row["passages"]
    assert isinstance(passages, list)
    return {passage[0] for passage in passages}  # pyright: ignore[reportUnknownVariableType] — JSON


def test_one_collection_answers_every_question_to_the_largest_budget() -> None:
    first, filled, *answers = _said("", narrows=False)
    assert list(first) == ["version"]
    assert filled == {"refused": 1}
    assert [row["query_id"] for row in answers] == ["q1", "q2"]
    assert all(_documents(row) == {"one", "two"} for row in answers)


def test_a_system_that_cannot_narrow_is_given_the_document_alone() -> None:
    _, _, first, _, second = _said("one", narrows=False)
    assert (_documents(first), _documents(second)) == ({"one"}, {"two"})


def test_a_system_that_narrows_is_filled_once() -> None:
    said = _said("one", narrows=True)
    assert [list(row) for row in said].count(["refused"]) == 1
