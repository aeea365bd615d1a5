"""Versions found by words of their titles: what is remembered against a look at all of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ingest.catalog.catalog import Catalog
from ingest.catalog.database import Database, sqlite_url
from ingest.catalog.migrating import bring_to_head
from ingest.catalog.records import FileFacts, Moved
from ingest.model import Document
from service.titled import BELIEVED_SECONDS, Titled
from tests.fakes.versions import begin, publish

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from ingest.catalog.records import CollectionRecord, VersionRecord

WORDS = ("amendment", "addendum")


class Watched(Catalog):
    """Notes after which number titles are looked at, each time."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self.looked_after: list[int] = []

    def titled_numbers(
        self, collection: CollectionRecord, words: Sequence[str], *, after: int
    ) -> tuple[list[int], list[int]]:
        self.looked_after.append(after)
        return super().titled_numbers(collection, words, after=after)


class Office:
    """A catalog that grows, and what is found in it by a clock of the test's own."""

    def __init__(self, catalog: Watched) -> None:
        self.catalog = catalog
        self.now = 0.0
        self.titled = Titled(catalog, now=lambda: self.now)
        catalog.ensure_collection("acme", "docs", embedder="use/3", dimensions=2, check_vector=b"")

    @property
    def collection(self) -> CollectionRecord:
        return self.catalog.collection("acme", "docs")

    def begin(self, path: str) -> VersionRecord:
        facts = FileFacts(path, path, 10, 20, "text/plain", "plain/1", "chunks/1", "use/3", f"/{path}")
        return begin(self.catalog, self.collection, facts)

    def publish(self, version: VersionRecord) -> VersionRecord:
        return publish(self.catalog, version, Document("Ann signs.", version.path, ()), (), chunks=0)

    def add(self, path: str) -> VersionRecord:
        return self.publish(self.begin(path))

    def found(self, limit: int = 20, among: set[int] | None = None) -> list[int]:
        return [
            version.number for version in self.titled.newest(self.collection, WORDS, among=among, limit=limit)
        ]


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    database = Database(sqlite_url(tmp_path / "catalog.sqlite"))
    bring_to_head(database)
    with Watched(database) as catalog:
        yield Office(catalog)


def test_the_newest_come_first_and_no_more_than_are_asked_for(office: Office) -> None:
    office.add("lease.md")
    numbers = [office.add(f"Amendment {number}.md").number for number in range(5)]

    assert office.found() == numbers[::-1]
    assert office.found(limit=2) == [numbers[4], numbers[3]]
    assert office.found(among={numbers[1], numbers[0], 1}) == [numbers[1], numbers[0]]
    assert office.found(among=set()) == []


def test_what_comes_later_is_found_at_once(office: Office) -> None:
    assert office.found() == []
    slow = office.begin("amendment, read for a long time.md")
    quick = office.add("addendum.md")
    assert office.found() == [quick.number], "only what can be read"
    office.publish(slow)
    assert office.found() == [quick.number, slow.number]


def test_what_is_replaced_or_deleted_is_not_found_any_more(office: Office) -> None:
    first, second = office.add("amendment 1.md"), office.add("amendment 2.md")
    assert office.found() == [second.number, first.number]

    newer = publish(
        office.catalog, office.begin("amendment 1.md"), Document("Bob.", "amendment", ()), (), chunks=0
    )
    office.catalog.delete_document("acme", second.document)

    assert office.found() == [newer.number]
    assert office.found(limit=1) == [newer.number]


def test_another_collection_has_others(office: Office) -> None:
    own = office.add("amendment.md")
    made = office.catalog.ensure_collection("acme", "more", embedder="use/3", dimensions=2, check_vector=b"")
    assert office.titled.newest(made, WORDS, among=None, limit=9) == []
    assert office.titled.newest(office.collection, ("lease",), among=None, limit=9) == []
    assert office.found() == [own.number]


def test_a_new_name_is_seen_after_a_minute(office: Office) -> None:
    version = office.add("letter.md")
    assert office.found() == []

    place = ("amendment.md", "/amendment.md", 10, 20)
    office.catalog.move_documents(
        office.collection,
        [Moved(version.document, version.number, *place, None, None, of_other_source=False)],
    )

    office.now += BELIEVED_SECONDS - 1
    assert office.found() == []
    office.now += 1
    assert office.found() == [version.number]


def test_titles_are_looked_at_once(office: Office) -> None:
    numbers = [office.add(f"amendment {number}.md").number for number in range(3)]
    office.found()
    office.found()
    waiting = office.begin("lease.md")
    office.found()
    office.publish(waiting)
    office.found()
    office.found()
    assert office.catalog.looked_after == [0, numbers[-1], numbers[-1]]
