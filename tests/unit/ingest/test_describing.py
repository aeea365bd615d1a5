"""The point that tells which document it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from ingest.chunks import cut_chunks
from ingest.describing import MOST_TERMS, OPENING, direction, document_point, opening_texts, role_of
from ingest.fields import Field
from ingest.model import Document, Role
from ingest.outline.sections import find_sections
from ingest.passages import cut_passages
from ingest.reading import read_text
from ingest.terms import Analyzer, term_id

if TYPE_CHECKING:
    from ingest.store.contract import Point

RENT = "The rent is due. " * 200
LEASE = f"# Office Lease\n\nMade between Acme and Bolt.\n\n## 4 Renewal\n\n{RENT}It is buried."
PROGRAM = "class Ledger:\n    def post(self, amount):\n        return amount + self.balance\n"


def point(text: str, path: str) -> Point:
    document = read_text(text, path)
    sections = find_sections(document)
    chunks = cut_chunks(document, cut_passages(document, sections))
    dense = np.array([0.0, 0.6, 0.8], np.float32)
    return document_point(7, document, sections=sections, chunks=chunks, analyzer=Analyzer(), dense=dense)


def test_an_opening_is_title_and_first_lines() -> None:
    made = point(LEASE, "lease.md")
    assert (made.document, made.ordinal, made.start, made.end) == (7, 0, 0, len(LEASE))
    assert {term_id("acm"), term_id("offic")} <= set(made.sparse.indices.tolist())
    assert len(LEASE) > OPENING
    assert term_id("buri") not in made.sparse.indices
    assert made.dense.tolist() == pytest.approx([0.0, 0.6, 0.8])


def test_what_a_text_treats_is_told_by_the_chunks_of_its_opening() -> None:
    lease, chunks = read_text(LEASE, "lease.md"), [(0, 1_000), (1_000, 1_999), (1_999, 2_100), (2_100, 3_000)]
    assert opening_texts(lease, chunks) == [LEASE[:1_000], LEASE[1_000:1_999], LEASE[1_999:2_100]]
    assert opening_texts(read_text(PROGRAM, "ledger.py"), [(0, 20)]) == []


def test_a_direction_is_the_mean_at_length_one() -> None:
    east, north = [1.0, 0.0], [0.0, 1.0]
    assert direction(np.array([east, north, north], np.float32)).tolist() == pytest.approx(
        [0.2**0.5, 0.8**0.5]
    )
    assert direction(np.zeros((0, 2), np.float32)).tolist() == [0.0, 0.0]
    assert direction(np.array([east, [-1.0, 0.0]], np.float32)).tolist() == [0.0, 0.0]


def test_the_whole_text_is_a_field_of_its_own() -> None:
    assert term_id("buri") ^ Field.WHOLE in point(LEASE, "lease.md").sparse.indices


def test_headings_are_names() -> None:
    indices = point(LEASE, "lease.md").sparse.indices
    assert term_id("renew") ^ Field.NAMES in indices
    assert term_id("buri") ^ Field.NAMES not in indices


def test_a_program_is_named_by_its_path_and_what_it_defines() -> None:
    indices = point(PROGRAM, "books/ledger.py").sparse.indices
    assert {term_id(name) ^ Field.NAMES for name in ("book", "ledger", "post")} <= set(indices.tolist())
    assert term_id("balanc") ^ Field.NAMES not in indices


def test_of_a_huge_vocabulary_the_most_frequent_words_stay() -> None:
    text = "often often " + " ".join(f"word{i}x" for i in range(MOST_TERMS))
    indices = point(text, "words.txt").sparse.indices
    assert term_id("often") ^ Field.WHOLE in indices
    assert len(indices) < 1.2 * MOST_TERMS


@pytest.mark.parametrize(
    ("path", "role"),
    [
        ("src/ledger.py", Role.SOURCE),
        ("src/contest.py", Role.SOURCE),
        ("tests/ledger.py", Role.TEST),
        ("src/ledger_test.go", Role.TEST),
        ("web/ledger.spec.ts", Role.TEST),
        ("conftest.py", Role.TEST),
        ("examples/ledger.py", Role.EXAMPLE),
        ("docs/conf.py", Role.EXAMPLE),
        ("docs/ledger.md", Role.PROSE),
        ("tests/notes.txt", Role.PROSE),
        ("settings.toml", Role.DATA),
        ("table.csv", Role.DATA),
    ],
)
def test_a_file_has_a_role_in_its_project(path: str, role: Role) -> None:
    texts = {".toml": 'key = "value"\n', ".csv": "a,b\n1,2\n", ".go": "package main\nfunc F() {}\n"}
    suffix = "." + path.rpartition(".")[2]
    assert role_of(read_text(texts.get(suffix, "x = 1\n"), path)) == role


def test_a_document_without_a_reader_is_prose() -> None:
    assert role_of(Document("text", "title", ())) == Role.PROSE
