"""The index copied from one store into another: nothing lost, nothing doubled, nothing that was deleted."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Literal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.catalog.records import CollectionRecord, VersionRecord
from ingest.errors import IndexUnavailable
from ingest.migrating import GROUP, Migration
from ingest.store.contract import Point, SparseVector
from tests.fakes.memory_index import Killed, MemoryIndex, MortalIndex

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ingest.migrating import MigrationProgress, MigrationReport
    from ingest.model import Scope
    from tests.fakes.memory_index import Content, Key

DOCS = CollectionRecord("acme", "docs", 2, "words/1", 2, b"", datetime(2026, 1, 1, tzinfo=UTC))
OTHER = replace(DOCS, tenant="globex")
"""Of the same name, and somebody else's."""


@dataclass
class Register:
    """What a catalog would say: chunks by number of each ready version, and numbers that are pending."""

    ready: dict[int, int]
    pending: set[int] = field(default_factory=set[int])
    next_generation: int | None = None
    buried: tuple[CollectionRecord, ...] = ()

    def tenants(self) -> tuple[str, ...]:
        return "acme", "globex"

    def collections(self, tenant: str) -> tuple[CollectionRecord, ...]:
        return (replace(DOCS, tenant=tenant, next_generation=self.next_generation),)

    def buried_collections(self) -> tuple[CollectionRecord, ...]:
        return self.buried

    def manifest(self, collection: CollectionRecord) -> dict[int, int]:
        return dict(self.ready) if collection.tenant == "acme" else {}

    def pending_versions(self, collection: CollectionRecord) -> tuple[VersionRecord, ...]:
        numbers = self.pending if collection.tenant == "acme" else ()
        return tuple(begun(number) for number in numbers)


def begun(number: int) -> VersionRecord:
    return VersionRecord(
        tenant="acme",
        collection="docs",
        number=number,
        document=f"{number}",
        ordinal=1,
        path=f"{number}.txt",
        state="pending",
        content_hash="",
        size=1,
        modified_ns=0,
        media_type="text/plain",
        title="",
        reader="",
        chunker="",
        embedder="words/1",
        characters=0,
        pages=0,
        passages=0,
        chunks=0,
        created_at=DOCS.created_at,
    )


def point(document: int, ordinal: int, shade: int = 0) -> Point:
    terms = np.arange(ordinal % 3, dtype=np.uint32)  # some have no words, and some no direction
    weights = np.full(len(terms), 1.0 + shade, dtype=np.float32)
    direction = np.array([ordinal % 2, 0], dtype=np.float32)
    place = (document, ordinal, ordinal * 9, ordinal * 9 + 9, 1, 1)
    return Point(*place, SparseVector(terms, weights), direction)


def fill(index: MemoryIndex, scope: Scope, counts: dict[int, int]) -> None:
    for document, count in counts.items():
        index.upsert(scope, [point(document, ordinal) for ordinal in range(count)])
        index.upsert(scope.openings, [point(document, 0)])


def migrate(register: Register, source: MemoryIndex, target: MemoryIndex) -> MigrationReport:
    migration = Migration(register, source, target, on_progress=lambda _: None)
    migration.copy()
    return migration.settle()


def live(source: MemoryIndex, register: Register) -> dict[Key, Content]:
    numbers = register.ready.keys() | register.pending
    generations = {DOCS.generation, register.next_generation}
    return {
        key: content
        for key, content in source.contents.items()
        if key[1] in numbers and key[0].generation in generations and key[0].tenant == "acme"
    }


def test_all_points_of_what_is_there_are_copied_and_told() -> None:
    source, target, register = MemoryIndex(), MemoryIndex(), Register({1: 4, 2: 1}, {3})
    fill(source, DOCS.scope, {1: 4, 2: 1, 3: 2, 9: 3})  # 9 was superseded, and a kill has left it
    progress: list[MigrationProgress] = []

    migration = Migration(register, source, target, on_progress=progress.append)
    migration.copy()
    report = migration.settle()

    assert target.contents == live(source, register)
    assert {number for _, number, _ in target.points} == {1, 2, 3}
    assert (report.collections, report.documents, report.points) == (2, 2, 7 + 3)
    assert (report.copied_documents, report.copied_points) == (3, 10)
    assert (report.kept_documents, report.forgotten_documents, report.lacking) == (0, 0, ())
    assert [(shown.done, shown.total) for shown in progress] == [(10, 10)]


