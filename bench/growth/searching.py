"""What searches cost: through the index process, and by their parts in a process that clocks them."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from hashlib import blake2b
from types import MappingProxyType
from typing import TYPE_CHECKING, cast

import numpy as np

from bench.clocked import ClockedEmbedder, clocked_catalog, clocked_store
from bench.growth.filling import COLLECTION, TENANT
from bench.growth.processes import cpu
from bench.peers.protocol import Clock
from ingest.catalog.catalog import open_catalog
from ingest.index import LocalIndex, Question
from service.edge_index import open_shards
from service.library import Library
from service.searching import Searcher

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from bench.growth.opened import Opened
    from ingest.embedding import Embedder
    from ingest.index import Index
    from ingest.model import Hit, Scope

LIMIT = 60
_DRAWN = ("counts", "sample")
_CATALOG = MappingProxyType({"content": "texts", "titled_numbers": "titles"})
"""Other calls of it are ``record``."""
SHOWN = 10
"""Hits whose text and place are read, too."""


@dataclass
class Asked:
    """Searches of one kind."""

    milliseconds: list[float] = field(default_factory=list[float])
    cpu: float = 0.0
    """Seconds of the index process."""

    @property
    def each(self) -> float:
        """Milliseconds of CPU for a search."""
        return 1_000 * self.cpu / max(len(self.milliseconds), 1)

    @property
    def times(self) -> str:
        """Median and 99th percentile."""
        return f"{np.median(self.milliseconds):.0f}, {np.quantile(self.milliseconds, 0.99):.0f}"


@dataclass
class Parts:
    """CPU milliseconds of a search by its parts, and what was found."""

    stages: Mapping[str, float]
    drawing: Mapping[str, float]
    """Of the statistics of the collection, which are drawn anew when points have come."""
    digest: str


def ask(place: Opened, questions: Sequence[str], *, documents: Sequence[int] | None = None) -> Asked:
    """Each question once."""
    asked = Asked()
    scope = place.catalog.collection(TENANT, COLLECTION).scope
    before = cpu(place.index.pid)
    for question in questions:
        began = time.perf_counter()
        place.index.search(scope, Question(question), documents=documents, limit=LIMIT)
        asked.milliseconds.append(1_000 * (time.perf_counter() - began))
    asked.cpu = cpu(place.index.pid) - before
    return asked


def parts(data: Path, embedder: Embedder, questions: Sequence[str]) -> Parts:
    """The searches of a caller who is shown text, where nobody else has the data folder open."""
    clock = Clock(time.process_time)
    shards = open_shards(data, embedder.dimensions)
    try:
        clocked = clocked_store(shards, clock, _stage)
        index = LocalIndex(clocked, ClockedEmbedder(embedder, clock))
        with open_catalog(data / "catalog.sqlite") as catalog:
            collection = catalog.collection(TENANT, COLLECTION)
            found = hashed(
                lambda question: index.search(
                    collection.scope, Question(question), documents=None, limit=LIMIT
                ),
                questions,
            )
            inside = cast("Index", _Inside(index, clock))
            library = Library(clocked_catalog(catalog, clock, _CATALOG))
            searcher = Searcher(library, inside, embedder.identity)
            drawn = {name: 1_000 * clock.seconds[name] for name in _DRAWN}
            clock.seconds.clear()
            began = time.process_time()
            for question in questions:
                searcher.search(collection, question, documents=None, limit=SHOWN)
            spent = time.process_time() - began
    finally:
        shards.close()
    clock.seconds["context"] = spent - sum(clock.seconds.values())  # pyright: ignore[reportArgumentType] — seconds
    stages = {stage: 1_000 * taken / len(questions) for stage, taken in clock.seconds.items()}
    return Parts(stages, drawn, found)


class _Inside:
    """An index whose own work, that of no part of it, is clocked as ``order and the rest``."""

    def __init__(self, index: LocalIndex, clock: Clock) -> None:
        self._index = index
        self._clock = clock

    def search(
        self, scope: Scope, question: Question, *, documents: Sequence[int] | None, limit: int
    ) -> list[Hit]:
        with self._clock.stage("order, the rest"):
            return self._index.search(scope, question, documents=documents, limit=limit)

    def __getattr__(self, name: str) -> object:
        return getattr(self._index, name)


def hashed(search: Callable[[str], list[Hit]], questions: Sequence[str]) -> str:
    """Twelve digits that tell whether the same places are found in the same order."""
    digest = blake2b(digest_size=6)
    for question in questions:
        for hit in search(question):
            digest.update(f"{hit.document}/{hit.ordinal}/{hit.score:.6f} ".encode())
    return digest.hexdigest()


def _stage(name: str, arguments: Sequence[object]) -> str:
    """The part of a search that a call of the store belongs to."""
    if name == "search_sparse":
        scope: Scope = arguments[0]  # pyright: ignore[reportAssignmentType] — as `Store` has it
        return "words of chunks" if scope.part == "chunks" else "words of documents"
    names = {"search_dense": "vectors", "sparse_vectors": "feedback", "counts": "counts", "sample": "sample"}
    return names.get(name, name)
