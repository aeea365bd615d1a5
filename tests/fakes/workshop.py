"""The pipeline over a real catalog and real readers, with an index that can be looked into, and killed."""

from __future__ import annotations

import os
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ingest.catalog.catalog import open_catalog
from ingest.pipeline import Ingester
from tests.fakes.embedder import WordEmbedder
from tests.fakes.memory_index import MemoryIndex
from tests.fakes.parsers import CountingParser

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

    from ingest.catalog.catalog import Catalog
    from ingest.catalog.records import CollectionRecord
    from ingest.report import Progress, Report
    from tests.fakes.memory_index import Content, Key

LARGEST = 2**20


@dataclass
class Workshop:
    """An ingester with all its parts in reach."""

    catalog: Catalog
    index: MemoryIndex
    parser: CountingParser
    embedder: WordEmbedder
    folder: Path

    def ingest(self, *, prune: bool = False) -> Report:
        report, _ = self.ingest_watched(prune=prune)
        return report

    def ingest_watched(self, *, prune: bool = False) -> tuple[Report, list[Progress]]:
        seen: list[Progress] = []
        ingester = Ingester(self.catalog, self.index, self.embedder, self.parser)
        report = ingester.ingest(
            "default", "docs", [self.folder], largest=LARGEST, on_progress=seen.append, prune=prune
        )
        return report, seen

    @property
    def collection(self) -> CollectionRecord:
        return self.catalog.collection("default", "docs")

    @property
    def numbers(self) -> dict[str, tuple[int, int]]:
        """Path → number and chunks of its ready version."""
        records = self.catalog.documents("default", "docs", limit=1_000).documents
        return {r.version.path: (r.version.number, r.version.chunks) for r in records}

    @property
    def documents(self) -> dict[str, str]:
        """Path → id."""
        records = self.catalog.documents("default", "docs", limit=1_000).documents
        return {r.version.path: r.id for r in records}

    def contents(self) -> dict[str, tuple[str, dict[tuple[str, int], Content]]]:
        """Path → title and points, whatever its number: equal to those of a fresh ingest, or not."""
        found: dict[str, tuple[str, dict[tuple[str, int], Content]]] = {}
        for record in self.catalog.documents("default", "docs", limit=1_000).documents:
            points = {
                (scope.part, ordinal): content
                for (scope, number, ordinal), content in self.index.contents.items()
                if number == record.version.number and scope.collection == "docs"
            }
            found[record.version.path] = (record.version.title, points)
        return found

    def state(self) -> tuple[dict[str, tuple[int, int]], dict[Key, Content]]:
        """What a question can see: two equal states answer alike."""
        return self.numbers, self.index.contents


@contextmanager
def opened(folder: Path, data: Path, index: MemoryIndex | None = None) -> Generator[Workshop]:
    data.mkdir(exist_ok=True)
    with open_catalog(data / "catalog.sqlite") as catalog:
        yield Workshop(catalog, index or MemoryIndex(), CountingParser(), WordEmbedder(), folder)


def edit(location: Path, text: str) -> None:
    """Write, and make sure that the time differs however coarse the clock is."""
    location.write_text(text, encoding="utf-8")
    later = location.stat().st_mtime_ns + 2_000_000_000
    os.utime(location, ns=(later, later))
