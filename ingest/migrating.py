"""The index copied, point by point, from one store into another: nothing is embedded, no file is read.

What is copied is what the catalog says is there. Documents that are in the other store already, byte for
byte, are left alone: killed anywhere, the next run does what is left.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

import numpy as np

from ingest.errors import IndexUnavailable
from ingest.store.comparing import differing, read_all
from ingest.store.points import PLACE_FIELDS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from ingest.catalog.records import CollectionRecord, VersionRecord
    from ingest.model import Scope
    from ingest.store.comparing import PointHolder

GROUP = 1_000
"""Points that are read, written and read again at a time, or all those of one document."""
_DOCUMENT = PLACE_FIELDS.index("document")


class PointRegister(Protocol):
    """What says which points there should be: the catalog, whose calls these are."""

    def tenants(self) -> tuple[str, ...]:
        """See `Collections.tenants`."""
        ...

    def collections(self, tenant: str) -> tuple[CollectionRecord, ...]:
        """See `Collections.collections`."""
        ...

    def buried_collections(self) -> tuple[CollectionRecord, ...]:
        """See `Collections.buried_collections`."""
        ...

    def manifest(self, collection: CollectionRecord) -> dict[int, int]:
        """See `Versions.manifest`."""
        ...

    def pending_versions(self, collection: CollectionRecord) -> tuple[VersionRecord, ...]:
        """See `Versions.pending_versions`."""
        ...


@dataclass(frozen=True, slots=True)
class MigrationProgress:
    """How far the points of a collection have come."""

    collection: str
    done: int
    total: int


@dataclass(frozen=True, slots=True)
class MigrationReport:
    """What the store that was copied into holds now, and what of that this run has done."""

    collections: int
    documents: int
    points: int
    copied_documents: int
    copied_points: int
    kept_documents: int
    """They were there already, and the same."""
    forgotten_documents: int
    """They were there, and the catalog does not know them, or not any more."""
    lacking: tuple[str, ...]
    """Documents, as ``contracts: D7``, whose points are not all there: nor were they where they came from."""


@dataclass(slots=True)
class _Tally:
    copied: set[tuple[Scope, int]]
    kept: set[tuple[Scope, int]]
    forgotten: set[tuple[Scope, int]]
    points: int = 0


class Migration:
    """One run. Whoever calls lets nobody ingest meanwhile; searches and deletions may go on."""

    def __init__(
        self,
        catalog: PointRegister,
        source: PointHolder,
        target: PointHolder,
        *,
        on_progress: Callable[[MigrationProgress], None],
    ) -> None:
        self._catalog = catalog
        self._source = source
        self._target = target
        self._on_progress = on_progress
        self._tally = _Tally(set(), set(), set())

    def copy(self) -> None:
        """Copy what differs, and read it again.

        Raises:
            IndexUnavailable: a store does not answer, or gives back otherwise what was written.
        """
        for collection in self._collections():
            for scope in collection.scopes:
                self._copy_scope(collection, scope)

    def settle(self) -> MigrationReport:
        """Forget what was deleted meanwhile, and what the target held that belongs to nothing.

        The source is not asked any more.
        """
        for buried in self._catalog.buried_collections():
            for generation in range(1, max(scope.generation for scope in buried.scopes) + 1):
                self._forget_scope(replace(buried.scope, generation=generation))
        collections, lacking, documents, points = self._collections(), list[str](), 0, 0
        for collection in collections:
            self._forget_strays(collection)
            manifest = self._catalog.manifest(collection)
            held = self._target.counts(collection.scope)
            openings = self._target.counts(collection.scope.openings)
            documents += len(manifest)
            points += sum(held.values()) + sum(openings.values())
            lacking += [
                f"{collection.name}: D{number}"
                for number, count in sorted(manifest.items())
                if held.get(number, 0) != count or number not in openings
            ]
        self._target.flush()
        return MigrationReport(
            len(collections),
            documents,
            points,
            len(self._tally.copied),
            self._tally.points,
            len(self._tally.kept - self._tally.copied),
            len(self._tally.forgotten),
            tuple(lacking),
        )

    def _collections(self) -> list[CollectionRecord]:
        catalog = self._catalog
        return [found for tenant in catalog.tenants() for found in catalog.collections(tenant)]

    def _live(self, collection: CollectionRecord) -> set[int]:
        """Numbers that may have points: with those that a killed ingest goes on with."""
        pending = {version.number for version in self._catalog.pending_versions(collection)}
        return pending | self._catalog.manifest(collection).keys()

    def _copy_scope(self, collection: CollectionRecord, scope: Scope) -> None:
        """Group by group, so that a document is whole, with its opening, before others are begun."""
        live = self._live(collection)
        whole = self._catalog.manifest(collection) if scope == collection.scope else {}
        parts = (scope, scope.openings)
        held = {part: self._target.counts(part) for part in parts}
        for part in parts:
            self._forget(part, held[part].keys() - live)
        there = {
            part: {number: count for number, count in self._source.counts(part).items() if number in live}
            for part in parts
        }
        for number in [n for n, count in there[scope].items() if whole.get(n, count) != count]:
            if held[scope].get(number) == whole[number]:  # a half one must not take its place
                del there[scope][number]
        sizes = Counter(there[scope]) + Counter(there[scope.openings])
        done = 0
        for numbers in _groups(sizes):
            for part in parts:
                self._copy_documents(part, [n for n in numbers if n in there[part]], held[part])
            done += sum(sizes[number] for number in numbers)
            self._on_progress(MigrationProgress(collection.name, done, sizes.total()))
        self._target.flush()

    def _copy_documents(self, scope: Scope, numbers: Sequence[int], held: Mapping[int, int]) -> None:
        present = [number for number in numbers if number in held]
        ours = read_all(self._source, scope, numbers)
        wanted = differing(ours, read_all(self._target, scope, present))
        self._tally.kept |= {(_whole(scope), number) for number in present if number not in wanted}
        if not wanted:
            return
        if stale := [number for number in wanted if number in held]:
            self._target.delete_documents(scope, stale)
        ours = ours.taken(np.flatnonzero(np.isin(ours.places[:, _DOCUMENT], wanted)))
        for first in range(0, len(ours), GROUP):
            self._target.upsert(scope, ours[first : first + GROUP])
        if wrong := differing(ours, read_all(self._target, scope, wanted)):
            raise IndexUnavailable(f"what was written of D{wrong[0]} is read otherwise: call it again")
        self._tally.copied |= {(_whole(scope), number) for number in wanted}
        self._tally.points += len(ours)

    def _forget_strays(self, collection: CollectionRecord) -> None:
        live = self._live(collection)
        kept = {scope.generation for scope in collection.scopes}
        for generation in range(1, max(kept) + 1):
            scope = replace(collection.scope, generation=generation)
            if generation not in kept:
                self._forget_scope(scope)
                continue
            for part in (scope, scope.openings):
                self._forget(part, self._target.counts(part).keys() - live)

    def _forget(self, scope: Scope, numbers: Iterable[int]) -> None:
        if numbers := sorted(numbers):
            self._target.delete_documents(scope, numbers)
            self._tally.forgotten |= {(_whole(scope), number) for number in numbers}

    def _forget_scope(self, scope: Scope) -> None:
        for part in (scope, scope.openings):
            if numbers := self._target.counts(part).keys():
                self._target.delete_scope(part)
                self._tally.forgotten |= {(scope, number) for number in numbers}


def _whole(scope: Scope) -> Scope:
    """Where the chunks are: a document is told of once, whichever of its points it was about."""
    return replace(scope, part="chunks")


def _groups(counts: Mapping[int, int]) -> Iterator[list[int]]:
    """Documents, by their numbers, of about `GROUP` points together."""
    group: list[int] = []
    size = 0
    for number, count in sorted(counts.items()):
        if group and size + count > GROUP:
            yield group
            group, size = [], 0
        group.append(number)
        size += count
    if group:
        yield group
