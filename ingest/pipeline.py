"""discover → read → outline → passages → chunk → embed → store → record."""

from __future__ import annotations

from contextlib import closing, suppress
from functools import partial
from typing import TYPE_CHECKING

from ingest.catalog.version import MOST_NAMED
from ingest.changes import find_changes, find_vanished
from ingest.costs import Costs
from ingest.discovery import discover
from ingest.embedding import check_vector, embedder_within
from ingest.engine import LocalEngine
from ingest.errors import Cancelled, EgressRefused, UnknownName
from ingest.groups import Groups
from ingest.publishing import Publisher
from ingest.readers.kept import forget_all
from ingest.reading import DEFAULTS
from ingest.repairing import Repairer
from ingest.report import Renamed, Report, Tally
from ingest.settling import Settler

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from ingest.catalog.catalog import Catalog
    from ingest.catalog.records import CollectionRecord, KnownFile
    from ingest.changes import ChangedFile, Copies, Vanished
    from ingest.discovery import Discovery, Found
    from ingest.embedding import Embedder
    from ingest.engine import Engine
    from ingest.index import Index
    from ingest.readers.options import ReadingOptions
    from ingest.report import Progress
    from ingest.sandbox import Parser


def never() -> bool:
    """Nobody asks for the end."""
    return False


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
        self.publisher = Publisher(catalog, index, embedder, self._costs)
        self.repairer = Repairer(catalog, index, embedder)
        self._settler = Settler(catalog, index, self.repairer)

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
        require_leave = partial(_require_leave, cancelled)
        self.publisher.go_on(collection, self.repairer.repair(collection, require_leave))
        known, copies = self._known(collection, found)
        failures = self._catalog.failures(collection)
        asked = _until(cancelled, found.found)
        with self._costs.spending("discover"):
            changes = find_changes(
                asked, known, failures, self._embedder.identity, self._options, copies=copies
            )
        vanished = find_vanished(found, known, failures, changes.moved)
        self._settler.move(collection, changes.moved)
        self._settler.touch(changes.touched)
        self._settler.settle_failures(collection, changes, failures, vanished)
        report = Report(unchanged=changes.unchanged, failed=changes.failed)
        report.moved = [Renamed(move.source.path, move.file.path) for move in changes.moved]
        report.passed_over.update(found.passed_over.most_common())
        if changes.parse:
            self.ensure_collection(tenant, name)
        tally = Tally(changes.parse, report, on_progress)
        self._index_all(collection, changes.parse, tally, require_leave)
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

    def withdraw(self, tenant: str, name: str) -> None:
        """Forget what a cancelled ingest has half written; without this the next one goes on with it."""
        with suppress(UnknownName):
            self.publisher.discard_pending(self._catalog.collection(tenant, name))
            self._index.flush()

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

    def _index_all(
        self,
        collection: CollectionRecord,
        changed: Sequence[ChangedFile],
        tally: Tally,
        require_leave: Callable[[], None],
    ) -> None:
        tally.begun()
        groups = Groups(self._catalog, self.publisher, collection, tally, require_leave)
        try:
            embedder_within(self._embedder, collection.scope).embed(())
        except EgressRefused as error:  # nothing need be read that may not be sent
            groups.withhold(changed, error)
            return
        outcomes = self._engine.read(
            collection.scope, changed, require_leave=require_leave, on_pages=tally.read
        )
        with closing(outcomes):  # what breaks off leaves no file being read, which would meet the next run
            for change, outcome in outcomes:
                groups.take(change, outcome)
        groups.publish()
        self.publisher.discard_pending(collection)  # of a killed run, and of bytes now gone

    def _settle_vanished(
        self, collection: CollectionRecord, vanished: Vanished, report: Report, *, prune: bool
    ) -> None:
        """Delete what is gone, or say that it is."""
        paths = sorted(file.path for file in vanished.documents)
        if prune:
            self._settler.delete_vanished(collection, vanished)
            report.removed = paths
        else:
            report.gone = paths


def _require_leave(cancelled: Callable[[], bool]) -> None:
    if cancelled():
        raise Cancelled("the ingest was stopped")


def _until(cancelled: Callable[[], bool], found: Iterable[Found]) -> Iterator[Found]:
    for each in found:
        _require_leave(cancelled)
        yield each
