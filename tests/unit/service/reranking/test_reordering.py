"""The first hits of a search in a reranker's order, over a real catalog."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import pytest

from ingest.catalog.catalog import open_catalog
from ingest.pipeline import Ingester
from ingest.reading import read
from ingest.sandbox import InlineParser
from service.library import Library
from service.recording import Origin
from service.reranking.reordering import LONGEST_TEXT, Reordering
from service.searching import Searcher
from tests.fakes.embedder import WordEmbedder
from tests.fakes.files import LEASE, write_texts
from tests.fakes.known_order import KnownOrder
from tests.fakes.memory_index import MemoryIndex

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from ingest.catalog.records import CollectionRecord
    from service.searching import Evidence, Found

PRICES = "# Prices of berths\n\n" + "".join(
    f"## Berth {n}\n\nThe price of berth {n} is {n * 7} euros a week. It is let to coasters. "
    f"Berth {n} has {n} rings.\n\n"
    for n in range(1, 20)
)


class Place:
    def __init__(self, library: Library, index: MemoryIndex, collection: CollectionRecord) -> None:
        self.library, self.index, self.collection = library, index, collection

    def find(
        self,
        reranker: KnownOrder | None,
        *,
        candidates: int = 10,
        limit: int = 30,
        history: tuple[str, ...] = (),
    ) -> Found:
        reordering = Reordering(self.library, reranker, candidates) if reranker else None
        searcher = Searcher(self.library, self.index, WordEmbedder().identity, reordering)
        return searcher.find(self.collection, "price of a berth", limit=limit, history=history)

    def text(self, evidence: Evidence) -> str:
        text = self.library.content(evidence.version).document.text
        return text[evidence.hit.start : evidence.hit.end]


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    write_texts(tmp_path / "docs", {"prices.md": PRICES, "lease.md": LEASE, "long.txt": "price " * 9_000})
    index = MemoryIndex()
    with open_catalog(tmp_path / "catalog.sqlite") as catalog:
        ingester = Ingester(catalog, index, WordEmbedder(), InlineParser(read))
        ingester.ingest("default", "docs", [tmp_path / "docs"], largest=2**20, on_progress=lambda _: None)
        library = Library(catalog)
        yield Place(library, index, library.collection("default", "docs"))


def places(found: Found) -> list[tuple[int, int]]:
    return [(e.hit.document, e.hit.ordinal) for e in found.evidence]


def test_the_first_hits_are_reordered_and_the_others_follow_as_they_were(place: Place) -> None:
    plain = place.find(None)
    reranker = KnownOrder(lambda text: float("Berth 4\n" in text))

    found = place.find(reranker)

    assert set(places(found)[:10]) == set(places(plain)[:10])
    assert places(found)[10:] == places(plain)[10:]
    assert places(found) != places(plain)
    assert "4" in place.text(found.evidence[0])
    assert [e.hit.score for e in found.evidence] == [e.hit.score for e in plain.evidence]
    assert found.milliseconds is not None
    assert (found.warnings, found.calls) == ((), ())


def test_a_passage_is_shown_once_with_where_it_stands(place: Place) -> None:
    reranker = KnownOrder(len)

    place.find(reranker, candidates=30)

    [(question, shown)] = reranker.asked
    assert question == "price of a berth"
    assert len(shown) == len(set(shown)) < 30
    assert any(
        text.startswith("prices.md (Prices of berths) › Prices of berths › Berth 4\n") for text in shown
    )
    assert all(len(text) <= LONGEST_TEXT + 301 for text in shown)


def test_hits_of_one_passage_stay_in_their_order(place: Place) -> None:
    plain = place.find(None)

    found = place.find(KnownOrder(lambda _: 0.0), candidates=30)

    def by_passage(f: Found) -> dict[tuple[int, int], list[int]]:
        groups: dict[tuple[int, int], list[int]] = {}
        for e in f.evidence:
            groups.setdefault((e.hit.document, e.hit.first_passage), []).append(e.hit.ordinal)
        return groups

    assert by_passage(found) == by_passage(plain)


def test_more_is_searched_for_than_is_wanted(place: Place) -> None:
    plain = place.find(None)
    reranker = KnownOrder(lambda text: -float("Berth 1" in text))

    found = place.find(reranker, candidates=30, limit=2)

    assert len(found.evidence) == 2
    assert set(places(found)) - set(places(plain)[:2])


def test_a_follow_up_is_ordered_by_what_was_asked_before(place: Place) -> None:
    reranker = KnownOrder(len)

    place.find(reranker, history=("the latest", "the one before"))

    assert reranker.asked[0][0] == "the one before\nthe latest\nprice of a berth"


def test_a_failure_leaves_everything_as_it_was_and_says_so(
    place: Place, caplog: pytest.LogCaptureFixture
) -> None:
    plain = place.find(None)

    with caplog.at_level(logging.WARNING):
        found = place.find(KnownOrder(None))

    assert found.evidence == plain.evidence
    assert found.warnings == ("the reranker failed, the order of the search stands: status 503",)
    assert caplog.messages == list(found.warnings)


def test_nothing_is_asked_where_there_is_nothing_to_order(place: Place) -> None:
    reranker = KnownOrder(len)
    reordering = Reordering(place.library, reranker, 10)
    [one, *_] = place.find(None).evidence

    for evidence in ([], [one], [one, one]):
        assert reordering.reorder("?", (), evidence, origin=Origin("default")).evidence == evidence
    assert reranker.asked == []


def test_half_a_surrogate_pair_is_not_sent(place: Place) -> None:
    reranker = KnownOrder(len)
    evidence = place.find(None).evidence

    Reordering(place.library, reranker, 10).reorder("which \ud800?", (), evidence, origin=Origin("default"))

    assert reranker.asked[0][0] == "which ??"
