"""Lectern's own ingestion: the pipeline as it is, in one process so that its parts can be clocked.

What crosses to the index process is pickled and unpickled as it would be there (``hop``). What no part takes
is that of finding files, cutting them and weighing terms (``cut, weigh``).
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from bench.clocked import ClockedIndex, ClockedParser, clocked_catalog
from bench.peers.protocol import answer
from ingest.catalog.catalog import open_catalog
from ingest.pipeline import Ingester
from ingest.store.edge import EdgeStore

if TYPE_CHECKING:
    from bench.peers.protocol import ClockedEncoder

_LARGEST = 2**30


def ingest(paths: list[Path], encoder: ClockedEncoder) -> dict[str, int]:
    """Ingest files that can be read; returns code points and chunks."""
    clock = encoder.clock
    with tempfile.TemporaryDirectory() as folder, open_catalog(Path(folder, "catalog.sqlite")) as catalog:
        index = ClockedIndex(EdgeStore.open(Path(folder, "index"), dimensions=encoder.dimensions), encoder)
        clocked = clocked_catalog(catalog, clock)
        ingester = Ingester(clocked, index, encoder, ClockedParser(clock))
        ingester.ensure_collection("default", "bench")
        clock.seconds.clear()
        began = time.process_time()
        report = ingester.ingest("default", "bench", paths, largest=_LARGEST, on_progress=lambda _: None)
        spent = time.process_time() - began
        clock.seconds["cut, weigh"] = spent - sum(clock.seconds.values())  # pyright: ignore[reportArgumentType] — seconds
        index.close()
    return {"characters": report.characters, "chunks": report.chunks}


if __name__ == "__main__":
    answer(ingest)
