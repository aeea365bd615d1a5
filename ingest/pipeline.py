"""discover → read → outline → passages → chunk → embed → store → record."""

from __future__ import annotations

from collections import deque
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ingest.changes import Failure, find_changes
from ingest.chunks import cut_chunks, searched_chunks
from ingest.discovery import discover, location_of
from ingest.embedding import check_vector
from ingest.errors import Gone, UnknownName, UnreadableFile
from ingest.indexing import document_points
from ingest.outline.sections import find_sections
from ingest.passages import cut_passages
from ingest.reading import DEFAULTS
from ingest.routing import opening_point
from ingest.terms import Analyzer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from concurrent.futures import Future
    from pathlib import Path

    from ingest.catalog.catalog import Catalog
    from ingest.catalog.records import CollectionRecord, FailureRecord, FileFacts, VersionRecord
    from ingest.changes import ChangedFile, Changes
    from ingest.embedding import Embedder
    from ingest.index import Index
    from ingest.model import Document, Passage, Scope, SourceFile
    from ingest.readers.options import ReadingOptions
    from ingest.sandbox import Parser

READ_AHEAD = 2
"""Files that the parsing process may be ahead of the embedder."""


@dataclass(slots=True)
class Report:
    """What became of every file that was found."""

    indexed: list[str] = field(default_factory=list[str])
    unchanged: list[str] = field(default_factory=list[str])
    failed: list[Failure] = field(default_factory=list[Failure])
    characters: int = 0
    """Of the documents that were indexed now."""
    chunks: int = 0
    passed_over: dict[str, int] = field(default_factory=dict[str, int])
    """Files below folders that have no reader, by their ending."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far an ingest has come; bytes and counts are of the files that had to be parsed."""

    path: str
    done: int
    total: int
    bytes_done: int
    bytes_total: int
    failed: int


