"""The composition root of the index process: an embedded store and the embedder of questions."""

from __future__ import annotations

import os
from pathlib import Path

from ingest.index import LocalIndex
from ingest.store.edge import EdgeStore
from service.embedders import make_embedder
from service.settings import load_settings

FACTORY = "service.edge_index:open_edge_index"
"""How the process is told to open its index."""
FOLDER = "index"


def open_edge_index(data: Path) -> LocalIndex:
    """The index of a data directory, made where there is none.

    The process inherits environment and folder from the command that started it, and with them its settings.

    Raises:
        UnsupportedStore: it holds vectors of another length.
    """
    embedder = make_embedder(load_settings(os.environ, Path.cwd()))
    return LocalIndex(EdgeStore.open(data / FOLDER, dimensions=embedder.dimensions), embedder)
