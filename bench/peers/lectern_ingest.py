"""Lectern's own ingestion, the stages of `ingest.pipeline` in one process so that each can be clocked.

What crosses to the index process is pickled and unpickled as it would be there.
"""

from __future__ import annotations

import pickle
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from bench.peers.protocol import answer
from ingest import chunks
from ingest.catalog.catalog import open_catalog
from ingest.catalog.records import FileFacts
from ingest.chunks import cut_chunks, searched_chunks
from ingest.discovery import discover
from ingest.embedding import check_vector
from ingest.errors import UnreadableFile
from ingest.indexing import document_points
from ingest.model import SourceFile
from ingest.outline.sections import find_sections
from ingest.passages import cut_passages
from ingest.reading import read
from ingest.store.edge import EdgeStore
from ingest.terms import Analyzer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bench.peers.protocol import ClockedEncoder
    from ingest.catalog.catalog import Catalog
    from ingest.catalog.records import CollectionRecord
    from ingest.model import Document


def ingest(paths: list[Path], encoder: ClockedEncoder) -> dict[str, int]:
    """Ingest files that can be read; returns code points and chunks."""
    made = {"characters": 0, "chunks": 0}
    with tempfile.TemporaryDirectory() as folder:
        store = EdgeStore.open(Path(folder, "index"), dimensions=encoder.dimensions)
        with open_catalog(Path(folder, "catalog.sqlite")) as catalog:
            collection = catalog.ensure_collection(
                "default",
                "bench",
                embedder=encoder.identity,
                dimensions=encoder.dimensions,
                check_vector=check_vector(encoder).tobytes(),
            )
            encoder.clock.seconds.clear()
            indexing = _Indexing(catalog, collection, store, encoder)
            for path, document in _documents(paths, encoder):
                made["characters"] += len(document.text)
                made["chunks"] += indexing.add(path, document)
        store.close()
    return made


def _documents(paths: list[Path], encoder: ClockedEncoder) -> Iterator[tuple[str, Document]]:
    with encoder.clock.stage("read"):
        found = discover(paths).found
    for file in found:
        if isinstance(file, SourceFile):
            try:
                with encoder.clock.stage("read"):
                    document = read(file)
            except UnreadableFile:
                continue
            yield file.path, document


@dataclass(frozen=True)
class _Indexing:
    """Where documents go."""

    catalog: Catalog
    collection: CollectionRecord
    store: EdgeStore
    encoder: ClockedEncoder

    def add(self, path: str, document: Document) -> int:
        """Index one document; returns its chunks."""
        clock = self.encoder.clock
        with clock.stage("cut"):
            passages = cut_passages(document, find_sections(document))
            cut = searched_chunks(document, cut_chunks(document, passages))
        made_by = (document.reader, chunks.VERSION, self.encoder.identity)
        with clock.stage("record"):
            version = self.catalog.begin_version(
                self.collection, FileFacts(path, path, 1, 1, "text/plain", *made_by)
            )
        with clock.stage("weigh"):
            made = document_points(
                document, passages, cut, number=version.number, analyzer=_ANALYZER, embedder=self.encoder
            )
            batches = list(made)
        with clock.stage("hop"):
            batches = pickle.loads(pickle.dumps(batches, pickle.HIGHEST_PROTOCOL))
        with clock.stage("store"):
            for points in batches:
                self.store.upsert(self.collection.scope, points)
            self.store.flush()
        with clock.stage("record"):
            self.catalog.publish_version(version, document, passages, chunks=len(cut))
        return len(cut)


_ANALYZER = Analyzer()

if __name__ == "__main__":
    answer(ingest)
