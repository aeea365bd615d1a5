"""What the index holds of documents against what their texts in the catalog make."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ingest import chunks
from ingest.digests import digest_of
from ingest.errors import Gone, UnknownName
from ingest.writing import Writer, Written

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from ingest.catalog.catalog import Catalog
    from ingest.catalog.records import CollectionRecord, VersionRecord
    from ingest.index import Index


class Verifier:
    """Makes the points of documents anew, without embedding them, and compares them with those stored."""

    def __init__(self, catalog: Catalog, index: Index) -> None:
        self._catalog = catalog
        self._index = index
        self._writer = Writer(index, _NoVectors())

    def comparable(self, collection: CollectionRecord) -> list[VersionRecord]:
        """The documents whose points this program would make as they are: of today's chunker and title."""
        retitled = set(self._catalog.retitled(collection))
        versions = self._catalog.ready_versions(collection)
        return [v for v in versions if v.chunker == chunks.VERSION and v.number not in retitled]

    def differing(self, collection: CollectionRecord, versions: Iterable[VersionRecord]) -> list[int]:
        """Numbers of those of which the index holds something else than it should.

        What is deleted, replaced or indexed anew meanwhile is not among them.

        Raises:
            IndexUnavailable: the index does not answer.
            UnknownName: the collection was deleted meanwhile.
        """
        found = [version.number for version in versions if self._differs(collection, version.number)]
        current = self._catalog.collection(collection.tenant, collection.name)
        if not found or current.generation != collection.generation:
            return []
        ready = {version.number for version in self._catalog.ready_versions(current)}
        return [number for number in found if number in ready]

    def _differs(self, collection: CollectionRecord, number: int) -> bool:
        try:
            content = self._catalog.content(collection.tenant, collection.name, number)
        except (Gone, UnknownName):
            return False
        made, described = self._writer.made(Written.of(number, content))
        scope = collection.scope
        return (
            self._index.digest(scope, number),
            self._index.digest(scope.openings, number),
        ) != (
            digest_of((point, point.sparse) for point in made),
            digest_of([(described, described.sparse)]),
        )


class _NoVectors:
    """An `Embedder` of no dimensions."""

    identity = "none"
    dimensions = 0

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        return np.zeros((len(texts), 0), np.float32)
