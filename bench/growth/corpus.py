"""Real documents of several kinds in one mixture, whatever their number; some of them held out."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from service.evaluation.dataset import read_documents, read_queries

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from service.evaluation.dataset import LabelledDocument, LabelledQuery

SETS = ("cuad", "mtrag", "sweqa", "repo-history")
LONGEST_FRESH = 60_000
"""Code points of a document that is held out: its embedding would hide everything else."""
_SEED = 29


@dataclass(frozen=True, slots=True)
class Corpus:
    """What a growing collection is made of, and what it is asked."""

    filling: list[LabelledDocument]
    fresh: list[LabelledDocument]
    """Never among those that fill it; ingested at each size."""
    questions: list[str]


def read_corpus(data: Path, *, fresh: int, questions: int) -> Corpus:
    """All documents of the sets that are there, shuffled, and questions of each set in turn."""
    there = [data / name for name in SETS if (data / name / "documents.jsonl").exists()]
    found = [document for folder in there for document in read_documents(folder / "documents.jsonl")]
    documents = {(document.repo, document.path): document for document in found if document.text.strip()}
    queries = [read_queries(folder / "queries.jsonl") for folder in there]
    filling, held_out = apart([*documents.values()], fresh)
    return Corpus(filling, held_out, in_turn(queries, questions))


def apart(
    documents: Sequence[LabelledDocument], fresh: int
) -> tuple[list[LabelledDocument], list[LabelledDocument]]:
    """The documents in an order of chance, and so many of them held out, always the same ones.

    None of those has the text of another document: it would be taken for that one, moved.
    """
    order = sorted(documents, key=lambda document: document.id)
    random.Random(_SEED).shuffle(order)
    known = Counter(document.text for document in order)
    alone = [document for document in order if known[document.text] == 1]
    held_out = [document for document in alone if len(document.text) <= LONGEST_FRESH][:fresh]
    taken = {document.id for document in held_out}
    return [document for document in order if document.id not in taken], held_out


def in_turn(sets: Sequence[Sequence[LabelledQuery]], wanted: int) -> list[str]:
    """Distinct questions, one of each set after another; every second one without the document's name."""
    shuffled = [list(queries) for queries in sets]
    for queries in shuffled:
        random.Random(_SEED).shuffle(queries)
    found: dict[str, None] = {}
    for place in range(max(map(len, shuffled), default=0)):
        for queries in shuffled:
            if place < len(queries) and len(found) < wanted:
                found[queries[place].short if place % 2 else queries[place].text] = None
    return list(found)
