"""discover → read → outline → passages → chunk → embed → store → record."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from ingest.catalog.codec import encode_layout
from ingest.catalog.records import Moved, NewVersion
from ingest.catalog.version import MOST_NAMED
from ingest.changes import Failure, find_changes, find_vanished
from ingest.costs import Costs
from ingest.discovery import discover, location_of
from ingest.embedding import check_vector, embedder_within
from ingest.engine import LocalEngine
from ingest.errors import Cancelled, EgressRefused, Gone, UnknownName, UnreadableFile
from ingest.moving import is_named_by_file, title_of_moved
from ingest.outline.sections import find_sections
from ingest.passages import cut_passages
from ingest.prepared import Prepared
from ingest.readers.kept import forget_all
from ingest.reading import DEFAULTS
from ingest.repairing import Repairer
from ingest.report import Renamed, Report, Tally
from ingest.writing import Writer, Written

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from ingest.catalog.catalog import Catalog
    from ingest.catalog.records import CollectionRecord, FailureRecord, FileFacts, KnownFile, VersionRecord
    from ingest.changes import ChangedFile, Changes, Copies, Move, Vanished
    from ingest.discovery import Discovery, Found
    from ingest.embedding import Embedder
    from ingest.engine import Engine
    from ingest.errors import FailureReason
    from ingest.index import Index
    from ingest.model import Document, Passage, Scope, Section
    from ingest.readers.options import ReadingOptions
    from ingest.report import Progress
    from ingest.sandbox import Parser

GROUP_CHARACTERS = 200_000
"""Documents are written and recorded together until they are so long: one flush serves many small ones."""
GROUP_DOCUMENTS = 64


_DELETED: tuple[FailureReason, str] = ("changed", "the document was deleted while its file was read")


def never() -> bool:
    """Nobody asks for the end."""
    return False


@dataclass(frozen=True, slots=True)
class ReadDocument:
    """A document that has been read, and what is known of its file."""

    facts: FileFacts
    document: Document
    replaces: int | None = None
    """Number of the ready version that the new one will supersede."""
    prepared: Prepared | None = None
    """What an engine has made of it beyond reading it."""


class Ingester:
    """Brings documents into collections. In a data directory, and in a collection, one works at a time."""

    def __init__(
        self,
        catalog: Catalog,
        index: Index,
        embedder: Embedder,
        parser: Parser,
        options: ReadingOptions = DEFAULTS,
        *,
        parse_workers: int = 1,
        egress: str | None = None,
        costs: Costs | None = None,
        engine: Engine | None = None,
    ) -> None:
        """``egress`` is what new collections begin with, see `service.egress_policy`.

        ``costs`` is what parser and embedder count in, too. An ``engine`` reads in place of the parser.
        """
        self._catalog = catalog
        self._index = index
        self._embedder = embedder
        self._parser = parser
        self._options = options
        self._egress = egress
        self._costs = costs or Costs()
        self._engine = engine or LocalEngine(parser, workers=parse_workers, costs=self._costs)
        self._writer = Writer(index, embedder, self._costs)
        self.repairer = Repairer(catalog, index, embedder)
        self._held: dict[tuple[Scope, int], int] = {}
        """Points of pending versions that a killed run wrote: always the first ones."""

    def over(self, catalog: Catalog) -> Ingester:
        """The same ingester, which writes by this catalog."""
        return Ingester(
            catalog,
            self._index,
            self._embedder,
            self._parser,
            self._options,
            egress=self._egress,
            costs=self._costs,
            engine=self._engine,
        )

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
        self._costs.take()  # what was not asked for belongs to a run that broke off
        with self._costs.spending("discover"):
            found = discover(
                roots,
                max_bytes=largest,
                placed=partial(self._placed, tenant, name),
                every_kind=self._options.chosen is not None,
            )
        return self._bring(tenant, name, found, on_progress=on_progress, prune=prune, cancelled=cancelled)

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
        self._costs.take()
        return self._bring(tenant, name, found, on_progress=on_progress, prune=prune, cancelled=cancelled)

    def _bring(
        self,
        tenant: str,
        name: str,
        found: Discovery,
        *,
        on_progress: Callable[[Progress], None],
        prune: bool,
        cancelled: Callable[[], bool],
    ) -> Report:
        collection = self._open(tenant, name)
        held = self.repairer.repair(collection)
        self._held = {(collection.scope, number): count for number, count in held.items()}
        known, copies = self._known(collection, found)
        failures = self._catalog.failures(collection)
        asked = _until(cancelled, found.found)
        with self._costs.spending("discover"):
            changes = find_changes(
                asked, known, failures, self._embedder.identity, self._options, copies=copies
            )
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
        if self._options.recognised:
            forget_all(self._options.recognised)
        report.costs = self._costs.take()
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
            egress=self._egress,
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
        cancelled: Callable[[], bool] = never,
        on_written: Callable[[float], None] = lambda _: None,
    ) -> list[VersionRecord | None]:
        """Index documents and record their versions; None for one that was deleted meanwhile.

        ``on_written`` is told now and then which share of their points is in the index.

        Killed anywhere in between, the versions stay pending and the next ingest makes them good.

        Raises:
            UnknownName: the collection was deleted.
            Cancelled: ``cancelled`` said so; as if killed.
        """
        with self._costs.spending("cut"):
            cut = [_cut(each) for each in read]
        with self._costs.spending("record"):
            versions = self._catalog.begin_versions(collection, [each.facts for each in read])
        written = [
            Written(
                version.number,
                each.document,
                passages,
                sections,
                self._held.pop((collection.scope, version.number), 0),
                each.prepared,
            )
            for version, each, (passages, sections) in zip(versions, read, cut, strict=True)
        ]
        counts = self._writer.write(
            collection.scope,
            written,
            require_leave=lambda: _require_leave(cancelled),
            on_written=on_written,
        )
        with self._costs.spending("record"):
            published = self._catalog.publish_versions(
                [
                    NewVersion(version, each.document, passages, count)
                    for version, each, (passages, _), count in zip(versions, read, cut, counts, strict=True)
                ]
            )
        lost = [version.number for version, new in zip(versions, published, strict=True) if new is None]
        replaced = [each.replaces for each in read if each.replaces is not None]
        if lost or replaced:
            self._index.delete_documents(collection.scope, [*lost, *replaced])
        if lost:
            self._catalog.collection(collection.tenant, collection.name)  # raises where all of it is gone
        return published

    def withdraw(self, tenant: str, name: str) -> None:
        """Forget what a cancelled ingest has half written; without this the next one goes on with it."""
        with suppress(UnknownName):
            self._discard_pending(self._catalog.collection(tenant, name))
            self._index.flush()

    def _discard_pending(self, collection: CollectionRecord) -> None:
        for version in self._catalog.pending_versions(collection):
            self._index.delete_documents(collection.scope, [version.number])
            self._catalog.discard_version(version)

    def _move(self, collection: CollectionRecord, moves: Sequence[Move]) -> None:
        """Give moved documents their new paths; killed in between, the next run writes their points."""
        if not moves:
            return
        self._catalog.move_documents(collection, [self._moved(collection, move) for move in moves])
        self.repairer.settle_titles(collection)

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

    def _placed(
        self, tenant: str, name: str, lying: Collection[str], paths: Iterable[str]
    ) -> Mapping[str, str]:
        """Where the files of given paths lie: of few files those that these could be, of many all."""
        if len(lying) > MOST_NAMED:
            return self._catalog.locations(tenant, name)
        return self._catalog.placed(tenant, name, lying, paths)

    def _known(self, collection: CollectionRecord, found: Discovery) -> tuple[dict[str, KnownFile], Copies]:
        """What is known of few files and of all in their folders; of many, what is known of all files."""
        paths = {each.path for each in found.found}
        if len(paths) > MOST_NAMED:
            return self._catalog.known_files(collection), None
        known = self._catalog.known_files(collection, paths=paths, folders=found.roots)
        return known, partial(self._catalog.known_copies, collection)

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
        tally = Tally(changes.parse, report, on_progress)
        tally.begun()
        try:
            embedder_within(self._embedder, collection.scope).embed(())
        except EgressRefused as error:  # nothing need be read that may not be sent
            self._withhold(collection, changes.parse, tally, error)
            return
        group: list[tuple[ChangedFile, ReadDocument]] = []
        outcomes = self._engine.read(
            collection.scope,
            changes.parse,
            require_leave=lambda: _require_leave(cancelled),
            on_pages=tally.read,
        )
        for change, outcome in outcomes:
            if isinstance(outcome, UnreadableFile):
                tally.failed(change, self._fail(collection, change, outcome))
                continue
            read = _read(change, outcome)
            if group and _characters(group) + len(read.document.text) > GROUP_CHARACTERS:
                self._index_group(collection, group, tally, cancelled)
                group = []  # a long document keeps no short ones waiting
            group.append((change, read))
            if _characters(group) >= GROUP_CHARACTERS or len(group) >= GROUP_DOCUMENTS:
                self._index_group(collection, group, tally, cancelled)
                group = []
        self._index_group(collection, group, tally, cancelled)
        self._discard_pending(collection)  # of a killed run, and of bytes now gone

    def _index_group(
        self,
        collection: CollectionRecord,
        group: Sequence[tuple[ChangedFile, ReadDocument]],
        tally: Tally,
        cancelled: Callable[[], bool],
    ) -> None:
        if not group:
            return
        read = [each for _, each in group]
        files, pages = [change for change, _ in group], sum(len(each.document.pages) for each in read)
        try:
            versions = self.add_all(
                collection,
                read,
                cancelled=cancelled,
                on_written=lambda share: tally.written(files, share, pages),
            )
        except EgressRefused as error:  # it was allowed when the ingest began
            self._withhold(collection, files, tally, error)
            return
        for (change, _), version in zip(group, versions, strict=True):
            if version is None:
                tally.failed(change, Failure(change.facts.path, *_DELETED, change.facts.location))
            else:
                tally.indexed(change, version)

    def _withhold(
        self,
        collection: CollectionRecord,
        files: Iterable[ChangedFile],
        tally: Tally,
        error: EgressRefused,
    ) -> None:
        """Report files whose text may not go to the embedder."""
        for change in files:
            tally.failed(change, self._fail(collection, change, UnreadableFile("egress", str(error))))

    def _fail(self, collection: CollectionRecord, change: ChangedFile, error: UnreadableFile) -> Failure:
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
        return Failure(facts.path, error.reason, error.detail, facts.location)


def _characters(group: Sequence[tuple[ChangedFile, ReadDocument]]) -> int:
    return sum(len(read.document.text) for _, read in group)


def _read(change: ChangedFile, outcome: Document | Prepared) -> ReadDocument:
    if isinstance(outcome, Prepared):
        return ReadDocument(change.facts, outcome.document, change.replaces, outcome)
    return ReadDocument(change.facts, outcome, change.replaces)


def _cut(read: ReadDocument) -> tuple[Sequence[Passage], Sequence[Section]]:
    """Passages and sections; the latter serve to make points and are not needed where there are any."""
    if read.prepared is not None:
        return read.prepared.passages, ()
    sections = find_sections(read.document)
    return cut_passages(read.document, sections), sections


def _require_leave(cancelled: Callable[[], bool]) -> None:
    if cancelled():
        raise Cancelled("the ingest was stopped")


def _until(cancelled: Callable[[], bool], found: Iterable[Found]) -> Iterator[Found]:
    for each in found:
        _require_leave(cancelled)
        yield each
