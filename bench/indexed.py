"""Documents of a labelled set in an index, as an ingest writes them, without catalog and processes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ingest.errors import UnreadableFile
from ingest.outline.sections import find_sections
from ingest.passages import cut_passages
from ingest.reading import read_text
from ingest.writing import Writer, Written

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ingest.embedding import Embedder
    from ingest.index import Index
    from ingest.model import Scope
    from service.evaluation.dataset import LabelledDocument


def write(index: Index, embedder: Embedder, documents: Iterable[tuple[int, Scope, LabelledDocument]]) -> None:
    """Index documents, each under a number and in a scope; what cannot be read is left out."""
    writer = Writer(index, embedder)
    for number, scope, labelled in documents:
        try:
            document = read_text(labelled.text, labelled.path)
        except UnreadableFile:
            continue
        sections = find_sections(document)
        writer.write(scope, [Written(number, document, cut_passages(document, sections), sections)])
