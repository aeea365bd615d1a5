"""What an ingest asks of the catalog takes as many steps among many documents as among few."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import event

from ingest.catalog.catalog import Catalog
from ingest.catalog.database import Database, sqlite_url
from ingest.catalog.migrating import bring_to_head
from ingest.catalog.records import FileFacts, NewVersion
from ingest.model import Document

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator
    from pathlib import Path
    from sqlite3 import Connection as SqliteConnection

    from ingest.catalog.records import CollectionRecord

FEW, MANY = 60, 1_500
TOLERANCE = 1.1
"""Another level of an index is a few steps more."""
TENANT, NAME = "default", "leases"
CALLS: dict[str, Callable[[Catalog, CollectionRecord], object]] = {
    "by path": lambda catalog, leases: catalog.known_files(leases, paths={"7/7.md", "9/9.md", "new.md"}),
    "by folder": lambda catalog, leases: catalog.known_files(leases, paths=(), folders=["/leases/7"]),
    "by content": lambda catalog, leases: catalog.known_copies(leases, {"7", "8", "new"}),
    "placed": lambda catalog, _: catalog.placed(TENANT, NAME, {"/leases/7/7.md"}, {"8/8.md", "new.md"}),
    "retitled": lambda catalog, leases: catalog.retitled(leases),
    "pending": lambda catalog, leases: catalog.pending_versions(leases),
}
ROW = 5
"""Steps that one of the manifest takes out of its index; a look-up in the table would be one more."""


class Stepped:
    """A catalog in a file, and how many steps SQLite's machine takes for it."""

    def __init__(self, place: Path) -> None:
        self._connections: list[SqliteConnection] = []
        database = Database(sqlite_url(place))
        event.listen(database.engine, "connect", self._keep)
        bring_to_head(database)
        self.catalog = Catalog(database)
        self.catalog.ensure_collection(TENANT, NAME, embedder="e", dimensions=1, check_vector=b"")
        self.leases = self.catalog.collection(TENANT, NAME)
        self._held = 0

    def fill(self, upto: int) -> None:
        """Publish documents, a folder for each."""
        files = [
            FileFacts(
                f"{n}/{n}.md", f"{n}", 1, 1, "text/markdown", "markdown", "chunks", "e", f"/leases/{n}/{n}.md"
            )
            for n in range(self._held, upto)
        ]
        begun = self.catalog.begin_versions(self.leases, files)
        lease = Document("The rent is due.", "Lease", ())
        self.catalog.publish_versions([NewVersion(version, lease, (), 1) for version in begun])
        self._held = upto

    def _keep(self, connection: SqliteConnection, _record: object) -> None:
        self._connections.append(connection)

    def taken(self, call: Callable[[Catalog, CollectionRecord], object]) -> int:
        steps = 0

        def step() -> None:
            nonlocal steps
            steps += 1

        for connection in self._connections:
            connection.set_progress_handler(step, 1)
        call(self.catalog, self.leases)
        for connection in self._connections:
            connection.set_progress_handler(None, 1)
        return steps


@pytest.fixture(scope="module")
def steps(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[dict[str, int], dict[str, int]]]:
    stepped = Stepped(tmp_path_factory.mktemp("stepped") / "catalog.sqlite")
    with stepped.catalog:
        counted: list[dict[str, int]] = []
        for size in (FEW, MANY):
            stepped.fill(size)
            counted.append({name: stepped.taken(call) for name, call in CALLS.items()})
            counted[-1]["manifest"] = stepped.taken(lambda catalog, leases: catalog.manifest(leases))
        yield counted[0], counted[1]


@pytest.mark.parametrize("call", CALLS)
def test_no_more_steps_than_among_few_documents(
    steps: tuple[dict[str, int], dict[str, int]], call: str
) -> None:
    few, many = steps
    assert 0 < many[call] <= few[call] * TOLERANCE


def test_what_is_listed_whole_is_read_from_an_index(steps: tuple[dict[str, int], dict[str, int]]) -> None:
    few, many = steps
    assert (many["manifest"] - few["manifest"]) / (MANY - FEW) <= ROW


def test_the_same_is_told_of_few_files_as_of_all(catalog: Catalog, tenant: str) -> None:
    """Of each of them: where its file lies, however it is asked for; of documents before failures."""
    catalog.ensure_collection(tenant, NAME, embedder="e", dimensions=1, check_vector=b"")
    leases = catalog.collection(tenant, NAME)
    stamp = ("h", 1, 1, "text/markdown", "markdown", "chunks", "e")
    catalog.begin_versions(
        leases,
        [FileFacts(f"{n}.md", *stamp, f"/a/{n}.md") for n in range(3)] + [FileFacts("sent.md", *stamp)],
    )
    for path, location in (("1.md", "/b/1.md"), ("4.md", "/b/4.md"), ("5.md", "/a/2.md")):
        catalog.record_failure(leases, path, "empty", "no text", size=0, modified_ns=0, location=location)
    every = catalog.locations(tenant, NAME)

    def placed(*, lying: Collection[str] = (), paths: Collection[str] = ()) -> dict[str, str]:
        found = catalog.placed(tenant, NAME, lying, paths)
        assert found.items() <= every.items()
        return found

    assert every["1.md"] == "/a/1.md"
    assert {"0.md", "2.md"} <= placed(lying={"/a/0.md", "/a/2.md"}).keys()
    assert "0.md" not in placed(lying={"/a"})
    assert placed(lying={"/b/1.md"})["1.md"] == "/a/1.md"
    assert placed(paths={"2.md", "sent.md", "nowhere.md"}).items() >= {("2.md", "/a/2.md"), ("sent.md", "")}
    many = {f"/a/{n}.md" for n in range(2_500)}
    assert {f"{n}.md" for n in range(3)} <= placed(lying=many, paths=many).keys()
    assert catalog.placed(tenant, "nowhere", many, {"0.md"}) == {}
