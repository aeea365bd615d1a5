"""Contracts of a labelled set as files, and what lawyers ask about them."""

from __future__ import annotations

import random
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from service.evaluation.dataset import read_documents, read_queries

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from service.evaluation.dataset import LabelledDocument

_SEED = 7
_STEM = 80


def labelled(folder: Path, documents: int) -> tuple[list[LabelledDocument], list[str]]:
    """The first documents of a set, and the questions to them in an order of chance."""
    chosen = read_documents(folder / "documents.jsonl")[:documents]
    known = {document.id for document in chosen}
    asked = [query.text for query in read_queries(folder / "queries.jsonl") if query.document in known]
    random.Random(_SEED).shuffle(asked)
    return chosen, asked


def write_files(documents: Iterable[LabelledDocument], folder: Path) -> None:
    """A text file for each."""
    folder.mkdir(parents=True, exist_ok=True)
    for number, document in enumerate(documents):
        name = f"{number:04} {PurePosixPath(document.path).stem[:_STEM]}.txt"
        (folder / name).write_text(document.text, encoding="utf-8")