class Ingester:
    """Brings documents into collections. In a data directory, one works at a time."""

    def __init__(
        self,
        catalog: Catalog,
        index: Index,
        embedder: Embedder,
        parser: Parser,
        options: ReadingOptions = DEFAULTS,
    ) -> None:
        self._catalog = catalog
        self._index = index
        self._embedder = embedder
        self._parser = parser
        self._options = options
        self._analyzer = Analyzer()

    def ingest(
        self,
        tenant: str,
        name: str,
        roots: Sequence[Path],
        *,
        largest: int,
        on_progress: Callable[[Progress], None],
    ) -> Report:
        """Bring a collection up to date with these files and folders; ``largest`` is in bytes.

        A file that cannot be read is reported and does not stop the others.

        Raises:
            UnknownName: a root does not exist.
            UnsupportedStore: the collection holds another embedder's vectors.
            IndexUnavailable: the index does not answer.
        """
        found = discover(roots, max_bytes=largest, known=self._catalog.locations(tenant, name))
        collection = self._open(tenant, name)
        self.repair(collection)
        known, failures = self._catalog.known_files(collection), self._catalog.failures(collection)
        changes = find_changes(found.found, known, failures, self._embedder.identity, self._options)
        for file, source in changes.touched:
            self._catalog.touch(
                file, size=source.size, modified_ns=source.modified_ns, location=location_of(source)
            )
        self._settle_failures(collection, changes, failures)
        report = Report(unchanged=changes.unchanged, failed=changes.failed)
        report.passed_over.update(found.passed_over.most_common())
        if changes.parse:
            self.ensure_collection(tenant, name)
        self._index_all(collection, changes, report, on_progress)
        return report

    def ensure_collection(self, tenant: str, name: str) -> CollectionRecord:
        """The collection, made if it is new; the embedder is asked for its check vector.

        Raises:
            UnsupportedStore: it holds another embedder's vectors.
        """
        return self._catalog.ensure_collection(
            tenant,
            name,
            embedder=self._embedder.identity,
            dimensions=self._embedder.dimensions,
            check_vector=check_vector(self._embedder).tobytes(),
        )

    def add(
        self,
        collection: CollectionRecord,
        facts: FileFacts,
        document: Document,
        *,
        replaces: int | None = None,
    ) -> VersionRecord:
        """Index a document that has been read and record its version; ``replaces`` is superseded.

        Killed anywhere in between, the version stays pending and the next ingest makes it good.

        Raises:
            UnknownName, Gone: the collection, or the document, was deleted meanwhile.
        """
        passages = cut_passages(document, find_sections(document))
        version = self._catalog.begin_version(collection, facts)
        chunks = self._write(collection.scope, version.number, document, passages)
        try:
            published = self._catalog.publish_version(version, document, passages, chunks=chunks)
        except Gone:
            self._index.delete_documents(collection.scope, [version.number])
            raise
        if replaces is not None:
            self._index.delete_documents(collection.scope, [replaces])
        return published

    def repair(self, collection: CollectionRecord) -> None:
        """Make the index agree with the catalog, at whatever moment the last run was killed."""
        expected = self._catalog.manifest(collection)
        held = self._index.counts(collection.scope)
        openings = self._index.counts(collection.scope.openings)
        stray = sorted((held.keys() | openings.keys()) - expected.keys())
        if stray:
            self._index.delete_documents(collection.scope, stray)
        for number, count in expected.items():
            if held.get(number, 0) != count:
                self._index.delete_documents(collection.scope, [number])
                content = self._catalog.content(collection.tenant, collection.name, number)
                self._write(collection.scope, number, content.document, content.passages)

    def _open(self, tenant: str, name: str) -> CollectionRecord:
        """The collection without the check vector, which costs an embedder its start."""
        try:
            collection = self._catalog.collection(tenant, name)
        except UnknownName:
            return self.ensure_collection(tenant, name)
        if collection.embedder != self._embedder.identity:
            return self.ensure_collection(tenant, name)
        return collection

    def _settle_failures(
        self, collection: CollectionRecord, changes: Changes, kept: Mapping[str, FailureRecord]
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
        self._catalog.forget_failures(collection, [path for path in changes.unchanged if path in kept])

    def _index_all(
        self,
        collection: CollectionRecord,
        changes: Changes,
        report: Report,
        on_progress: Callable[[Progress], None],
    ) -> None:
        total, size, done, read = len(changes.parse), sum(c.source.size for c in changes.parse), 0, 0
        for change, outcome in self._parsed(changes.parse):
            if isinstance(outcome, UnreadableFile):
                self._fail(collection, change, outcome, report)
            else:
                version = self.add(collection, change.facts, outcome, replaces=change.replaces)
                report.indexed.append(change.source.path)
                report.characters += version.characters
                report.chunks += version.chunks
            done, read = done + 1, read + change.source.size
            on_progress(Progress(change.source.path, done, total, read, size, len(report.failed)))
        for version in self._catalog.pending_versions(collection):  # of a killed run, and of bytes now gone
            self._index.delete_documents(collection.scope, [version.number])
            self._catalog.discard_version(version)

    def _parsed(
        self, changes: Sequence[ChangedFile]
    ) -> Iterator[tuple[ChangedFile, Document | UnreadableFile]]:
        """Outcomes in order, parsed a little ahead in another process."""
        with ThreadPoolExecutor(max_workers=1) as reading:
            waiting: deque[Future[Document | UnreadableFile]] = deque()
            upcoming = iter(changes)
            try:
                for change in changes:
                    while len(waiting) <= READ_AHEAD and (following := next(upcoming, None)):
                        waiting.append(reading.submit(self._parse, following.source))
                    yield change, waiting.popleft().result()
            finally:  # an ingest that breaks off waits for one file at most
                for future in waiting:
                    future.cancel()

    def _parse(self, source: SourceFile) -> Document | UnreadableFile:
        try:
            return self._parser.parse(source)
        except UnreadableFile as error:
            return error

    def _fail(
        self, collection: CollectionRecord, change: ChangedFile, error: UnreadableFile, report: Report
    ) -> None:
        facts = change.facts
        self._catalog.record_failure(
            collection,
            path=facts.path,
            reason=error.reason,
            detail=error.detail,
            content_hash=facts.content_hash,
            size=facts.size,
            modified_ns=facts.modified_ns,
            reader=facts.reader,
            location=facts.location,
        )
        report.failed.append(Failure(facts.path, error.reason, error.detail, facts.location))

    def _write(self, scope: Scope, number: int, document: Document, passages: Sequence[Passage]) -> int:
        """Put a document's points into the index, flushed; returns how many they are."""
        chunks = searched_chunks(document, cut_chunks(document, passages))
        if not document.symbols:  # a program is asked about by its names, which its chunks carry
            opening = opening_point(
                document, number=number, analyzer=self._analyzer, dimensions=self._embedder.dimensions
            )
            # First: chunks are counted when the index is repaired; all there means that this one is too.
            self._index.upsert(scope.openings, [opening])
        for points in document_points(
            document, passages, chunks, number=number, analyzer=self._analyzer, embedder=self._embedder
        ):
            self._index.upsert(scope, points)
        self._index.flush()
        return len(chunks)
