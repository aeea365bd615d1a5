"""The index as it is, but for its embedder: opened in a process by name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ingest.index import LocalIndex
from service.edge_index import open_shards
from tests.fakes.embedder import WordEmbedder

if TYPE_CHECKING:
    from pathlib import Path

FACTORY = "tests.fakes.word_index:open_word_index"


def open_word_index(data: Path) -> LocalIndex:
    """The shards of a data directory, searched by words."""
    embedder = WordEmbedder()
    return LocalIndex(open_shards(data, embedder.dimensions), embedder)
