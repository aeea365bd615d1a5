"""One point a document: what it is called, how it opens, what it treats, and every word that it says."""

from __future__ import annotations

import re
from collections import Counter
from itertools import takewhile
from typing import TYPE_CHECKING

import numpy as np

from ingest.fields import Field
from ingest.model import Role
from ingest.sparse import HEADING, K1, B, Bm25, field_vector
from ingest.store.contract import Point

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from ingest.model import Chunk, Document, Section
    from ingest.terms import Analyzer

OPENING = 2_000
"""Code points that tell which document it is: title, parties, date, first recitals; of code, its head."""
OPENINGS = Bm25(K1, B, 200.0)
WHOLE = Bm25(4.0, 0.4, 1_000.0)
"""A long document may say a word often before it stops to count more (k1), and is long for a reason (b)."""
NAMES = Bm25(K1, 0.5, 40.0)
MOST_TERMS = 16_384
"""Of a whole document, the most frequent ones."""
_CODE = "code/"
_TESTS = re.compile(
    r"""(?:^|/)(?:tests?|testing|__tests__|specs?|fixtures?|test[-_]?data|(?:__)?snapshots?(?:__)?|e2e|bench(?:es|marks?)?)/
      | (?:^|/)(?:test_[^/]*|[^/]*_tests?\.\w+|[^/]*\.(?:test|spec)\.\w+|conftest\.py)$""",
    re.VERBOSE | re.IGNORECASE,
)
_EXAMPLES = re.compile(r"(?:^|/)(?:docs?|documentation|examples?|samples?|demos?|tutorials?)/", re.IGNORECASE)
_DATA = ("structured/", "csv/")


def is_program(document: Document) -> bool:
    """Whether the document is a program; its title is then its path."""
    return document.reader.startswith(_CODE)


def role_of(document: Document) -> Role:
    """What a file is to its project."""
    if not is_program(document):
        return Role.DATA if document.reader.startswith(_DATA) else Role.PROSE
    if _TESTS.search(document.title):
        return Role.TEST
    return Role.EXAMPLE if _EXAMPLES.search(document.title) else Role.SOURCE


def document_point(
    number: int,
    document: Document,
    *,
    sections: Sequence[Section],
    chunks: Sequence[Chunk],
    analyzer: Analyzer,
    dense: NDArray[np.float32],
    source: int = 0,
) -> Point:
    """The point of a document version; its range is the whole document, and ``dense`` its direction."""
    opening = Counter(analyzer.document_terms(document.text[:OPENING]))
    title = analyzer.document_terms(document.title)
    told = {term: float(count) for term, count in opening.items()}
    for term in title:
        told[term] = told.get(term, 0.0) + HEADING
    return Point(
        document=number,
        ordinal=0,
        start=0,
        end=len(document.text),
        first_passage=1,
        last_passage=1,
        sparse=field_vector(
            (Field.TEXT, *_columns(told.items()), OPENINGS),
            (Field.WHOLE, *_columns(_whole(document, chunks, analyzer)), WHOLE),
            (Field.NAMES, *_columns(_names(document, sections, title, analyzer)), NAMES),
        ),
        dense=dense,
        role=role_of(document),
        source=source,
    )


def opening_texts(document: Document, chunks: Iterable[tuple[int, int]]) -> list[str]:
    """The chunks that tell what a text treats, those of its opening; of a program none: it does things.

    Args:
        document: with the text.
        chunks: where each starts and ends, in order.
    """
    if role_of(document) != Role.PROSE:
        return []
    return [document.text[start:end] for start, end in takewhile(lambda chunk: chunk[0] < OPENING, chunks)]


def direction(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """The mean of vectors, [n, dimensions], at length 1; 0 where they point nowhere."""
    total = vectors.sum(axis=0)
    length = np.linalg.norm(total)
    return total / length if length else total


def _whole(document: Document, chunks: Sequence[Chunk], analyzer: Analyzer) -> Iterable[tuple[int, float]]:
    """Chunk by chunk: the terms of a long document would not fit beside it."""
    counts: Counter[int] = Counter()
    for chunk in chunks:
        found = analyzer.terms(document.text[chunk.start : chunk.end])
        counts.update(found.exact)
        counts.update(found.loose)
    return ((term, float(count)) for term, count in counts.most_common(MOST_TERMS))


def _names(
    document: Document, sections: Sequence[Section], title: Sequence[int], analyzer: Analyzer
) -> Iterable[tuple[int, float]]:
    """Title or path, then the bare names of what a program defines, or the headings of prose."""
    counts = Counter(title)
    labels = [symbol.name.rpartition(".")[2] for symbol in document.symbols]
    labels += [section.heading for section in sections]
    for label in labels:
        counts.update(analyzer.document_terms(label))
    return ((term, float(count)) for term, count in counts.most_common(MOST_TERMS))


def _columns(counts: Iterable[tuple[int, float]]) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    pairs = list(counts)
    terms = np.asarray([term for term, _ in pairs], dtype=np.int64)
    return terms, np.asarray([count for _, count in pairs], dtype=np.float64)
