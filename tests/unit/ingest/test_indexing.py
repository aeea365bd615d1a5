from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from ingest.chunks import cut_chunks
from ingest.fields import Field, in_field
from ingest.indexing import BATCH, CutDocument, points_of
from ingest.outline.sections import find_sections
from ingest.passages import cut_passages
from ingest.reading import read_text
from ingest.terms import Analyzer
from tests.fakes.embedder import WordEmbedder
from tests.fakes.files import LEASE, TEXTS

if TYPE_CHECKING:
    from ingest.model import Chunk
    from ingest.store.points import Points


def batches(text: str, path: str) -> tuple[list[Chunk], list[Points]]:
    document = read_text(text, path)
    passages = cut_passages(document, find_sections(document))
    chunks = list(cut_chunks(document, passages))
    cut = CutDocument(7, document, find_sections(document), chunks)
    return chunks, list(points_of([cut], analyzer=Analyzer(), embedder=WordEmbedder()))


def test_a_point_is_its_chunk_with_both_vectors() -> None:
    chunks, made = batches(LEASE, "lease.md")
    points = [point for batch in made for point in batch]

    assert [(p.document, p.ordinal, p.start, p.end) for p in points] == [
        (7, c.ordinal, c.start, c.end) for c in chunks
    ]
    for point in points:
        assert (np.diff(point.sparse.indices.astype(np.int64)) > 0).all()
        assert len(point.sparse.indices) == len(point.sparse.values) > 0
        assert np.array_equal(point.dense, WordEmbedder().embed([LEASE[point.start : point.end]])[0])


def test_a_clause_is_found_by_its_heading() -> None:
    heading = set(Analyzer().document_terms("Notice"))
    _, [points] = batches(LEASE, "lease.md")

    clause = next(p for p in points if "Either party" in LEASE[p.start : p.end])

    assert heading <= set(clause.sparse.indices.tolist())


def test_items_without_a_name_open_nothing() -> None:
    items = "\n\n".join(f"({letter}) to mow lawn {letter} with shears of every length." for letter in "abc")
    text = f"1. Upkeep. The Gardener shall, as long as this contract lasts:\n\n{items}\n\n2. End. None."
    _, [points] = batches(text, "garden.txt")
    [upkeep] = in_field(Analyzer().document_terms("Upkeep"), Field.HEADING)
    opening = [p.start for p in points if upkeep in p.sparse.indices]
    assert opening == [0]


def test_the_topic_of_a_document_weighs_less_than_what_one_passage_says() -> None:
    owed = ("плата", "копия", "лампа")
    text = "\n\n".join(f"Квартиранты {what}. " + "Much more follows. " * 60 for what in owed)
    _, [points] = batches(text, "lease.md")
    said = [Analyzer().places_terms(word).loose for word in ("Квартиранты", "плата")]
    topic, once = (in_field(terms, Field.LOOSE)[0] for terms in said)

    first = dict(zip(points[0].sparse.indices.tolist(), points[0].sparse.values.tolist(), strict=True))

    assert {point.first_passage for point in points} >= {1, 2, 3}
    assert first[topic] < first[once]


def test_code_is_found_by_file_and_symbol() -> None:
    _, [points] = batches(TEXTS["code/ledger.py"], "code/ledger.py")

    wanted = set(Analyzer().document_terms("Ledger.post"))
    assert wanted <= set(points[-1].sparse.indices.tolist())


def cut(number: int, text: str, held: int = 0) -> CutDocument:
    document = read_text(text, "lease.md")
    passages = cut_passages(document, find_sections(document))
    return CutDocument(number, document, find_sections(document), cut_chunks(document, passages), held)


def made(documents: list[CutDocument]) -> list[Points]:
    return list(points_of(documents, analyzer=Analyzer(), embedder=WordEmbedder()))


def facts(batches: list[Points]) -> list[tuple[object, ...]]:
    return [
        (p.document, p.ordinal, p.sparse.indices.tolist(), p.sparse.values.tolist(), p.dense.tolist())
        for batch in batches
        for p in batch
    ]


def test_small_documents_share_batches_and_their_points_are_the_same() -> None:
    documents = [cut(number, LEASE) for number in (3, 4, 5)]
    together = made(documents)
    assert len(together) == 1
    assert facts(together) == [fact for each in documents for fact in facts(made([each]))]


@pytest.mark.parametrize("held", [0, 1, BATCH - 1, BATCH, BATCH + 1, 4 * BATCH + 3])
def test_what_the_index_holds_already_is_left_out(held: int) -> None:
    text = LEASE * 500
    whole = facts(made([cut(7, text)]))
    assert len(whole) > 4 * BATCH + 3
    assert facts(made([cut(7, text, held), cut(8, LEASE)])) == whole[held:] + facts(made([cut(8, LEASE)]))


def test_a_long_document_comes_in_batches() -> None:
    chunks, made = batches(LEASE * 200, "lease.md")

    assert len(chunks) > BATCH
    assert [len(batch) for batch in made[:-1]] == [BATCH] * (len(made) - 1)
    assert sum(len(batch) for batch in made) == len(chunks)
