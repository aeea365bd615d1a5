"""Whole searches over the embedded store: fused, filtered, routed to the document that a question names."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

import pytest

from ingest.chunks import cut_chunks
from ingest.index import LocalIndex, Question
from ingest.indexing import CutDocument, points_of
from ingest.model import Scope
from ingest.outline.sections import find_sections
from ingest.passages import cut_passages
from ingest.readers.plain import read_plain
from ingest.routing import opening_point
from ingest.store.edge import EdgeStore
from ingest.terms import Analyzer
from tests.fakes.embedder import WordEmbedder

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SCOPE = Scope("default", "leases")
EMBEDDER = WordEmbedder()
SYLLABLES = ("bar", "dol", "fen", "gim", "kut", "lor", "mep")
PARTIES = {
    number: (one + two + "ia").capitalize()
    for number, (one, two) in enumerate(product(SYLLABLES, repeat=2), start=1)
}
NAMED = 20
PARTY = PARTIES[NAMED]
BOTH = f"{PARTY} Holdings and {PARTY[::-1]} of Mount {PARTY}berg {NAMED}00"
FILLER = "The premises are kept clean. Keys are handed over in good order. Pets are welcome in the yard.\n\n"


def lease(number: int) -> str:
    """A lease whose opening names its parties; only its last clause tells the rent."""
    party = PARTIES[number]
    return (
        f"LEASE AGREEMENT\n\n"
        f"This lease is made between {party} Holdings and {party[::-1]} of Mount {party}berg {number}00.\n\n"
        f"{FILLER * 100}The rent is {number} thousand pounds a month."
    )


@pytest.fixture
def index(tmp_path: Path) -> Iterator[LocalIndex]:
    local = LocalIndex(EdgeStore.open(tmp_path, dimensions=EMBEDDER.dimensions), EMBEDDER)
    for number in PARTIES:
        add(local, number, lease(number))
    yield local
    local.close()


def add(index: LocalIndex, number: int, text: str) -> None:
    document, analyzer = read_plain(text, f"{number}.txt"), Analyzer()
    passages = cut_passages(document, find_sections(document))
    opening = opening_point(document, number=number, analyzer=analyzer, dimensions=EMBEDDER.dimensions)
    index.upsert(SCOPE.openings, [opening])
    chunks = cut_chunks(document, passages)
    cut = CutDocument(number, document, passages, chunks)
    for points in points_of([cut], analyzer=analyzer, embedder=EMBEDDER):
        index.upsert(SCOPE, points)


def found(index: LocalIndex, question: str, documents: list[int] | None = None) -> list[tuple[int, str]]:
    hits = index.search(SCOPE, Question(question), documents=documents, limit=10)
    return [(hit.document, lease(hit.document)[hit.start : hit.end].strip()) for hit in hits]


def test_the_named_document_answers_and_its_name_does_not_drown_the_question(index: LocalIndex) -> None:
    question = f"In the lease between {BOTH}, what is the rent?"
    best = found(index, question)[:5]
    assert {document for document, _ in best} == {NAMED}
    assert any(f"The rent is {NAMED}" in text for _, text in best)


def test_a_question_that_names_no_document_is_asked_of_all(index: LocalIndex) -> None:
    hits = found(index, "What is the rent?")
    assert len({document for document, _ in hits}) == len(hits)
    assert all("rent" in text for _, text in hits)


def test_a_filter_wins_over_a_name(index: LocalIndex) -> None:
    hits = found(index, f"What is the rent in the lease of {PARTY} Holdings?", documents=[3])
    assert {document for document, _ in hits} == {3}


def test_an_opening_is_never_a_hit(index: LocalIndex) -> None:
    assert len(index.search(SCOPE, Question(f"{PARTY} Holdings"), documents=None, limit=500)) <= sum(
        index.counts(SCOPE).values()
    )
    assert index.counts(SCOPE.openings) == dict.fromkeys(PARTIES, 1)


def test_what_is_deleted_leaves_no_opening(index: LocalIndex) -> None:
    index.delete_documents(SCOPE, [NAMED])
    assert NAMED not in index.counts(SCOPE.openings)
    assert NAMED not in {document for document, _ in found(index, f"lease between {BOTH}")}
    index.delete_scope(SCOPE)
    assert index.counts(SCOPE) == index.counts(SCOPE.openings) == {}
