"""Documents of a labelled set in an index, as an ingest writes them, without catalog and processes."""

from __future__ import annotations

from itertools import groupby, islice
from typing import TYPE_CHECKING

from ingest.errors import UnreadableFile
from ingest.outline.sections import find_sections
from ingest.passages import cut_passages
from ingest.reading import read_text
from ingest.writing import Writer, Written

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ingest.embedding import Embedder
    from ingest.index import Index
    from ingest.model import Scope
    from service.evaluation.dataset import LabelledDocument

_AT_ONCE = 32
"""Documents between two times that the store is flushed, which takes the longer the more it holds."""


def write(index: Index, embedder: Embedder, documents: Iterable[tuple[int, Scope, LabelledDocument]]) -> None:
    """Index documents, each under a number and in a scope; what cannot be read is left out."""
    writer = Writer(index, embedder)
    for scope, each in groupby(documents, lambda given: given[1]):
        read = _read((number, labelled) for number, _, labelled in each)
        while batch := [*islice(read, _AT_ONCE)]:
            writer.write(scope, batch)


def _read(documents: Iterable[tuple[int, LabelledDocument]]) -> Iterator[Written]:
    for number, labelled in documents:
        try:
            document = read_text(labelled.text, labelled.path)
        except UnreadableFile:
            continue
        sections = find_sections(document)
        passages = cut_passages(document, sections)
        yield Written(number, document, passages, sections, path=labelled.path)
