"""The index copied, point by point, from one store into another: nothing is embedded, no file is read.

What is copied is what the catalog says is there. Documents that are in the other store already, byte for
byte, are left alone: killed anywhere, the next run does what is left.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING, Protocol

import numpy as np

from ingest.errors import IndexUnavailable
from ingest.store.points import PLACE_FIELDS, Points

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from ingest.catalog.catalog import Catalog
    from ingest.catalog.records import CollectionRecord
    from ingest.model import Scope
    from ingest.store.contract import Point, PointPage

GROUP = 1_000
"""Points that are read, written and read again at a time, or all those of one document."""
ROUNDING = 1e-3
"""Of a vector's entries, within which two stores hold the same: both keep half precision."""
_DOCUMENT, _ORDINAL = PLACE_FIELDS.index("document"), PLACE_FIELDS.index("ordinal")


class PointHolder(Protocol):
    """What points are copied from, or into: a `Store`, or the index in its process."""

    def points(self, scope: Scope, documents: Sequence[int], after: str | None = None) -> PointPage:
        """See `Store.points`."""
        ...

    def counts(self, scope: Scope) -> Mapping[int, int]:
        """See `Store.counts`."""
        ...

    def upsert(self, scope: Scope, points: Sequence[Point]) -> None:
        """See `Store.upsert`."""
        ...

    def delete_documents(self, scope: Scope, documents: Sequence[int]) -> None:
        """See `Store.delete_documents`; an index forgets the openings as well."""
        ...

    def delete_scope(self, scope: Scope) -> None:
        """See `Store.delete_scope`, likewise."""
        ...

    def flush(self) -> None:
        """See `Store.flush`."""
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
        catalog: Catalog,
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
                self._copy_scope(collection, scope.openings)

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
        live, held = self._live(collection), self._target.counts(scope)
        self._forget(scope, held.keys() - live)
        whole = self._catalog.manifest(collection) if scope == collection.scope else {}
        there = {
            number: count
            for number, count in self._source.counts(scope).items()
            if number in live and (whole.get(number, count) == count or held.get(number) != whole[number])
        }
        done = 0
        for numbers in _groups(there):
            self._copy_documents(scope, numbers, held)
            done += sum(there[number] for number in numbers)
            self._on_progress(MigrationProgress(collection.name, done, sum(there.values())))
        self._target.flush()

    def _copy_documents(self, scope: Scope, numbers: Sequence[int], held: Mapping[int, int]) -> None:
        present = [number for number in numbers if number in held]
        ours = _read(self._source, scope, numbers)
        wanted = differing(ours, _read(self._target, scope, present))
        whole = scope if scope.part == "chunks" else replace(scope, part="chunks")
        self._tally.kept |= {(whole, number) for number in present if number not in wanted}
        if not wanted:
            return
        if stale := [number for number in wanted if number in held]:
            self._target.delete_documents(scope, stale)
        ours = ours.taken(np.flatnonzero(np.isin(ours.places[:, _DOCUMENT], wanted)))
        for first in range(0, len(ours), GROUP):
            self._target.upsert(scope, ours[first : first + GROUP])
        if wrong := differing(ours, _read(self._target, scope, wanted)):
            raise IndexUnavailable(f"what was written of D{wrong[0]} is read otherwise: call it again")
        self._tally.copied |= {(whole, number) for number in wanted}
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
            self._tally.forgotten |= {(replace(scope, part="chunks"), number) for number in numbers}

    def _forget_scope(self, scope: Scope) -> None:
        for part in (scope, scope.openings):
            if numbers := self._target.counts(part).keys():
                self._target.delete_scope(part)
                self._tally.forgotten |= {(scope, number) for number in numbers}


def differing(ours: Points, theirs: Points) -> list[int]:
    """The documents of ours that theirs do not hold, or not the same: both by document and ordinal."""
    rows = dict(_documents(theirs))
    return [
        number
        for number, mine in _documents(ours)
        if number not in rows or not _same(ours[mine], theirs[rows[number]])
    ]


def _same(ours: Points, theirs: Points) -> bool:
    """Places and terms are the same to the bit, dense vectors but for their rounding."""
    exact = all(
        np.array_equal(getattr(ours, name), getattr(theirs, name))
        for name in ("places", "borders", "indices", "values")
    )
    return exact and np.allclose(ours.dense, theirs.dense, rtol=0.0, atol=ROUNDING)


def _documents(points: Points) -> Iterator[tuple[int, slice]]:
    """The rows of each document."""
    numbers = points.places[:, _DOCUMENT]
    starts = np.flatnonzero(np.diff(numbers, prepend=-1)).tolist()
    for first, last in pairwise([*starts, len(numbers)]):
        yield int(numbers[first]), slice(first, last)


def _read(holder: PointHolder, scope: Scope, numbers: Sequence[int]) -> Points:
    """All points of these documents, by document and ordinal."""
    pages: list[Points] = []
    after: str | None = None
    while numbers:
        page = holder.points(scope, numbers, after)
        pages.append(page.points)
        after = page.next
        if after is None:
            break
    points = Points.joined(pages)
    return points.taken(np.lexsort((points.places[:, _ORDINAL], points.places[:, _DOCUMENT])))


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
