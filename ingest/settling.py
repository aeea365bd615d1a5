"""What a run changes without reading a file: documents that moved or vanished, failures that came or went."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from ingest.catalog.codec import encode_layout
from ingest.catalog.records import Moved
from ingest.discovery import location_of
from ingest.errors import Gone, UnknownName
from ingest.moving import is_named_by_file, title_of_moved
from ingest.sources import source_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ingest.catalog.catalog import Catalog
    from ingest.catalog.records import CollectionRecord, FailureRecord, KnownFile
    from ingest.changes import Changes, Move, Vanished
    from ingest.index import Index
    from ingest.model import SourceFile
    from ingest.repairing import Repairer


class Settler:
    """Writes it into catalog and index."""

    def __init__(self, catalog: Catalog, index: Index, repairer: Repairer) -> None:
        self._catalog = catalog
        self._index = index
        self._repairer = repairer

    def move(self, collection: CollectionRecord, moves: Sequence[Move]) -> None:
        """Give moved documents their new paths; killed in between, the next run writes their points."""
        if not moves:
            return
        self._catalog.move_documents(collection, [self._moved(collection, move) for move in moves])
        self._repairer.settle_titles(collection)

    def touch(self, touched: Sequence[tuple[KnownFile, SourceFile]]) -> None:
        """Remember where unchanged files lie now, and when they were written."""
        for file, source in touched:
            self._catalog.touch(
                file, size=source.size, modified_ns=source.modified_ns, location=location_of(source)
            )

    def settle_failures(
        self,
        collection: CollectionRecord,
        changes: Changes,
        kept: Mapping[str, FailureRecord],
        vanished: Vanished,
    ) -> None:
        """Keep what was refused before parsing; forget what is well again without it."""
        for failure in changes.failed:
            known = kept.get(failure.path)
            facts = (failure.reason, failure.detail, failure.location)
            if known is None or (known.reason, known.detail, known.location) != facts:
                self._catalog.record_failure(
                    collection,
                    failure.path,
                    failure.reason,
                    failure.detail,
                    size=0,
                    modified_ns=0,
                    location=failure.location,
                )
        moved = (move.source.path for move in changes.moved)
        well = [path for path in (*changes.unchanged, *moved) if path in kept]
        self._catalog.forget_failures(collection, [*well, *vanished.failures])

    def delete_vanished(self, collection: CollectionRecord, vanished: Vanished) -> None:
        """Delete what is gone, as a user would."""
        numbers: list[int] = []
        for file in vanished.documents:
            with suppress(Gone, UnknownName):
                numbers += self._catalog.delete_document(collection.tenant, file.document)
        for scope in collection.scopes if numbers else ():
            self._index.delete_documents(scope, numbers)
        self._index.flush()

    def _moved(self, collection: CollectionRecord, move: Move) -> Moved:
        file, source = move.file, move.source
        title, layout = None, None
        if is_named_by_file(file):
            document = self._catalog.content(collection.tenant, collection.name, file.number).document
            title = title_of_moved(file, document, source.path)
            layout = None if title is None else encode_layout(replace(document, title=title))
        place = (source.path, location_of(source), source.size, source.modified_ns)
        of_other_source = source_of(source.path) != source_of(file.path)
        return Moved(file.document, file.number, *place, title, layout, of_other_source)
