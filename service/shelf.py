"""The documents that a prompt may show besides what was found: current ones that the caller may read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ingest.errors import Gone, UnknownName
from prompts.render import DocumentName

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from ingest.catalog.records import CollectionRecord, VersionRecord
    from prompts.model import PromptPassage
    from service.library import Library


class LibraryShelf:
    """One question's view of a collection; asks the catalog once for each document."""

    def __init__(
        self,
        library: Library,
        collection: CollectionRecord,
        documents: Collection[int] | None,
        *,
        known: Iterable[VersionRecord] = (),
    ) -> None:
        """``documents`` are the numbers of the only ones that may be shown; None for all.

        ``known`` are versions that the catalog has just told of: it is not asked for them again.
        """
        self._library = library
        self._collection = collection
        self._documents = documents
        self._known = {version.number: version for version in known}
        self._versions: dict[int, VersionRecord | None] = {}

    def passage(self, document: int, number: int) -> PromptPassage | None:
        """As `Shelf.passage`."""
        version = self._version(document)
        if version is None or not 1 <= number <= version.passages:
            return None
        return self._library.passages(version, number, number)[0]

    def name(self, document: int) -> DocumentName | None:
        """As `Shelf.name`."""
        version = self._version(document)
        return None if version is None else DocumentName(version.number, version.path, version.title)

    def _version(self, document: int) -> VersionRecord | None:
        if document not in self._versions:
            self._versions[document] = self._shown(document)
        return self._versions[document]

    def _shown(self, document: int) -> VersionRecord | None:
        if self._documents is not None and document not in self._documents:
            return None
        try:
            version = self._known.get(document) or self._library.version(self._collection, document)
        except (UnknownName, Gone):
            return None
        return version if version.state == "ready" else None
