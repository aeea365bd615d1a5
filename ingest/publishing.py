"""Documents that have been read become versions: cut, written into the index, counted, published."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ingest.catalog.records import NewVersion
from ingest.costs import Costs
from ingest.errors import Gone
from ingest.outline.sections import find_sections
from ingest.passages import cut_passages
from ingest.writing import Writer, Written, granted, untold

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from ingest.catalog.catalog import Catalog
    from ingest.catalog.records import CollectionRecord, FileFacts, VersionRecord
    from ingest.embedding import Embedder
    from ingest.index import Index
    from ingest.model import Document, Passage, Scope, Section
    from ingest.prepared import Prepared


@dataclass(frozen=True, slots=True)
class ReadDocument:
    """A document that has been read, and what is known of its file."""

    facts: FileFacts
    document: Document
    replaces: int | None = None
    """Number of the ready version that the new one will supersede."""
    prepared: Prepared | None = None
    """What an engine has made of it beyond reading it."""


class Publisher:
    """Makes versions with one embedder."""

    def __init__(
        self, catalog: Catalog, index: Index, embedder: Embedder, costs: Costs | None = None
    ) -> None:
        """To ``costs`` is added what cutting, writing and recording take."""
        self._catalog = catalog
        self._index = index
        self._costs = costs or Costs()
        self._writer = Writer(index, embedder, self._costs)
        self._held: dict[tuple[Scope, int], int] = {}
        """Points of pending versions that a killed run wrote: always the first ones."""

    def go_on(self, collection: CollectionRecord, held: Mapping[int, int]) -> None:
        """Leave out these many first points of the collection's pending versions, see `Repairer.repair`."""
        self._held = {(collection.scope, number): count for number, count in held.items()}

    def add(
        self,
        collection: CollectionRecord,
        facts: FileFacts,
        document: Document,
        *,
        replaces: int | None = None,
    ) -> VersionRecord:
        """Index a document that has been read and record its version; ``replaces`` is superseded.

        Raises:
            UnknownName, Gone: the collection, or the document, was deleted meanwhile.
        """
        (version,) = self.add_all(collection, [ReadDocument(facts, document, replaces)])
        if version is None:
            raise Gone("document", facts.path)
        return version

    def add_all(
        self,
        collection: CollectionRecord,
        read: Sequence[ReadDocument],
        *,
        require_leave: Callable[[], None] = granted,
        on_written: Callable[[float], None] = untold,
    ) -> list[VersionRecord | None]:
        """Index documents and record their versions; None for one that was deleted meanwhile.

        ``require_leave`` and ``on_written`` are as for `Writer.write`.

        Killed anywhere in between, or broken off, the versions stay pending and the next ingest makes them
        good.

        Raises:
            UnknownName: the collection was deleted.
        """
        with self._costs.spending("cut"):
            cut = [_cut(each) for each in read]
        with self._costs.spending("record"):
            versions = self._catalog.begin_versions(collection, [_as_read(each) for each in read])
        written = [
            Written(
                version.number,
                each.document,
                passages,
                sections,
                self._held.pop((collection.scope, version.number), 0),
                each.prepared,
                each.facts.path,
            )
            for version, each, (passages, sections) in zip(versions, read, cut, strict=True)
        ]
        counts = self._writer.write(
            collection.scope, written, require_leave=require_leave, on_written=on_written
        )
        with self._costs.spending("record"):
            published = self._catalog.publish_versions(
                [
                    NewVersion(version, each.document, passages, count)
                    for version, each, (passages, _), count in zip(versions, read, cut, counts, strict=True)
                ]
            )
        self._forget_superseded(collection, read, versions, published)
        return published

    def _forget_superseded(
        self,
        collection: CollectionRecord,
        read: Sequence[ReadDocument],
        versions: Sequence[VersionRecord],
        published: Sequence[VersionRecord | None],
    ) -> None:
        """Delete the points of versions that were replaced, or deleted while they were written."""
        lost = [version.number for version, new in zip(versions, published, strict=True) if new is None]
        replaced = [each.replaces for each in read if each.replaces is not None]
        if lost or replaced:
            self._index.delete_documents(collection.scope, [*lost, *replaced])
        if lost:
            self._catalog.collection(collection.tenant, collection.name)  # raises where all of it is gone

    def discard_pending(self, collection: CollectionRecord) -> None:
        """Forget versions that were begun and not published."""
        for version in self._catalog.pending_versions(collection):
            self._index.delete_documents(collection.scope, [version.number])
            self._catalog.discard_version(version)


def _as_read(read: ReadDocument) -> FileFacts:
    """With the reader that read it, perhaps not the first choice: whoever goes on must have read it alike."""
    return replace(read.facts, reader=read.document.reader or read.facts.reader)


def _cut(read: ReadDocument) -> tuple[Sequence[Passage], Sequence[Section]]:
    """Passages and sections; the latter serve to make points and are not needed where there are any."""
    if read.prepared is not None:
        return read.prepared.passages, ()
    sections = find_sections(read.document)
    return cut_passages(read.document, sections), sections
