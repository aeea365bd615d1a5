"""Changed files are published in groups as they are read; what fails is recorded and reported."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ingest.changes import Failure
from ingest.errors import EgressRefused, UnreadableFile
from ingest.prepared import Prepared
from ingest.publishing import ReadDocument

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from ingest.catalog.catalog import Catalog
    from ingest.catalog.records import CollectionRecord
    from ingest.changes import ChangedFile
    from ingest.errors import FailureReason
    from ingest.model import Document
    from ingest.publishing import Publisher
    from ingest.report import Tally

GROUP_CHARACTERS = 200_000
"""Documents are written and recorded together until they are so long: one flush serves many small ones."""
GROUP_DOCUMENTS = 64

_DELETED: tuple[FailureReason, str] = ("changed", "the document was deleted while its file was read")


class Groups:
    """Those of one run, for one collection."""

    def __init__(
        self,
        catalog: Catalog,
        publisher: Publisher,
        collection: CollectionRecord,
        tally: Tally,
        require_leave: Callable[[], None],
    ) -> None:
        """``require_leave`` is asked while a group is written; whatever it raises breaks off."""
        self._catalog = catalog
        self._publisher = publisher
        self._collection = collection
        self._tally = tally
        self._require_leave = require_leave
        self._waiting: list[tuple[ChangedFile, ReadDocument]] = []
        self._characters = 0

    def take(self, change: ChangedFile, outcome: Document | Prepared | UnreadableFile) -> None:
        """A file has been read, or could not be."""
        if isinstance(outcome, UnreadableFile):
            self._fail(change, outcome)
            return
        read = _read(change, outcome)
        if self._characters + len(read.document.text) > GROUP_CHARACTERS:
            self.publish()  # a long document keeps no short ones waiting
        self._waiting.append((change, read))
        self._characters += len(read.document.text)
        if self._characters >= GROUP_CHARACTERS or len(self._waiting) >= GROUP_DOCUMENTS:
            self.publish()

    def publish(self) -> None:
        """Publish what waits for more."""
        group, self._waiting, self._characters = self._waiting, [], 0
        if not group:
            return
        read = [each for _, each in group]
        files, pages = [change for change, _ in group], sum(len(each.document.pages) for each in read)
        try:
            versions = self._publisher.add_all(
                self._collection,
                read,
                require_leave=self._require_leave,
                on_written=lambda share: self._tally.written(files, share, pages),
            )
        except EgressRefused as error:  # it was allowed when the ingest began
            self.withhold(files, error)
            return
        for change, version in zip(files, versions, strict=True):
            if version is None:
                self._tally.failed(change, Failure(change.facts.path, *_DELETED, change.facts.location))
            else:
                self._tally.indexed(change, version)

    def withhold(self, files: Iterable[ChangedFile], error: EgressRefused) -> None:
        """Report files whose text may not go to the embedder."""
        for change in files:
            self._fail(change, UnreadableFile("egress", str(error)))

    def _fail(self, change: ChangedFile, error: UnreadableFile) -> None:
        facts = change.facts
        self._catalog.record_failure(
            self._collection,
            path=facts.path,
            reason=error.reason,
            detail=error.detail,
            content_hash=facts.content_hash,
            size=facts.size,
            modified_ns=facts.modified_ns,
            reader=facts.reader,
            location=facts.location,
        )
        self._tally.failed(change, Failure(facts.path, error.reason, error.detail, facts.location))


def _read(change: ChangedFile, outcome: Document | Prepared) -> ReadDocument:
    if isinstance(outcome, Prepared):
        return ReadDocument(change.facts, outcome.document, change.replaces, outcome)
    return ReadDocument(change.facts, outcome, change.replaces)