def test_a_second_run_writes_nothing() -> None:
    source, target, register = MemoryIndex(), MemoryIndex(), Register({1: 4, 2: 1})
    fill(source, DOCS.scope, {1: 4, 2: 1})
    migrate(register, source, target)
    mended = ReadOnly(target)

    report = migrate(register, source, mended)

    assert (report.copied_documents, report.kept_documents, report.points) == (0, 2, 7)


class ReadOnly(MemoryIndex):
    def __init__(self, other: MemoryIndex) -> None:
        super().__init__()
        self.points = other.points

    def upsert(self, scope: Scope, points: Sequence[Point]) -> None:
        raise AssertionError(f"{len(points)} points are written into {scope}")

    def delete_documents(self, scope: Scope, documents: Sequence[int]) -> None:
        raise AssertionError(f"{documents} are deleted from {scope}")


def no_terms(one: Point) -> Point:
    return replace(one, sparse=SparseVector(one.sparse.indices[:0], one.sparse.values[:0]))


SPOILING: dict[str, Callable[[Point], Point]] = {
    "place": lambda one: replace(one, end=one.end + 1),
    "weight": lambda one: replace(one, sparse=SparseVector(one.sparse.indices, one.sparse.values + 0.5)),
    "terms": no_terms,
    "direction": lambda one: replace(one, dense=np.array([0, 1], np.float32)),
}


@pytest.mark.parametrize("spoil", SPOILING.values(), ids=SPOILING.keys())
def test_a_document_that_differs_in_anything_is_written_anew(spoil: Callable[[Point], Point]) -> None:
    source, target, register = MemoryIndex(), MemoryIndex(), Register({1: 4, 2: 5})
    fill(source, DOCS.scope, {1: 4, 2: 5})
    migrate(register, source, target)
    key = (DOCS.scope, 2, 1)
    target.points[key] = spoil(target.points[key])

    report = migrate(register, source, target)

    assert target.contents == live(source, register)
    assert (report.copied_documents, report.kept_documents) == (1, 1)


def test_rounding_is_no_difference() -> None:
    source, target, register = MemoryIndex(), MemoryIndex(), Register({1: 4})
    fill(source, DOCS.scope, {1: 4})
    migrate(register, source, target)
    key = (DOCS.scope, 1, 1)
    target.points[key] = replace(target.points[key], dense=target.points[key].dense * np.float32(0.9999))

    assert migrate(register, source, target).copied_documents == 0


def test_points_beyond_those_of_the_source_go() -> None:
    source, target, register = MemoryIndex(), MemoryIndex(), Register({1: 2})
    fill(source, DOCS.scope, {1: 2})
    fill(target, DOCS.scope, {1: 5})

    migrate(register, source, target)

    assert target.contents == live(source, register)


def test_an_empty_source_deletes_nothing_and_says_what_is_lacking() -> None:
    """Whoever takes the wrong server for the one that holds the index loses nothing."""
    target, register = MemoryIndex(), Register({1: 2, 2: 3})
    fill(target, DOCS.scope, {1: 2})
    before = target.contents

    report = migrate(register, MemoryIndex(), target)

    assert target.contents == before
    assert report.lacking == ("docs: D2",)


def test_a_half_document_does_not_replace_a_whole_one() -> None:
    source, target, register = MemoryIndex(), MemoryIndex(), Register({1: 4})
    fill(source, DOCS.scope, {1: 2})
    fill(target, DOCS.scope, {1: 4})
    before = target.contents

    assert migrate(register, source, target).lacking == ()
    assert target.contents == before


def test_what_lacks_points_in_both_is_copied_as_it_is_and_told() -> None:
    source, target, register = MemoryIndex(), MemoryIndex(), Register({1: 4, 2: 1})
    fill(source, DOCS.scope, {1: 2, 2: 1})
    source.delete_documents(DOCS.scope.openings, [2])

    report = migrate(register, source, target)

    assert target.contents == live(source, register)
    assert report.lacking == ("docs: D1", "docs: D2")


def test_a_generation_that_is_being_built_comes_along_and_old_ones_go() -> None:
    source, target, register = MemoryIndex(), MemoryIndex(), Register({1: 2}, next_generation=3)
    fill(source, DOCS.scope, {1: 2})
    fill(source, replace(DOCS.scope, generation=3), {1: 1})
    fill(target, replace(DOCS.scope, generation=1), {1: 6, 7: 1})

    report = migrate(register, source, target)

    assert target.contents == live(source, register)
    assert {key[0].generation for key in target.points} == {2, 3}
    assert report.forgotten_documents == 2


