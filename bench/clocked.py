"""Parts of Lectern whose calls are clocked, each under a stage of its own."""

from __future__ import annotations

import pickle
from typing import TYPE_CHECKING, cast

from ingest.index import LocalIndex
from ingest.readers.progress import ignore
from ingest.reading import read
from ingest.sandbox import InlineParser

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from bench.peers.protocol import Clock, ClockedEncoder
    from ingest.catalog.catalog import Catalog
    from ingest.embedding import Embedder
    from ingest.model import Document, Scope, SourceFile
    from ingest.readers.progress import OnPage
    from ingest.store.contract import Point, Store
    from ingest.store.edge import EdgeStore

    StageOf = Callable[[str, Sequence[object]], str]
    """The stage of a call, by its name and arguments."""


class ClockedParser:
    """Reads in this process: ``read``."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._parser = InlineParser(read)

    def parse(self, source: SourceFile, on_page: OnPage = ignore) -> Document:
        """Read one file."""
        with self._clock.stage("read"):
            return self._parser.parse(source, on_page)


class ClockedIndex(LocalIndex):
    """An index in this process: its points are pickled as if to cross to another (``hop``, ``store``)."""

    def __init__(self, store: EdgeStore, encoder: ClockedEncoder) -> None:
        super().__init__(store, encoder)
        self._clock = encoder.clock

    def upsert(self, scope: Scope, points: Sequence[Point]) -> None:
        """Write points that have crossed to another process."""
        with self._clock.stage("hop"):
            crossed = pickle.loads(pickle.dumps(points, pickle.HIGHEST_PROTOCOL))
        with self._clock.stage("store"):
            super().upsert(scope, crossed)

    def flush(self) -> None:
        """Bring everything to the disk."""
        with self._clock.stage("store"):
            super().flush()


class ClockedEmbedder:
    """Any embedder: ``embed``."""

    def __init__(self, embedder: Embedder, clock: Clock) -> None:
        self._embedder = embedder
        self._clock = clock
        self.identity = embedder.identity
        self.dimensions = embedder.dimensions

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Vectors of shape ``(len(texts), dimensions)``."""
        with self._clock.stage("embed"):
            return self._embedder.embed(texts)


class _Clocked:
    def __init__(self, clocked: object, clock: Clock, stage_of: StageOf) -> None:
        self._clocked = clocked
        self._clock = clock
        self._stage_of = stage_of

    def __getattr__(self, name: str) -> Callable[..., object]:
        called = cast("Callable[..., object]", getattr(self._clocked, name))

        def call(*arguments: object, **named: object) -> object:
            with self._clock.stage(self._stage_of(name, arguments)):
                return called(*arguments, **named)

        return call


def clocked_catalog(catalog: Catalog, clock: Clock, stages: Mapping[str, str] | None = None) -> Catalog:
    """Every call of it: ``record``, or the stage that ``stages`` gives a call."""
    named = stages or {}
    return cast("Catalog", _Clocked(catalog, clock, lambda name, _: named.get(name, "record")))


def clocked_store(store: Store, clock: Clock, stage_of: StageOf) -> Store:
    """Every call of it, under the stage of its name and arguments."""
    return cast("Store", _Clocked(store, clock, stage_of))
