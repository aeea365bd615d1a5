"""How often `prompts.grading` takes a right answer for right, and another one for it.

    python -m bench.grading FOLDER… [--questions N]

Folders hold ``documents.jsonl`` and ``queries.jsonl`` with ``answers`` and their place. The sentence that
holds a question's answer stands for a model's answer: it is graded against what is expected, and against
what is expected of the next question in a random order, unless it holds that as well.
"""

from __future__ import annotations

import argparse
import random
from pathlib import Path

from pydantic import BaseModel

from prompts.grading import grade
from prompts.sentences import sentence_spans
from service.evaluation.dataset import BadDataset, read_documents
from service.evaluation.lines import read_lines

_SEED = 0


class _Place(BaseModel):
    doc_id: str
    start: int
    end: int


class _Question(BaseModel):
    answers: tuple[str, ...] = ()
    gold: tuple[_Place, ...] = ()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--questions", type=int, default=300)
    arguments = parser.parse_args()
    for folder in arguments.folders:
        pairs = read_pairs(folder)
        random.Random(_SEED).shuffle(pairs)
        print(f"{folder.name}: {measure(pairs[: arguments.questions])}")


def read_pairs(folder: Path) -> list[tuple[str, tuple[str, ...]]]:
    """Sentences with the answers that they hold."""
    texts = {document.id: document.text for document in read_documents(folder / "documents.jsonl")}
    asked = (question for _, question in read_lines(folder / "queries.jsonl", _Question, BadDataset))
    return [
        (sentence_around(texts[question.gold[0].doc_id], question.gold[0].start), question.answers)
        for question in asked
        if question.answers and question.gold
    ]


def sentence_around(text: str, position: int) -> str:
    first, last = text.rfind("\n", 0, position) + 1, text.find("\n", position)
    paragraph = text[first : len(text) if last < 0 else last]
    spans = sentence_spans(paragraph)
    return next((paragraph[a:b] for a, b in spans if a <= position - first < b), paragraph)


def measure(pairs: list[tuple[str, tuple[str, ...]]]) -> str:
    right = [correctness(said, accepted) for said, accepted in pairs]
    others = [
        correctness(said, accepted)
        for (said, _), (_, accepted) in zip(pairs, pairs[1:] + pairs[:1], strict=True)
        if not any(answer in said for answer in accepted)
    ]
    found = sum(figure == 1.0 for figure in right)
    false = sum(figure >= 0.5 for figure in others)
    return f"right {found} of {len(right)}; another's answer at least half right {false} of {len(others)}"


def correctness(said: str, accepted: tuple[str, ...]) -> float:
    found = grade(said, accepted)
    return 0.0 if found is None else found.correctness


if __name__ == "__main__":
    main()
