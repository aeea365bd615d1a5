"""discover → read → outline → passages → chunk → embed → store → record."""

from __future__ import annotations

from collections import deque
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from ingest.catalog.codec import encode_layout
from ingest.catalog.records import Moved
from ingest.changes import Failure, find_changes, find_vanished
from ingest.discovery import discover, location_of
from ingest.embedding import check_vector
from ingest.errors import Cancelled, Gone, UnknownName, UnreadableFile
from ingest.moving import is_named_by_file, title_of_moved
from ingest.outline.sections import find_sections
from ingest.passages import cut_passages
from ingest.reading import DEFAULTS
from ingest.writing import Writer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from concurrent.futures import Future
    from pathlib import Path

    from ingest.catalog.catalog import Catalog
    from ingest.catalog.records import CollectionRecord, FailureRecord, FileFacts, VersionRecord
    from ingest.changes import ChangedFile, Changes, Move, Vanished
    from ingest.discovery import Discovery, Found
    from ingest.embedding import Embedder
    from ingest.index import Index
    from ingest.model import Document, Scope, SourceFile
    from ingest.readers.options import ReadingOptions
    from ingest.sandbox import Parser

READ_AHEAD = 2
"""Files that wait for the embedder while every parsing process reads another."""
READ_AHEAD_BYTES = 64 * 2**20
"""Size of the files that may be read and waiting, unless it is one alone."""
_ASKED_EVERY = 0.1
"""Seconds between two looks at whether somebody wants a file's parsing to end."""


def never() -> bool:
    """Nobody asks for the end."""
    return False


@dataclass(frozen=True, slots=True)
class Renamed:
    """A document whose file goes by another path now; it was not read again."""

    path: str
    before: str


@dataclass(frozen=True, slots=True)
class Partial:
    """A document that lacks something of its file."""

    path: str
    warnings: tuple[str, ...]


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
    moved: list[Renamed] = field(default_factory=list[Renamed])
    partial: list[Partial] = field(default_factory=list[Partial])
    """Of the documents that were indexed now."""
    gone: list[str] = field(default_factory=list[str])
    """Documents whose files are not found any more; they are still answered from."""
    removed: list[str] = field(default_factory=list[str])
    """Documents that were deleted because their files are not found any more."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far an ingest has come; bytes and counts are of the files that had to be parsed."""

    path: str
    done: int
    total: int
    bytes_done: int
    bytes_total: int
    failed: int
    pages: int = 0
    """Of the documents that were indexed now, as far as their kind has pages."""
    failure: Failure | None = None
    """Why the file of this path is not in the index."""


