"""Real documents, asked real questions: embedded, on a server and in memory the hits are the same.

The same places in the same order, but for places whose scores are equal: what an engine rounds may tell them
apart or not.
"""

from __future__ import annotations

import json
import warnings
from collections import Counter
from contextlib import ExitStack
from itertools import islice
from typing import TYPE_CHECKING

import pytest
from qdrant_client import QdrantClient

from ingest.embedding import UniversalSentenceEncoder
from ingest.index import LocalIndex, Question
from ingest.model import Hit, Scope
from ingest.pipeline import Ingester
from ingest.reading import read
from ingest.sandbox import InlineParser
from ingest.store.layout import ServerAddress
from ingest.store.server import ServerStore
from ingest.store.server_names import connect_all
from service.edge_index import open_shards
from tests.fakes.qdrant_rest import QdrantRest
from tests.fakes.workshop import LARGEST, opened
from tests.shared_data import needs_shared, shared

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from ingest.store.contract import Store

pytestmark = needs_shared
TIED = 2e-3
"""Scores that lie no further apart are equal: cosines are stored in half precision."""
DEPTH = 20
FEW = {"multilingual/xquad-ru": 1, "multilingual/xquad-zh": 4}
MANY = {
    "cuad": 12,
    "multilingual/xquad-ru": 48,
    "multilingual/xquad-zh": 48,
    "multilingual/cmrc2018-dev": 48,
}


def corpus(folder: Path, taken: dict[str, int], most: int | None) -> list[str]:
    """Write the first documents of each set; at most so many questions about those of each."""
    questions: list[str] = []
    for number, (name, count) in enumerate(taken.items()):
        with shared(f"{name}/documents.jsonl").open(encoding="utf-8") as lines:
            documents = [json.loads(line) for line in islice(lines, count)]
        (folder / str(number)).mkdir(parents=True)
        for place, document in enumerate(documents):
            (folder / str(number) / f"{place}.txt").write_text(document["text"], encoding="utf-8")
        chosen = {document["doc_id"] for document in documents}
        with shared(f"{name}/queries.jsonl").open(encoding="utf-8") as lines:
            asked = [json.loads(line) for line in lines]
        questions += [query["query"] for query in asked if query["doc_id"] in chosen][:most]
    return questions


def in_memory(dimensions: int) -> Store:
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Payload indexes have no effect", UserWarning)
        return ServerStore.open(QdrantClient(":memory:"), collection_name="lectern", dimensions=dimensions)


def compare(
    folder: Path, taken: dict[str, int], most: int | None, *, in_memory_every: int = 1
) -> Counter[str]:
    """How the hit lists of a server, and of the memory, compare with those of Edge.

    The client's in-memory mode looks at every point in Python: of many questions it is asked some.
    """
    questions = corpus(folder / "docs", taken, most)
    embedder = UniversalSentenceEncoder()
    told = Counter[str](questions=len(questions))
    with ExitStack() as closing:
        server = closing.enter_context(QdrantRest(folder / "server"))
        stores: dict[str, Store] = {
            "edge": open_shards(folder / "edge", embedder.dimensions),
            "server": connect_all(ServerAddress(server.url), dimensions=embedder.dimensions),
            "memory": in_memory(embedder.dimensions),
        }
        for store in stores.values():
            closing.callback(store.close)
        indexes = {name: LocalIndex(store, embedder) for name, store in stores.items()}
        for name, index in indexes.items():  # each with its catalog, so that ids of points are the same
            workshop = closing.enter_context(opened(folder / "docs", folder / f"data-{name}"))
            ingester = Ingester(workshop.catalog, index, embedder, InlineParser(read))
            ingester.ingest("default", "docs", [workshop.folder], largest=LARGEST, on_progress=lambda _: None)
        for number, asked in enumerate(questions):
            ours = search(indexes["edge"], asked)
            assert ours
            for name in ("server", *(["memory"] if number % in_memory_every == 0 else [])):
                theirs = search(indexes[name], asked)
                told[f"{name}: {verdict(ours, theirs)}"] += 1
    return told


def search(index: LocalIndex, asked: str) -> list[Hit]:
    return index.search(Scope("default", "docs"), Question(asked), documents=None, limit=DEPTH)


def verdict(ours: Sequence[Hit], theirs: Sequence[Hit]) -> str:
    """``identical``, ``tied`` where only hits of equal scores changed places, else ``different``."""
    left, right = ([(hit.document, hit.ordinal) for hit in hits] for hits in (ours, theirs))
    if left == right:
        return "identical"
    scores = [abs(one.score - other.score) for one, other in zip(ours, theirs, strict=False)]
    by_place = {place: hit.score for place, hit in zip(left, ours, strict=True)}
    last = ours[-1].score
    moved = [abs(by_place.get(place, last) - hit.score) for place, hit in zip(right, theirs, strict=True)]
    return "tied" if len(left) == len(right) and max([*scores, *moved]) <= TIED else "different"


def test_places_that_change_without_a_tie_are_told_from_ties() -> None:
    first, second, third = (Hit(1, n, 0, 9, 1, 1, score) for n, score in enumerate((0.9, 0.5, 0.4999)))
    assert verdict([first, second], [first, second]) == "identical"
    assert verdict([first, second, third], [first, third, second]) == "tied"
    assert verdict([first, second], [first, third]) == "tied"
    assert verdict([first, second], [second, first]) == "different"
    assert verdict([first, second], [first]) == "different"


def test_a_few_documents_are_found_alike(tmp_path: Path) -> None:
    told = compare(tmp_path, FEW, 8)
    assert told["questions"] == 16
    assert told["server: different"] == told["memory: different"] == 0, told
    assert told["server: identical"] == 16, told


@pytest.mark.slow
def test_many_documents_are_found_alike(tmp_path: Path) -> None:
    told = compare(tmp_path, MANY, None, in_memory_every=20)
    assert told["server: different"] == told["memory: different"] == 0, told
