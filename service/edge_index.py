"""The composition root of the index process: an embedded store and the embedder of questions."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from ingest.index import LocalIndex
from ingest.store.edge import EdgeStore
from ingest.store.edge_shard import dimensions_of
from ingest.store.lengths import StoreOfLengths
from service.embedders import make_embedder
from service.settings import load_settings

if TYPE_CHECKING:
    from ingest.store.contract import Store

FACTORY = "service.edge_index:open_edge_index"
"""How the process is told to open its index."""
FOLDER = "index"
"""Of the shard; one that a re-index makes for vectors of another length is ``index.<length>``."""


def open_edge_index(data: Path) -> LocalIndex:
    """The index of a data directory, made where there is none.

    The process inherits environment and folder from the command that started it, and with them its settings.

    Raises:
        UnsupportedStore: it cannot be read.
    """
    embedder = make_embedder(load_settings(os.environ, Path.cwd()))
    return LocalIndex(open_shards(data, embedder.dimensions), embedder)


def open_shards(data: Path, dimensions: int) -> StoreOfLengths:
    """Every shard of a data directory; one for vectors of this length is made where there is none at all."""

    def make(length: int) -> EdgeStore:
        return EdgeStore.open(data / f"{FOLDER}.{length}", dimensions=length)

    first = dimensions_of(data / FOLDER) or dimensions
    stores: dict[int, Store] = {first: EdgeStore.open(data / FOLDER, dimensions=first)}
    for folder in sorted(data.glob(f"{FOLDER}.*")):
        length = dimensions_of(folder)
        if length is not None and length not in stores:
            stores[length] = make(length)
    return StoreOfLengths(stores, make)
