"""The index made to agree with the catalog again, wherever a run was killed. No file is read."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from ingest.describing import OPENING, is_program
from ingest.errors import Gone, UnknownName
from ingest.sources import source_of
from ingest.writing import Writer, Written, granted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from ingest.catalog.catalog import Catalog
    from ingest.catalog.records import CollectionRecord, DocumentContent
    from ingest.embedding import Embedder
    from ingest.index import Index
    from ingest.model import Scope
    from ingest.store.points import Points

_AT_ONCE = 32
"""Moved documents between two times that the index is flushed."""


def stray_versions(catalog: Catalog, index: Index, collection: CollectionRecord) -> list[int]:
    """Numbers of versions that the index holds points of and the catalog does not know.

    Who was killed between a deletion in the catalog and that of the points has left them. Others may write
    meanwhile: whatever had points before the catalog is asked was begun before, and is begun or ready still.
    """
    held = index.counts(collection.scope).keys() | index.counts(collection.scope.openings).keys()
    begun = {version.number for version in catalog.pending_versions(collection)}
    return sorted(held - begun - catalog.manifest(collection).keys())


def forget_stray_versions(catalog: Catalog, index: Index, collection: CollectionRecord) -> None:
    """Delete the points of `stray_versions`."""
    found = stray_versions(catalog, index, collection)
    if found:
        index.delete_documents(collection.scope, found)
        index.flush()


class Repairer:
    """Deletes points that belong to nothing, and writes those again that are missing or show an old name."""

    def __init__(self, catalog: Catalog, index: Index, embedder: Embedder) -> None:
        self._catalog = catalog
        self._index = index
        self._writer = Writer(index, embedder)

    def repair(
        self, collection: CollectionRecord, require_leave: Callable[[], None] = granted
    ) -> dict[int, int]:
        """Make a collection whole; returns how many points each pending version has in the index.

        Those are always its first ones: whoever goes on with it leaves them out, and its description. Where a
        loss of power took that, none count. ``require_leave`` is asked before anything is embedded; whatever
        it raises breaks off, and the next repair goes on.
        """
        expected = self._catalog.manifest(collection)
        begun = {version.number for version in self._catalog.pending_versions(collection)}
        held = self._index.counts(collection.scope)
        openings = self._index.counts(collection.scope.openings)
        stray = sorted((held.keys() | openings.keys()) - expected.keys() - begun)
        if stray:
            self._index.delete_documents(collection.scope, stray)
        for number, count in expected.items():
            if held.get(number, 0) != count:
                self.renew(collection, [number], require_leave)
        self.settle_titles(collection, require_leave)
        return {number: held.get(number, 0) if number in openings else 0 for number in begun}

    def renew(
        self,
        collection: CollectionRecord,
        numbers: Sequence[int],
        require_leave: Callable[[], None] = granted,
    ) -> None:
        """Delete the points of ready versions, whatever they are, and write them again."""
        for number in numbers:
            require_leave()
            self._index.delete_documents(collection.scope, [number])
            self.rewrite(collection, [number], require_leave)

    def rewrite(
        self,
        collection: CollectionRecord,
        numbers: Iterable[int],
        require_leave: Callable[[], None] = granted,
    ) -> None:
        """Write the points of ready versions again, from what the catalog holds."""
        for number in numbers:
            with suppress(Gone, UnknownName):  # deleted in this moment
                content = self._catalog.content(collection.tenant, collection.name, number)
                made = [Written.of(number, content)]
                self._writer.write(collection.scope, made, require_leave=require_leave)

    def settle_titles(
        self, collection: CollectionRecord, require_leave: Callable[[], None] = granted
    ) -> None:
        """Let the points of documents that have been given new titles, or sources, show them."""
        retitled = self._catalog.retitled(collection)
        for first in range(0, len(retitled), _AT_ONCE):
            numbers = retitled[first : first + _AT_ONCE]
            require_leave()
            self._retitle(collection, numbers, require_leave)
            for number in numbers:
                self._catalog.settle_title(collection, number)

    def _retitle(
        self, collection: CollectionRecord, numbers: Sequence[int], require_leave: Callable[[], None]
    ) -> None:
        """Write the points that a title is part of: all of programs', otherwise descriptions alone.

        Other points are given the document's source as they are. No text is embedded whose vector is there.
        """
        for scope in collection.scopes[1:]:  # what a killed re-index has built shows the old title, too
            self._index.delete_documents(scope, numbers)
        programs: list[Written] = []
        for number in numbers:
            with suppress(Gone, UnknownName):
                content = self._catalog.content(collection.tenant, collection.name, number)
                vectors = self._vectors(collection.scope, number, content)
                version = replace(Written.of(number, content), vectors=vectors)
                if is_program(content.document):
                    programs.append(version)
                else:
                    self._writer.write_description(collection.scope, version, require_leave=require_leave)
        self._writer.write(collection.scope, programs, require_leave=require_leave)

    def _vectors(self, scope: Scope, number: int, content: DocumentContent) -> dict[str, NDArray[np.float32]]:
        """Those of a document's points by their texts; of prose of its opening alone.

        Points of prose that are of another source than the document are written again with its own.
        """
        source, text = source_of(content.path), content.document.text
        program = is_program(content.document)
        before = len(text) if program else OPENING
        vectors: dict[str, NDArray[np.float32]] = {}
        for points in self._points(scope, number):
            vectors |= {
                text[start:end]: vector
                for (start, end), vector in zip(points.ranges(), points.dense, strict=True)
                if start < before
            }
            if not program and any(point.source != source for point in points):
                self._index.upsert(scope, points.numbered(number, source))
        return vectors

    def _points(self, scope: Scope, number: int) -> Iterator[Points]:
        after: str | None = None
        while True:
            page = self._index.read_points(scope, [number], after)
            yield page.points
            if page.next is None:
                return
            after = page.next
