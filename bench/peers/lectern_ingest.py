"""Lectern's own ingestion: the pipeline as it is, in one process so that its parts can be clocked.

What crosses to the index process is pickled and unpickled as it would be there (``hop``). What no part takes
is that of finding files, cutting them and weighing terms (``cut, weigh``).
"""

from __future__ import annotations

import pickle
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, cast

from bench.peers.protocol import answer
from ingest.catalog.catalog import open_catalog
from ingest.index import LocalIndex
from ingest.pipeline import Ingester
from ingest.readers.progress import ignore
from ingest.reading import read
from ingest.sandbox import InlineParser
from ingest.store.edge import EdgeStore

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from bench.peers.protocol import Clock, ClockedEncoder
    from ingest.catalog.catalog import Catalog
    from ingest.model import Document, Scope, SourceFile
    from ingest.readers.progress import OnPage
    from ingest.store.contract import Point

_LARGEST = 2**30


def ingest(paths: list[Path], encoder: ClockedEncoder) -> dict[str, int]:
    """Ingest files that can be read; returns code points and chunks."""
    clock = encoder.clock
    with tempfile.TemporaryDirectory() as folder, open_catalog(Path(folder, "catalog.sqlite")) as catalog:
        index = _ClockedIndex(EdgeStore.open(Path(folder, "index"), dimensions=encoder.dimensions), encoder)
        clocked = cast("Catalog", _Clocked(catalog, clock))
        ingester = Ingester(clocked, index, encoder, _ClockedParser(clock))
        ingester.ensure_collection("default", "bench")
        clock.seconds.clear()
        began = time.process_time()
        report = ingester.ingest("default", "bench", paths, largest=_LARGEST, on_progress=lambda _: None)
        spent = time.process_time() - began
        clock.seconds["cut, weigh"] = spent - sum(clock.seconds.values())  # pyright: ignore[reportArgumentType] — seconds
        index.close()
    return {"characters": report.characters, "chunks": report.chunks}


class _ClockedParser:
    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._parser = InlineParser(read)

    def parse(self, source: SourceFile, on_page: OnPage = ignore) -> Document:
        """Read one file."""
        with self._clock.stage("read"):
            return self._parser.parse(source, on_page)


class _ClockedIndex(LocalIndex):
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


class _Clocked:
    """A catalog, every call of it clocked."""

    def __init__(self, catalog: Catalog, clock: Clock) -> None:
        self._catalog = catalog
        self._clock = clock

    def __getattr__(self, name: str) -> Callable[..., object]:
        called = cast("Callable[..., object]", getattr(self._catalog, name))

        def call(*arguments: object, **named: object) -> object:
            with self._clock.stage("record"):
                return called(*arguments, **named)

        return call


if __name__ == "__main__":
    answer(ingest)
