"""Fills a data folder up to a size, as an ingest does: only the vectors of copies are not computed."""

from __future__ import annotations

from hashlib import blake2b
from pathlib import PurePath
from typing import TYPE_CHECKING

from bench.growth.copies import Copier
from ingest import chunks
from ingest.catalog.records import FileFacts
from ingest.errors import UnreadableFile
from ingest.groups import GROUP_CHARACTERS, GROUP_DOCUMENTS
from ingest.media import PLAIN, media_type_of
from ingest.pipeline import Ingester
from ingest.publishing import ReadDocument
from ingest.reading import read, read_text
from ingest.sandbox import InlineParser

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bench.growth.vectors import Replaying
    from ingest.catalog.catalog import Catalog
    from ingest.catalog.records import CollectionRecord
    from ingest.index import Index
    from service.evaluation.dataset import LabelledDocument

TENANT = COLLECTION = "default"


class Filler:
    """Writes real documents, each once, and then copies of them without end."""

    def __init__(self, documents: Sequence[LabelledDocument], vectors: Replaying, *, real: int) -> None:
        """``real``: as many chunks come from documents that are really embedded, where there are so many."""
        self._documents = documents
        self._vectors = vectors
        self._real = real
        self._endless = self._stream()
        self.chunks = 0
        self.copied = 0
        """Chunks of copies."""
        self.written = 0
        """Documents."""
        self.characters = 0

    def fill(self, catalog: Catalog, index: Index, upto: int) -> None:
        """Write documents until there are so many chunks."""
        ingester = Ingester(catalog, index, self._vectors, InlineParser(read))
        collection = ingester.ensure_collection(TENANT, COLLECTION)
        while self.chunks < upto:
            self._write(ingester, collection, self._group(upto))

    def _group(self, upto: int) -> list[ReadDocument]:
        """The documents of one flush, no more of them than are still wanted."""
        group: list[ReadDocument] = []
        size = 0
        while size < GROUP_CHARACTERS and len(group) < GROUP_DOCUMENTS:
            group.append(next(self._endless))
            size += len(group[-1].document.text)
            if self.chunks + size / _CHARACTERS >= upto:
                break
        return group

    def _write(self, ingester: Ingester, collection: CollectionRecord, group: list[ReadDocument]) -> None:
        made = ingester.publisher.add_all(collection, group)
        chunks_made = sum(version.chunks for version in made if version is not None)
        self.chunks += chunks_made
        self.written += len(made)
        self.characters += sum(len(each.document.text) for each in group)
        if self._copying:
            self.copied += chunks_made

    def _stream(self) -> Iterator[ReadDocument]:
        self._copying = False
        real: list[LabelledDocument] = []
        for document in self._documents:
            if self.chunks >= self._real:
                break
            real.append(document)
            yield from _read(document, self._vectors.identity)
        copier = Copier(real)
        self._vectors.replay()
        self._copying = True
        number = 0
        while True:
            number += 1
            for document in real:
                yield from _read(copier.copy(document, number), self._vectors.identity)


_CHARACTERS = 200
"""Of a chunk, about."""


def _read(labelled: LabelledDocument, embedder: str) -> Iterator[ReadDocument]:
    """A document as its reader gives it; none where it refuses the text."""
    path = f"{labelled.repo}/{labelled.path}" if labelled.repo else labelled.path
    try:
        document = read_text(labelled.text, path)
    except UnreadableFile:
        return
    data = labelled.text.encode("utf-8", "replace")
    yield ReadDocument(
        FileFacts(
            path,
            blake2b(data, digest_size=16).hexdigest(),
            len(data),
            0,
            media_type_of(PurePath(path)) or PLAIN,
            document.reader,
            chunks.VERSION,
            embedder,
            f"/filled/{path}",
        ),
        document,
    )
