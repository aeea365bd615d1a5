"""Distractors: documents of other sets, put beside a set's own to see what a mixed collection loses."""

from __future__ import annotations

from dataclasses import replace
from math import ceil
from typing import TYPE_CHECKING

from service.evaluation.dataset import read_documents

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from service.evaluation.dataset import LabelledDocument


def read_distractors(paths: Iterable[Path], own: Iterable[LabelledDocument]) -> list[list[LabelledDocument]]:
    """Each file's documents.

    Raises:
        BadDataset: a line is not a document, or its id is that of one of ``own`` or of another file.
    """
    taken = {document.id for document in own}
    sets: list[list[LabelledDocument]] = []
    for path in paths:
        sets.append(read_documents(path, taken=taken))
        taken.update(document.id for document in sets[-1])
    return sets


def spread(documents: Sequence[LabelledDocument], share: float) -> list[LabelledDocument]:
    """This share of them, rounded up, at even distances."""
    count = ceil(len(documents) * share)
    return [documents[number * len(documents) // count] for number in range(count)]


def mix(own: Sequence[LabelledDocument], others: Sequence[LabelledDocument]) -> list[LabelledDocument]:
    """The set's own documents, and the others once for each collection that those make."""
    collections = dict.fromkeys(document.repo for document in own)
    return [*own, *(replace(other, repo=repo) for repo in collections for other in others)]