class Ingester:
    """Brings documents into collections. In a data directory, one works at a time."""

    def __init__(
        self,
        catalog: Catalog,
        index: Index,
        embedder: Embedder,
        parser: Parser,
        options: ReadingOptions = DEFAULTS,
        *,
        parse_workers: int = 1,
    ) -> None:
        self._catalog = catalog
        self._index = index
        self._embedder = embedder
        self._parser = parser
        self._options = options
        self._parse_workers = parse_workers
        self._writer = Writer(index, embedder)
        self._held: dict[tuple[Scope, int], int] = {}
        """Points of pending versions that a killed run wrote: always the first ones."""

    def ingest(
        self,
        tenant: str,
        name: str,
        roots: Sequence[Path],
        *,
        largest: int,
        on_progress: Callable[[Progress], None],
        prune: bool = False,
        cancelled: Callable[[], bool] = never,
    ) -> Report:
        """Bring a collection up to date with these files and folders; ``largest`` is in bytes.

        A file that cannot be read is reported and does not stop the others. With ``prune``, documents whose
        files lay below the roots and are not found any more are deleted for good.

        Raises:
            UnknownName: a root does not exist.
            UnsupportedStore: the collection holds another embedder's vectors.
            IndexUnavailable: the index does not answer.
            Cancelled: ``cancelled`` said so between two files or batches; what was finished stays, and
                nothing is half done.
        """
        found = discover(
            roots,
            max_bytes=largest,
            known=self._catalog.locations(tenant, name),
            every_kind=self._options.chosen is not None,
        )
        return self.ingest_found(
            tenant, name, found, on_progress=on_progress, prune=prune, cancelled=cancelled
        )

    def ingest_found(
        self,
        tenant: str,
        name: str,
        found: Discovery,
        *,
        on_progress: Callable[[Progress], None],
        prune: bool = False,
        cancelled: Callable[[], bool] = never,
    ) -> Report:
        """Bring a collection up to date with files whose paths are settled; as `ingest`."""
        collection = self._open(tenant, name)
        self.repair(collection)
        known, failures = self._catalog.known_files(collection), self._catalog.failures(collection)
        asked = _until(cancelled, found.found)
        changes = find_changes(asked, known, failures, self._embedder.identity, self._options)
        vanished = find_vanished(found, known, failures, changes.moved)
        self._move(collection, changes.moved)
        for file, source in changes.touched:
            self._catalog.touch(
                file, size=source.size, modified_ns=source.modified_ns, location=location_of(source)
            )
        self._settle_failures(collection, changes, failures, vanished)
        report = Report(unchanged=changes.unchanged, failed=changes.failed)
        report.moved = [Renamed(move.source.path, move.file.path) for move in changes.moved]
        report.passed_over.update(found.passed_over.most_common())
        if changes.parse:
            self.ensure_collection(tenant, name)
        self._index_all(collection, changes, report, on_progress, cancelled)
        self._settle_vanished(collection, vanished, report, prune=prune)
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
        cancelled: Callable[[], bool] = never,
    ) -> VersionRecord:
        """Index a document that has been read and record its version; ``replaces`` is superseded.

        Killed anywhere in between, the version stays pending and the next ingest makes it good.

        Raises:
            UnknownName, Gone: the collection, or the document, was deleted meanwhile.
            Cancelled: the version stays pending, without a point in the index.
        """
        passages = cut_passages(document, find_sections(document))
        version = self._catalog.begin_version(collection, facts)
        held = self._held.pop((collection.scope, version.number), 0)
        chunks = self._writer.write(
            collection.scope,
            version.number,
            document,
            passages,
            held=held,
            require_leave=lambda: _require_leave(cancelled),
        )
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
        begun = {version.number for version in self._catalog.pending_versions(collection)}
        held = self._index.counts(collection.scope)
        openings = self._index.counts(collection.scope.openings)
        stray = sorted((held.keys() | openings.keys()) - expected.keys() - begun)
        if stray:
            self._index.delete_documents(collection.scope, stray)
        self._held = {(collection.scope, number): held.get(number, 0) for number in begun}
        for number, count in expected.items():
            if held.get(number, 0) != count:
                self._index.delete_documents(collection.scope, [number])
                self.rewrite(collection, [number])
        for number in self._catalog.retitled(collection):
            self._retitle(collection, number)

    def rewrite(self, collection: CollectionRecord, numbers: Iterable[int]) -> None:
        """Write the points of ready versions again, from what the catalog holds; no file is read."""
        for number in numbers:
            with suppress(Gone, UnknownName):  # deleted in this moment
                content = self._catalog.content(collection.tenant, collection.name, number)
                self._writer.write(collection.scope, number, content.document, content.passages)

    def _retitle(self, collection: CollectionRecord, number: int) -> None:
        """Write the points that a title is part of: all of a program's, otherwise the opening alone."""
        for scope in collection.scopes[1:]:  # what a killed re-index has built shows the old title, too
            self._index.delete_documents(scope, [number])
        with suppress(Gone, UnknownName):
            content = self._catalog.content(collection.tenant, collection.name, number)
            if content.document.symbols:
                self._writer.write(collection.scope, number, content.document, content.passages)
            else:
                self._writer.write_opening(collection.scope, number, content.document)
                self._index.flush()
        self._catalog.settle_title(collection, number)

    def _move(self, collection: CollectionRecord, moves: Sequence[Move]) -> None:
        """Give moved documents their new paths; killed in between, the next run writes their points."""
        if not moves:
            return
        self._catalog.move_documents(collection, [self._moved(collection, move) for move in moves])
        for number in self._catalog.retitled(collection):
            self._retitle(collection, number)

    def _moved(self, collection: CollectionRecord, move: Move) -> Moved:
        file, source = move.file, move.source
        title, layout = None, None
        if is_named_by_file(file):
            document = self._catalog.content(collection.tenant, collection.name, file.number).document
            title = title_of_moved(file, document, source.path)
            layout = None if title is None else encode_layout(replace(document, title=title))
        place = (source.path, location_of(source), source.size, source.modified_ns)
        return Moved(file.document, file.number, *place, title, layout)

    def _settle_vanished(
        self, collection: CollectionRecord, vanished: Vanished, report: Report, *, prune: bool
    ) -> None:
        """Delete what is gone, as a user would, or say that it is."""
        paths = sorted(file.path for file in vanished.documents)
        if not prune:
            report.gone = paths
            return
        numbers: list[int] = []
        for file in vanished.documents:
            with suppress(Gone, UnknownName):
                numbers += self._catalog.delete_document(collection.tenant, file.document)
        for scope in collection.scopes if numbers else ():
            self._index.delete_documents(scope, numbers)
        self._index.flush()
        report.removed = paths

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

    def _index_all(
        self,
        collection: CollectionRecord,
        changes: Changes,
        report: Report,
        on_progress: Callable[[Progress], None],
        cancelled: Callable[[], bool],
    ) -> None:
        total, size, done, read = len(changes.parse), sum(c.source.size for c in changes.parse), 0, 0
        pages, failure = 0, None
        for change, outcome in self._parsed(changes.parse, cancelled):
            if isinstance(outcome, UnreadableFile):
                failure = self._fail(collection, change, outcome, report)
            else:
                version = self.add(
                    collection, change.facts, outcome, replaces=change.replaces, cancelled=cancelled
                )
                failure = None
                report.indexed.append(change.source.path)
                report.characters += version.characters
                report.chunks += version.chunks
                pages += version.pages
                if version.warnings:
                    report.partial.append(Partial(version.path, version.warnings))
            done, read = done + 1, read + change.source.size
            failed = len(report.failed)
            on_progress(Progress(change.source.path, done, total, read, size, failed, pages, failure))
        for version in self._catalog.pending_versions(collection):  # of a killed run, and of bytes now gone
            self._index.delete_documents(collection.scope, [version.number])
            self._catalog.discard_version(version)

    def _parsed(
        self, changes: Sequence[ChangedFile], cancelled: Callable[[], bool]
    ) -> Iterator[tuple[ChangedFile, Document | UnreadableFile]]:
        """Outcomes in order, parsed a little ahead by as many threads as there are parsing processes."""
        with ThreadPoolExecutor(max_workers=self._parse_workers) as reading:
            waiting: deque[tuple[ChangedFile, Future[Document | UnreadableFile]]] = deque()
            upcoming = deque(changes)
            size = 0
            try:
                while waiting or upcoming:
                    while upcoming and self._may_read(upcoming[0], len(waiting), size):
                        change = upcoming.popleft()
                        size += change.source.size
                        waiting.append((change, reading.submit(self._parse, change.source, cancelled)))
                    change, outcome = waiting.popleft()
                    yield change, _outcome(outcome, cancelled)
                    size -= change.source.size
            finally:  # an ingest that breaks off waits for the files that are being read
                for _, outcome in waiting:
                    outcome.cancel()

    def _may_read(self, change: ChangedFile, waiting: int, size: int) -> bool:
        fits = size + change.source.size <= READ_AHEAD_BYTES
        return not waiting or (waiting < self._parse_workers + READ_AHEAD and fits)

    def _parse(self, source: SourceFile, cancelled: Callable[[], bool]) -> Document | UnreadableFile:
        _require_leave(cancelled)
        try:
            return self._parser.parse(source)
        except UnreadableFile as error:
            return error

    def _fail(
        self, collection: CollectionRecord, change: ChangedFile, error: UnreadableFile, report: Report
    ) -> Failure:
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
        failure = Failure(facts.path, error.reason, error.detail, facts.location)
        report.failed.append(failure)
        return failure


def _require_leave(cancelled: Callable[[], bool]) -> None:
    if cancelled():
        raise Cancelled("the ingest was stopped")


def _until(cancelled: Callable[[], bool], found: Iterable[Found]) -> Iterator[Found]:
    for each in found:
        _require_leave(cancelled)
        yield each


def _outcome(
    parsing: Future[Document | UnreadableFile], cancelled: Callable[[], bool]
) -> Document | UnreadableFile:
    """What became of a file; one that was given up because of the cancellation has no outcome."""
    while True:
        done = wait([parsing], timeout=_ASKED_EVERY).done
        _require_leave(cancelled)
        if done:
            return parsing.result()
