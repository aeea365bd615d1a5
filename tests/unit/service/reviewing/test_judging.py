"""Cells from what a model wrote."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ingest.catalog.catalog import open_catalog
from ingest.catalog.records import FileFacts
from ingest.model import Document, Passage
from prompts.reviewing import ReviewQuestion
from service.library import Library
from service.reviewing.cells import decode_cell, encode_cell
from service.reviewing.judging import CUT_SHORT, NOTHING_CITED, TOO_LONG, judge
from tests.fakes.versions import begin, publish

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from prompts.reviewing import AnswerType
    from service.reviewing.cells import Cell, ReadBy

TEXT = "The fee is $5,000. The Tenant shall not sublet. This lease begins on January 5, 2024."


class Desk:
    """Judges replies about one short document."""

    def __init__(self, folder: Path) -> None:
        self.catalog = open_catalog(folder / "catalog.sqlite")
        collection = self.catalog.ensure_collection(
            "default", "docs", embedder="use/3", dimensions=1, check_vector=b"\0\0\x80?"
        )
        facts = FileFacts("a.txt", "aa", 10, 20, "text/plain", "plain/1", "chunks/1", "use/3")
        self._library = Library(self.catalog)
        self._version = publish(
            self.catalog,
            begin(self.catalog, collection, facts),
            Document(TEXT, "Lease", (), (), (), "plain/1"),
            (Passage(1, 0, len(TEXT), ("1 Fees",)),),
            chunks=1,
        )

    def judge(self, reply: str, kind: AnswerType, *, read: ReadBy = "whole", whole: bool = True) -> Cell:
        question = ReviewQuestion("q1", "What?", kind)
        passages = self._library.passages(self._version, 1, 1)
        return judge(self._library, self._version, question, reply, passages, read=read, whole=whole)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    made = Desk(tmp_path)
    yield made
    made.catalog.close()


def test_a_proven_cell_shows_its_place(desk: Desk) -> None:
    cell = desk.judge('$5,000 [D1:1 "The fee is $5,000"]', "amount")

    assert (cell.state, cell.supported, cell.marks, cell.text) == ("answered", True, (), "$5,000 [1]")
    [source] = cell.sources
    assert TEXT[source.start : source.end] == source.text == "The fee is $5,000"
    assert (source.quoted, source.section, source.line_start, source.page_start) == (
        "exact",
        ("1 Fees",),
        1,
        None,
    )
    assert decode_cell(encode_cell(cell)) == cell


@pytest.mark.parametrize(
    ("reply", "kind", "mark"),
    [
        ("$5,000", "amount", NOTHING_CITED),
        ('$6,000 [D1:1 "The fee is $5,000"]', "amount", "not in the cited text: amount $6,000"),
        ('January 6, 2024 [D1:1 "January 5, 2024"]', "date", "not in the cited text: date January 6, 2024"),
        (
            'Yes. The Tenant may sublet [D1:1 "shall not sublet"].',
            "yes/no",
            "not in the cited text: negation",
        ),
        ('The fee is $5,000 [D1:1 "a fee of nothing"].', "text", "quote not found: a fee of nothing"),
        ("The fee is $5,000 [D1:9].", "text", "names no passage: D1:9"),
        ('Yes [D1:1 "shall not sublet"].', "yes/no", "not in the cited text: words"),
        ('Yes: [D1:1 "shall not sublet"]', "yes/no", "there is no statement to prove"),
    ],
)
def test_what_is_not_proven_is_marked(desk: Desk, reply: str, kind: AnswerType, mark: str) -> None:
    cell = desk.judge(reply, kind)

    assert (cell.state, cell.supported) == ("answered", False)
    assert mark in cell.marks


def test_no_with_its_reason_is_proven(desk: Desk) -> None:
    cell = desk.judge('No. The Tenant shall not sublet [D1:1 "shall not sublet"].', "yes/no")

    assert cell.value is not None
    assert (cell.value.verdict, cell.supported, cell.marks) == ("no", True, ())


def test_silence_of_the_document_is_an_answer(desk: Desk) -> None:
    cell = desk.judge("В документе об этом не сказано.", "yes/no", read="passages")

    assert cell.value is not None
    assert (cell.state, cell.value.verdict, cell.supported, cell.marks) == (
        "absent", "not stated", True, (TOO_LONG,),
    )  # fmt: skip


def test_what_is_cut_short_is_doubted_and_nothing_at_all_is_a_failure(desk: Desk) -> None:
    cut = desk.judge('The fee is $5,000 [D1:1 "The fee is $5,000"].', "text", whole=False)
    assert (cut.supported, cut.marks) == (False, (CUT_SHORT,))

    empty = desk.judge(" \n", "text")
    assert (empty.state, empty.value, empty.reason) == ("failed", None, "the model wrote no answer")


def test_a_value_of_another_type_is_noted_beside_the_proof(desk: Desk) -> None:
    cell = desk.judge('The Tenant shall not sublet [D1:1 "shall not sublet"].', "date")

    assert cell.value is not None
    assert (cell.value.date, cell.supported, cell.marks) == (None, True, ("no date of the calendar",))
