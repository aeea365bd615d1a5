"""Re-indexing beside what serves: killed anywhere, documents deleted meanwhile, in both kinds of store."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from ingest.errors import UnsupportedStore
from ingest.index import LocalIndex, Question
from ingest.pipeline import Ingester
from ingest.reading import read
from ingest.reindexing import Reindexer, garbage
from ingest.sandbox import InlineParser
from ingest.store.layout import ServerAddress
from ingest.store.server_names import connect_all
from service.edge_index import open_shards
from tests.fakes.embedder import WordEmbedder
from tests.fakes.files import LEASE, TEXTS, write_texts
from tests.fakes.memory_index import Killed, MemoryIndex, MortalIndex
from tests.fakes.qdrant_rest import QdrantRest
from tests.fakes.workshop import LARGEST, edit, opened

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path
    from typing import Literal

    from ingest.model import Scope
    from ingest.reindexing import ReindexReport
    from ingest.store.contract import Point, Store
    from tests.fakes.memory_index import Content
    from tests.fakes.workshop import Workshop

SLOW = pytest.mark.slow
MOMENTS = [pytest.param("before", marks=SLOW), "halfway", pytest.param("after", marks=SLOW)]
FEW = {name: TEXTS[name] for name in ("lease.md", "policy.txt", "code/ledger.py")}
NEW = WordEmbedder("words/2", dimensions=12)


@pytest.fixture
def workshop(tmp_path: Path) -> Iterator[Workshop]:
    write_texts(tmp_path / "docs", FEW)
    with opened(tmp_path / "docs", tmp_path / "data") as made:
        made.ingest()
        yield made


def reindex(workshop: Workshop, *, anew: bool = False) -> ReindexReport:
    workshop.embedder = WordEmbedder("words/2", dimensions=12)
    reindexer = Reindexer(workshop.catalog, workshop.index, workshop.embedder)
    return reindexer.reindex("default", "docs", on_progress=lambda _: None, anew=anew)


def points(workshop: Workshop) -> dict[tuple[int, int, str, int], Content]:
    return {
        (scope.generation, number, scope.part, ordinal): content
        for (scope, number, ordinal), content in workshop.index.contents.items()
    }


def test_the_new_embedder_serves_and_nothing_is_left_of_the_old_one(
    workshop: Workshop, tmp_path: Path
) -> None:
    numbers, parsed = workshop.numbers, workshop.parser.since()

    report = reindex(workshop)

    assert (report.documents, report.resumed, report.generation) == (len(parsed), 0, 2)
    assert workshop.numbers == numbers
    assert {scope.generation for scope, _, _ in workshop.index.points} == {2}
    assert workshop.collection.dimensions == 12
    again = workshop.ingest()
    assert (again.indexed, len(again.unchanged)) == ([], len(FEW))
    with opened(workshop.folder, tmp_path / "fresh") as other:
        other.embedder = NEW
        other.ingest()
        assert workshop.contents() == other.contents()


def test_what_is_up_to_date_is_not_built_again_unless_it_is_wished(workshop: Workshop) -> None:
    reindex(workshop)
    before = points(workshop)

    assert reindex(workshop).documents == 0
    assert points(workshop) == before
    assert reindex(workshop, anew=True).generation == 3
    assert {(3, *key[1:]): content for key, content in before.items()} == points(workshop)


def test_the_refusal_of_another_embedder_names_the_command(workshop: Workshop) -> None:
    workshop.embedder = WordEmbedder("words/2")

    with pytest.raises(UnsupportedStore, match="lectern reindex docs"):
        workshop.ingest()


@pytest.mark.parametrize(
    "when",
    [
        pytest.param("before", marks=pytest.mark.slow),
        "halfway",
        pytest.param("after", marks=pytest.mark.slow),
    ],
)
def test_killed_at_any_call_it_goes_on_and_ends_the_same(
    tmp_path: Path, when: Literal["before", "halfway", "after"]
) -> None:
    calm = _reindexed(tmp_path / "calm", MortalIndex(0, when))
    call = 0
    for call in range(1, 60):
        mortal = MortalIndex(call, when)
        assert _reindexed(tmp_path / f"killed-{call}", mortal) == calm, f"killed {when} call {call}"
        if mortal.calls < call:
            break
    assert call >= 15


def _reindexed(folder: Path, index: MortalIndex) -> object:
    write_texts(folder / "docs", FEW)
    dies_at, index.dies_at = index.dies_at, 0
    with opened(folder / "docs", folder, index) as workshop:
        workshop.ingest()
        index.dies_at, index.calls = dies_at, 0
        try:
            reindex(workshop)
        except Killed:
            serving = workshop.collection.scope
            assert workshop.index.counts(serving) == dict(workshop.numbers.values())
            reindex(workshop)
        index.dies_at = 0
        assert garbage(index, workshop.collection) == {}
        return workshop.state()


def test_a_killed_run_goes_on_where_it_was(tmp_path: Path) -> None:
    write_texts(tmp_path / "docs", FEW)
    index = MortalIndex(0, "after")
    with opened(tmp_path / "docs", tmp_path / "data", index) as workshop:
        workshop.ingest()
        index.calls, index.dies_at = 0, 8
        with pytest.raises(Killed):
            reindex(workshop)

        report = reindex(workshop)

        assert report.resumed >= 1
        assert report.generation == 2


def test_another_embedder_does_not_go_on_with_what_a_killed_run_built(tmp_path: Path) -> None:
    write_texts(tmp_path / "docs", FEW)
    index = MortalIndex(0, "after")
    with opened(tmp_path / "docs", tmp_path / "data", index) as workshop:
        workshop.ingest()
        index.calls, index.dies_at = 0, 8
        with pytest.raises(Killed):
            reindex(workshop)
        third = WordEmbedder("words/3")

        report = Reindexer(workshop.catalog, index, third).reindex(
            "default", "docs", on_progress=lambda _: None
        )

        assert (report.generation, report.resumed) == (3, 0)
        assert {scope.generation for scope, _, _ in index.points} == {3}


def test_a_file_that_moves_between_two_runs_has_its_new_title_in_both_generations(tmp_path: Path) -> None:
    write_texts(tmp_path / "docs", FEW)
    index = MortalIndex(0, "after")
    with opened(tmp_path / "docs", tmp_path / "data", index) as workshop:
        workshop.ingest()
        index.calls, index.dies_at = 0, 9
        with pytest.raises(Killed):
            reindex(workshop)
        (workshop.folder / "code/ledger.py").rename(workshop.folder / "code/book.py")
        edit(workshop.folder / "lease.md", LEASE.replace("4,200", "5,100"))
        workshop.embedder = WordEmbedder()
        workshop.ingest()

        reindex(workshop)

        with opened(workshop.folder, tmp_path / "fresh") as other:
            other.embedder = NEW
            other.ingest()
            assert workshop.contents() == other.contents()


class BusyIndex(MemoryIndex):
    """Lets something happen before a chosen write."""

    def __init__(self) -> None:
        super().__init__()
        self.meanwhile: dict[int, Callable[[], object]] = {}
        self._writes = 0

    def upsert(self, scope: Scope, points: Sequence[Point]) -> None:
        if scope.generation > 1:
            self._writes += 1
            self.meanwhile.get(self._writes, lambda: None)()
        super().upsert(scope, points)


@pytest.mark.parametrize("write", range(1, 6))
def test_a_document_that_is_deleted_meanwhile_is_in_no_generation(tmp_path: Path, write: int) -> None:
    write_texts(tmp_path / "docs", FEW)
    index = BusyIndex()
    with opened(tmp_path / "docs", tmp_path / "data", index) as workshop:
        workshop.ingest()
        number, _ = workshop.numbers["lease.md"]

        def delete() -> None:  # as the service does
            numbers = workshop.catalog.delete_document("default", workshop.documents["lease.md"])
            for scope in workshop.collection.scopes:
                index.delete_documents(scope, numbers)

        index.meanwhile[write] = delete

        reindex(workshop)

        assert sorted(workshop.numbers) == ["code/ledger.py", "policy.txt"]
        assert number not in {held for _, held, _ in index.points}
        assert workshop.index.counts(workshop.collection.scope) == dict(workshop.numbers.values())


def test_a_deleted_collection_never_meets_what_a_killed_run_built(tmp_path: Path) -> None:
    write_texts(tmp_path / "docs", FEW)
    index = MortalIndex(0, "after")
    with opened(tmp_path / "docs", tmp_path / "data", index) as workshop:
        workshop.ingest()
        index.calls, index.dies_at = 0, 8
        with pytest.raises(Killed):
            reindex(workshop)
        assert len(workshop.catalog.delete_collection("default", "docs").scopes) == 2
        workshop.embedder = WordEmbedder()

        workshop.ingest()

        assert workshop.collection.generation == 3
        assert workshop.collection.next_generation is None


@pytest.fixture(params=["edge", "server"])
def open_store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[int], Store]]:
    if request.param == "edge":
        yield lambda dimensions: open_shards(tmp_path / "shards", dimensions)
    else:
        with QdrantRest(tmp_path / "server") as server:
            yield lambda dimensions: connect_all(ServerAddress(server.url), dimensions=dimensions)


def test_vectors_of_another_length_are_built_beside_and_serve(
    tmp_path: Path, open_store: Callable[[int], Store]
) -> None:
    write_texts(tmp_path / "docs", FEW)
    old = LocalIndex(open_store(8), WordEmbedder())
    with opened(tmp_path / "docs", tmp_path / "data") as workshop:
        ingester = Ingester(workshop.catalog, old, WordEmbedder(), InlineParser(read))
        ingester.ingest("default", "docs", [workshop.folder], largest=LARGEST, on_progress=lambda _: None)
        question = Question("What is the monthly rent?")
        before = old.search(workshop.collection.scope, question, documents=None, limit=3)
        reindexer = Reindexer(workshop.catalog, old, NEW)  # through an index that another embedder asks
        during: list[object] = []
        scope = workshop.collection.scope

        reindexer.reindex(
            "default",
            "docs",
            on_progress=lambda _: during.append(old.search(scope, question, documents=None, limit=3)),
        )

        assert before
        assert during == [before] * len(FEW)
        assert old.counts(scope) == {}
        old.close()
        new = LocalIndex(open_store(12), NEW)
        assert new.counts(workshop.collection.scope) == dict(workshop.numbers.values())
        found = new.search(workshop.collection.scope, question, documents=None, limit=3)
        assert found[0].document == before[0].document
        with pytest.raises(UnsupportedStore, match="words/1"):
            new.search(scope, replace(question, embedder="words/1"), documents=None, limit=3)
        new.close()
