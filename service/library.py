"""Reads what was ingested, for searching and answering: records checked, texts remembered."""

from __future__ import annotations

import re
from collections import OrderedDict
from fnmatch import translate
from threading import Lock
from typing import TYPE_CHECKING, TypeVar

from ingest.context.surroundings import Surroundings
from ingest.errors import Gone, UnknownName
from prompts.model import PromptPassage
from service.answers import DocumentName
from service.places import locate
from service.titled import Titled

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Container, Iterable, Sequence

    from ingest.catalog.catalog import Catalog
    from ingest.catalog.records import CollectionRecord, DocumentContent, VersionRecord
    from service.places import Place

_REMEMBERED = 64
"""Documents kept unpacked, and as many outlines."""
_WILD = re.compile(r"[*?]")
_Kept = TypeVar("_Kept")


class Library:
    """One catalog as the query side sees it. Versions never change, so their contents are kept in memory.

    The catalog is asked for the version's record every time: what was deleted is gone at once.
    """

    def __init__(self, catalog: Catalog) -> None:
        self.catalog = catalog
        self._contents: OrderedDict[tuple[str, str, int], DocumentContent] = OrderedDict()
        self._surroundings: OrderedDict[tuple[str, str, int], Surroundings] = OrderedDict()
        self._titled = Titled(catalog)
        self._lock = Lock()
        self._forgotten = 0

    def collection(self, tenant: str, name: str) -> CollectionRecord:
        """The collection.

        Raises:
            UnknownName: there is none of this name.
        """
        return self.catalog.collection(tenant, name)

    def numbers(self, collection: CollectionRecord, documents: Iterable[str]) -> tuple[int, ...]:
        """Version numbers of these public ids.

        Raises:
            UnknownName: one of them is not in the collection, nor was it ever.
            Gone: one of them was deleted.
        """
        return tuple(self._number(collection, identity) for identity in dict.fromkeys(documents))

    def chosen(self, collection: CollectionRecord, names: Iterable[str]) -> tuple[int, ...]:
        """Version numbers of documents by their public ids, their paths, or patterns of paths.

        In a pattern ``*`` stands for any signs, ``/`` too, and ``?`` for one: ``contracts/*.pdf``. What is
        the path of a document names that one alone.

        Raises:
            UnknownName: one of them names no document of the collection.
            Gone: one of them is the id of a document that was deleted.
        """
        numbers, patterns = dict[int, None](), list[str]()
        for name in dict.fromkeys(names):
            try:
                numbers[self._named(collection, name)] = None
            except UnknownName:
                if not _WILD.search(name):
                    raise
                patterns.append(name)
        paths = self.catalog.ready_paths(collection) if patterns else {}
        for pattern in patterns:
            fits = re.compile(translate(pattern.replace("[", "[[]"))).match
            found = [number for path, number in paths.items() if fits(path)]
            if not found:
                raise UnknownName("document", pattern)
            numbers.update(dict.fromkeys(found))
        return tuple(numbers)

    def _named(self, collection: CollectionRecord, name: str) -> int:
        """The version of a document by its id or path."""
        try:
            return self._number(collection, name)
        except UnknownName:
            return self.catalog.document_at(collection.tenant, collection.name, name).version.number

    def _number(self, collection: CollectionRecord, identity: str) -> int:
        try:
            version = self.catalog.document(collection.tenant, identity).version
        except Gone:
            # Who may know of this collection only must not learn what others have held.
            if self.catalog.buried_in(collection.tenant, identity) != collection.name:
                raise UnknownName("document", identity) from None
            raise
        if version.collection != collection.name:
            raise UnknownName("document", identity)
        return version.number

    def version(self, collection: CollectionRecord, number: int) -> VersionRecord:
        """The version behind ``D7``, whatever its state.

        Raises:
            UnknownName: the number was never given.
            Gone: its document was deleted.
        """
        return self.catalog.version(collection.tenant, collection.name, number)

    def versions(self, collection: CollectionRecord, numbers: Collection[int]) -> dict[int, VersionRecord]:
        """The versions behind these numbers, whatever their state; those that are not there are left out."""
        return self.catalog.numbered(collection.tenant, collection.name, numbers)

    def newest_titled(
        self,
        collection: CollectionRecord,
        words: tuple[str, ...],
        *,
        among: Container[int] | None,
        limit: int,
    ) -> list[VersionRecord]:
        """Ready versions whose title or path holds one of the words; see `Titled.newest`."""
        return self._titled.newest(collection, words, among=among, limit=limit)

    def version_of(
        self, tenant: str, document: str, *, ordinal: int | None = None, number: int | None = None
    ) -> VersionRecord:
        """A version of a document: by its place among them, by its number, or the current one.

        Raises:
            UnknownName: there is no such document, or it has no such version.
            Gone: the document was deleted, or the version purged.
        """
        current = self.catalog.document(tenant, document).version
        if ordinal is None and number is None:
            return current
        for version in self.catalog.versions_of(tenant, document):
            if ordinal in {None, version.ordinal} and number in {None, version.number}:
                return version
        if number is None:
            assert ordinal is not None
            raise (Gone if ordinal < current.ordinal else UnknownName)("version", f"{ordinal} of {document}")
        found = self.catalog.version(tenant, current.collection, number)  # raises where it was purged
        raise UnknownName("version", f"D{found.number} of {document}")

    def content(self, version: VersionRecord) -> DocumentContent:
        """Text, layout and passages of a version."""
        return self._remembered(self._contents, version, lambda: self.catalog.content(*_key(version)))

    def forget(self, tenant: str, collection: str, number: int | None = None) -> None:
        """Let go of what is remembered of a version, or of a whole collection."""
        with self._lock:
            self._forgotten += 1
            for kept in (self._contents, self._surroundings):
                for key in [key for key in kept if key[:2] == (tenant, collection)]:
                    if number in {None, key[2]}:
                        del kept[key]

    def surroundings(self, version: VersionRecord) -> Surroundings:
        """Its outline, ready to be asked; made at the first question about the version."""
        return self._remembered(
            self._surroundings, version, lambda: Surroundings(self.content(version).document)
        )

    def place(self, version: VersionRecord, start: int, end: int) -> Place:
        """Where a range of a version stands."""
        content = self.content(version)
        return locate(
            content.document,
            content.passages,
            start,
            end,
            lambda: self.surroundings(version).outline.sections,
        )

    def passages(self, version: VersionRecord, first: int, last: int) -> list[PromptPassage]:
        """Passages ``first`` to ``last`` of a version, as a prompt shows them."""
        content = self.content(version)
        return [
            PromptPassage(version.number, p.number, p.start, content.document.text[p.start : p.end])
            for p in content.passages[first - 1 : last]
        ]

    def whole(self, versions: Sequence[VersionRecord]) -> list[PromptPassage]:
        """Every passage of these versions."""
        return [passage for v in versions for passage in self.passages(v, 1, v.passages)]

    def _remembered(
        self,
        kept: OrderedDict[tuple[str, str, int], _Kept],
        version: VersionRecord,
        make: Callable[[], _Kept],
    ) -> _Kept:
        """What was made of this version before, or is made now; the longest unused gives way."""
        key = _key(version)
        with self._lock:
            forgotten = self._forgotten
            if key in kept:
                kept.move_to_end(key)
                return kept[key]
        made = make()
        with self._lock:
            if forgotten != self._forgotten:  # it may have been this
                return made
            kept[key] = made
            while len(kept) > _REMEMBERED:
                kept.popitem(last=False)
        return made


def _key(version: VersionRecord) -> tuple[str, str, int]:
    return version.tenant, version.collection, version.number


def name_of(version: VersionRecord) -> DocumentName:
    """How people see the document of this version."""
    return DocumentName(version.document, version.number, version.ordinal, version.path, version.title)
