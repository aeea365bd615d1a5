"""Which passages may answer, and how well each promises to: those found, and the rest of short documents."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ingest.catalog.catalog import open_catalog
from ingest.model import Hit
from ingest.pipeline import Ingester
from ingest.reading import read
from ingest.sandbox import InlineParser
from service.candidates import LIFTED, SHORT, find_candidates
from service.library import Library
from service.searching import Evidence, Searcher
from tests.fakes.embedder import WordEmbedder
from tests.fakes.memory_index import MemoryIndex

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from ingest.catalog.catalog import Catalog
    from ingest.catalog.records import VersionRecord
    from service.candidates import Candidates

PLACE = tuple[str, int, float]
"""Path of a document, number of a passage in it, score of what was found there."""


def paragraphs(name: str, count: int) -> str:
    return "\n\n".join(f"Paragraph {n} of {name}. " + "It says something long. " * 22 for n in range(count))


class Desk:
    """A catalog of two short documents, one that repeats the first, and a long one."""

    def __init__(self, catalog: Catalog, folder: Path) -> None:
        folder.mkdir()
        for name in ("memo", "note"):
            (folder / f"{name}.txt").write_text(paragraphs(name, 6), encoding="utf-8")
        (folder / "memo copy.txt").write_text(paragraphs("memo", 6) + "\n\nSigned.", encoding="utf-8")
        (folder / "book.txt").write_text(paragraphs("book", 30), encoding="utf-8")
        index = MemoryIndex()
        Ingester(catalog, index, WordEmbedder(), InlineParser(read)).ingest(
            "default", "docs", [folder], largest=2**20, on_progress=lambda _: None
        )
        self.library = Library(catalog)
        self.searcher = Searcher(self.library, index, WordEmbedder().identity)
        collection = self.library.collection("default", "docs")
        ready = catalog.ready_versions(collection)
        self.versions: dict[str, VersionRecord] = {version.path.rsplit("/")[-1]: version for version in ready}

    def candidates(self, *places: PLACE) -> Candidates:
        found = [self._evidence(*place) for place in places]
        return find_candidates(self.library, found, self.searcher.passages(found))

    def marker(self, path: str, number: int) -> str:
        return f"D{self.versions[path].number}:{number}"

    def _evidence(self, path: str, number: int, score: float) -> Evidence:
        version = self.versions[path]
        return Evidence(Hit(version.number, number, 0, 9, number, number, score), version)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with open_catalog(tmp_path / "data") as catalog:
        yield Desk(catalog, tmp_path / "documents")


def test_a_short_document_may_be_read_whole_a_long_one_where_something_was_found(desk: Desk) -> None:
    assert desk.versions["memo.txt"].characters < SHORT < desk.versions["book.txt"].characters
    assert desk.versions["memo.txt"].passages > 2

    candidates = desk.candidates(("book.txt", 3, 2.0), ("memo.txt", 2, 1.0), ("book.txt", 1, 0.4))

    shown = [passage.marker for passage in candidates.passages]
    memo = range(1, desk.versions["memo.txt"].passages + 1)
    rest = [desk.marker("memo.txt", number) for number in memo if number != 2]
    assert shown == [
        desk.marker("book.txt", 3),
        desk.marker("memo.txt", 2),
        *rest,
        desk.marker("book.txt", 1),
    ]
    assert candidates.scores[desk.marker("book.txt", 3)] == 1.0
    assert candidates.scores[desk.marker("memo.txt", 2)] == 0.5
    assert {candidates.scores[marker] for marker in rest} == {LIFTED * 0.5}
    assert candidates.scores[desk.marker("book.txt", 1)] == 0.2


def test_what_was_found_further_down_in_a_short_document_is_lifted(desk: Desk) -> None:
    candidates = desk.candidates(("memo.txt", 1, 2.0), ("book.txt", 5, 1.6), ("memo.txt", 2, 0.2))

    assert [passage.marker for passage in candidates.passages[:3]] == [
        desk.marker("memo.txt", 1),
        desk.marker("memo.txt", 2),
        desk.marker("memo.txt", 3),
    ]
    assert candidates.scores[desk.marker("memo.txt", 2)] == LIFTED
    assert candidates.passages[-1].marker == desk.marker("book.txt", 5)


def test_words_that_are_there_already_are_not_brought_again(desk: Desk) -> None:
    candidates = desk.candidates(("memo.txt", 1, 2.0), ("memo copy.txt", 3, 1.0))

    words = [" ".join(passage.text.split()) for passage in candidates.passages]
    assert len(words) == len(set(words))
    assert len(candidates.passages) == len(candidates.scores)


def test_where_nothing_fits_nothing_is_told_apart(desk: Desk) -> None:
    candidates = desk.candidates(("memo.txt", 1, -0.5), ("note.txt", 2, -1.0))

    assert [passage.marker for passage in candidates.passages] == [
        desk.marker("memo.txt", 1),
        desk.marker("note.txt", 2),
    ]
    assert set(candidates.scores.values()) == {1.0}
    assert desk.candidates().passages == []


def test_equal_scores_stay_in_the_order_of_the_search(desk: Desk) -> None:
    found = (("book.txt", 9, 1.0), ("book.txt", 4, 0.5), ("book.txt", 7, 0.5), ("book.txt", 2, 0.5))

    shown = [passage.marker for passage in desk.candidates(*found).passages]

    assert shown == [desk.marker(path, number) for path, number, _ in found]