def test_another_tenants_points_are_its_own() -> None:
    source, target, register = MemoryIndex(), MemoryIndex(), Register({1: 2})
    fill(source, OTHER.scope, {1: 2})  # nobody's: its catalog knows no document

    migrate(register, source, target)

    assert target.points == {}


def test_a_collection_that_was_deleted_is_forgotten_in_the_target() -> None:
    source, target = MemoryIndex(), MemoryIndex()
    gone = replace(DOCS, name="gone", generation=3)
    for generation in (1, 2, 3):
        fill(target, replace(gone.scope, generation=generation), {1: 2})

    report = migrate(Register({}, buried=(gone,)), source, target)

    assert target.points == {}
    assert report.forgotten_documents == 3


def test_a_document_deleted_meanwhile_does_not_come_back() -> None:
    source, target, register = MemoryIndex(), MemoryIndex(), Register({1: 4, 2: 1})
    fill(source, DOCS.scope, {1: 4, 2: 1})
    migration = Migration(register, source, target, on_progress=lambda _: None)
    migration.copy()
    del register.ready[1]
    source.delete_documents(DOCS.scope, [1])

    report = migration.settle()

    assert {number for _, number, _ in target.points} == {2}
    assert (report.documents, report.forgotten_documents) == (1, 1)


class Leaking(MemoryIndex):
    """Loses the last point of each write."""

    def upsert(self, scope: Scope, points: Sequence[Point]) -> None:
        super().upsert(scope, points[:-1])


def test_a_store_that_gives_back_otherwise_ends_it() -> None:
    source, register = MemoryIndex(), Register({1: 4})
    fill(source, DOCS.scope, {1: 4})

    with pytest.raises(IndexUnavailable, match="D1 is read otherwise"):
        migrate(register, source, Leaking())


class Counting(MemoryIndex):
    def __init__(self) -> None:
        super().__init__()
        self.sizes: list[int] = []

    def upsert(self, scope: Scope, points: Sequence[Point]) -> None:
        self.sizes.append(len(points))
        super().upsert(scope, points)


def test_many_documents_share_a_write_and_a_large_one_is_cut() -> None:
    source, target = MemoryIndex(), Counting()
    counts = {1: GROUP + 10, **dict.fromkeys(range(2, 12), 3)}
    fill(source, DOCS.scope, counts)

    migrate(Register(counts), source, target)

    assert target.sizes == [GROUP, 10, 1, 30, 10]  # chunks, then their openings


COUNTS = st.dictionaries(st.integers(1, 6), st.integers(1, 7), max_size=5)


@dataclass(frozen=True)
class World:
    source: dict[int, int]
    target: dict[int, int]
    ready: dict[int, int]
    pending: set[int]
    spoiled: int
    dies_at: int
    when: Literal["before", "halfway", "after"]
    deleted: int | None


@st.composite
def worlds(draw: st.DrawFn) -> World:
    source = draw(COUNTS)
    live_numbers = draw(st.sets(st.sampled_from(sorted(source)))) if source else set[int]()
    pending = draw(st.sets(st.sampled_from(sorted(live_numbers)))) if live_numbers else set[int]()
    return World(
        source,
        draw(COUNTS),
        {number: source[number] for number in live_numbers - pending},
        pending,
        draw(st.integers(0, 5)),
        draw(st.integers(1, 14)),
        draw(st.sampled_from(["before", "halfway", "after"])),
        draw(st.sampled_from([*source, None])),
    )


@given(worlds())
def test_killed_anywhere_the_next_run_ends_as_an_undisturbed_one(world: World) -> None:
    source, target = MemoryIndex(), MortalIndex(10**9, world.when)
    register = Register(dict(world.ready), set(world.pending))
    fill(source, DOCS.scope, world.source)
    fill(target, DOCS.scope, world.target)
    for key in sorted(target.points, key=lambda key: (key[0].part, key[1:]))[: world.spoiled]:
        target.points[key] = point(key[1], key[2], shade=1)
    before = source.contents
    target.calls, target.dies_at = 0, world.dies_at

    died = False
    try:
        migrate(register, source, target)
    except Killed:
        died = True
        target.dies_at = 0
        if world.deleted is not None:  # between the two runs
            register.ready.pop(world.deleted, None)
            register.pending.discard(world.deleted)
            source.delete_documents(DOCS.scope, [world.deleted])
            before = source.contents
        report = migrate(register, source, target)
        assert report.lacking == ()

    assert died or target.calls < world.dies_at
    assert source.contents == before
    assert target.contents == live(source, register)
    held = Counter(number for scope, number, _ in target.points if scope.part == "chunks")
    assert {number: count for number, count in held.items() if number in register.ready} == register.ready
