"""CPU seconds per megabyte of every stage of an ingest, and their share of the embedder's.

    python -m bench.ingest FOLDER|DOCUMENTS.jsonl [--limit N]

A megabyte is a million code points of text. The stages are those of `ingest.pipeline`, in one process so
that each can be clocked; what crosses to the index process is pickled and unpickled as it would be there.
"""

from __future__ import annotations

import argparse
import pickle
import tempfile
import time
from collections import Counter
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from ingest import chunks
from ingest.catalog.catalog import open_catalog
from ingest.catalog.records import FileFacts
from ingest.chunks import cut_chunks, searched_chunks
from ingest.discovery import discover
from ingest.embedding import UniversalSentenceEncoder, check_vector
from ingest.indexing import document_points
from ingest.model import SourceFile
from ingest.outline.sections import find_sections
from ingest.passages import cut_passages
from ingest.reading import read, read_text
from ingest.store.edge import EdgeStore
from ingest.terms import Analyzer
from service.evaluation.dataset import read_documents

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from ingest.model import Document

_MILLION = 1_000_000
_CLOCK = Counter[str]()


@contextmanager
def stage(name: str) -> Generator[None]:
    began = time.process_time()
    try:
        yield
    finally:
        _CLOCK[name] += time.process_time() - began  # pyright: ignore[reportArgumentType] — seconds, not counts


class ClockedEmbedder:
    """The embedded encoder, on a clock of its own."""

    def __init__(self) -> None:
        self._encoder = UniversalSentenceEncoder()
        self.identity = self._encoder.identity
        self.dimensions = self._encoder.dimensions
        self._encoder.embed(["the weights load once"])

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        with stage("embed"):
            return self._encoder.embed(texts)


def documents(source: Path, limit: int | None) -> Iterator[tuple[str, Document]]:
    if source.is_dir():
        for found in discover([source]).found[:limit]:
            if isinstance(found, SourceFile):
                with stage("read"):
                    document = read(found)
                yield found.path, document
        return
    for row in read_documents(source)[:limit]:
        with stage("read"):
            document = read_text(row.text, row.path)
        yield row.id, document


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("source", type=Path)
    parser.add_argument("--limit", type=int)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        report(*run(Path(folder), options.source, options.limit))


def run(folder: Path, source: Path, limit: int | None) -> tuple[int, int]:
    """Ingest everything; returns code points and chunks."""
    embedder, analyzer = ClockedEmbedder(), Analyzer()
    store = EdgeStore.open(folder / "index", dimensions=embedder.dimensions)
    characters = searched = 0
    with open_catalog(folder / "catalog.sqlite") as catalog:
        collection = catalog.ensure_collection(
            "default",
            "bench",
            embedder=embedder.identity,
            dimensions=embedder.dimensions,
            check_vector=check_vector(embedder).tobytes(),
        )
        for path, document in documents(source, limit):
            with stage("cut"):
                passages = cut_passages(document, find_sections(document))
                cut = searched_chunks(document, cut_chunks(document, passages))
            facts = FileFacts(
                path, path, 1, 1, "text/plain", document.reader, chunks.VERSION, embedder.identity
            )
            with stage("record"):
                version = catalog.begin_version(collection, facts)
            before = _CLOCK["embed"]
            began = time.process_time()
            batches = list(
                document_points(
                    document, passages, cut, number=version.number, analyzer=analyzer, embedder=embedder
                )
            )
            _CLOCK["weigh terms"] += time.process_time() - began - (_CLOCK["embed"] - before)  # pyright: ignore[reportArgumentType] — as above
            with stage("hop"):
                batches = pickle.loads(pickle.dumps(batches, pickle.HIGHEST_PROTOCOL))
            with stage("store"):
                for points in batches:
                    store.upsert(collection.scope, points)
                store.flush()
            with stage("record"):
                catalog.publish_version(version, document, passages, chunks=len(cut))
            characters += len(document.text)
            searched += len(cut)
        store.close()
    return characters, searched


def report(characters: int, searched: int) -> None:
    megabytes = characters / _MILLION
    print(f"{megabytes:.2f} MB of text, {searched:,} chunks")
    for name, seconds in sorted(_CLOCK.items(), key=lambda item: -item[1]):
        rate, share = seconds / megabytes, seconds / _CLOCK["embed"]
        print(f"{name:12} {seconds:8.2f} CPU s  {rate:7.3f} s/MB  {share:6.1%}")
    rest = sum(_CLOCK.values()) - _CLOCK["embed"]
    print(f"all but embedding: {rest / megabytes:.3f} s/MB, {rest / _CLOCK['embed']:.1%} of the embedder's")


if __name__ == "__main__":
    main()
