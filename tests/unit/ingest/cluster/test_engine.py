"""Files that go through a cluster's stages end as the local engine's, whatever the cluster does."""

from __future__ import annotations

import pickle
import tempfile
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.catalog.records import FileFacts
from ingest.changes import ChangedFile
from ingest.cluster.build import require_same, this_build
from ingest.cluster.engine import BUNDLE_BYTES, BUNDLE_FILES, ClusterEngine, bundled
from ingest.cluster.plan import Crew, Plan, plan
from ingest.cluster.stages import Order, Shipped, Shipping, ship
from ingest.costs import STAGES, Costs
from ingest.errors import (
    Cancelled,
    ClusterRefused,
    ClusterUnavailable,
    EgressRefused,
    UnreadableFile,
)
from ingest.model import Scope, SourceFile
from ingest.pipeline import Ingester
from ingest.readers.options import ReadingOptions
from tests.fakes import cluster
from tests.fakes.embedder import WordEmbedder
from tests.fakes.files import TEXTS, write_texts
from tests.fakes.memory_index import Killed, MemoryIndex, MortalIndex
from tests.fakes.workshop import LARGEST, edit, opened

if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from multiprocessing.connection import Connection

    from ingest.cluster.build import Build
    from ingest.cluster.messages import Place
    from ingest.errors import (
        LecternError,
    )
    from ingest.report import Report
    from tests.fakes.workshop import Workshop

BROKEN = {"broken.pdf": "%PDF-1.7 and nothing more"}
"""Read by nobody."""
LONG = {"long.txt": "".join(f"The berth {n} is let for {n * 7} euros a week.\n\n" for n in range(1_200))}
LARGE = ["".join(f"The berth {n + m} is let.\n\n" for n in range(4_000)) for m in (0, 9)]
"""Each too large to travel with another one."""
SCOPE = Scope("default", "docs", 0)


def told(_: ChangedFile, _pages: int) -> None: ...


def order(build: Build | None = None, *, embeds: bool = True) -> Order:
    embedder = WordEmbedder if embeds else None
    return Order(build or this_build(), ReadingOptions(), 2**32, 60.0, WordEmbedder().dimensions, embedder)


@contextmanager
def clustered(
    drive: Callable[[Connection, Place], None] = cluster.work,
    *,
    embeds: bool = True,
    costs: Costs | None = None,
    require_leave: Callable[[str, str], None] = lambda _tenant, _collection: None,
) -> Generator[ClusterEngine]:
    """Its folders lie apart: tests of Ray, which may run beside these, look for those that Ray leaves."""
    asked = order(embeds=embeds)
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(tempfile, "tempdir", folder)
        with ClusterEngine("head:6379", 1, asked, costs or Costs(), require_leave, drive=drive) as engine:
            yield engine
        assert list(Path(folder).iterdir()) == []


def ingest(
    shop: Workshop, engine: ClusterEngine, costs: Costs | None = None, *, cancelled: bool = False
) -> Report:
    ingester = Ingester(
        shop.catalog, shop.index, shop.embedder, shop.parser, costs=costs or Costs(), engine=engine
    )
    return ingester.ingest(
        "default",
        "docs",
        [shop.folder],
        largest=LARGEST,
        on_progress=lambda _: None,
        cancelled=lambda: cancelled and bool(shop.catalog.collections("default")),
    )


@pytest.mark.parametrize("embeds", [True, False])
def test_a_cluster_fills_the_same_index(tmp_path: Path, *, embeds: bool) -> None:
    folder = tmp_path / "docs"
    write_texts(folder, {**TEXTS, **LONG, **BROKEN})
    costs = Costs()
    with (
        opened(folder, tmp_path / "here") as here,
        opened(folder, tmp_path / "there") as there,
        clustered(embeds=embeds, costs=costs) as engine,
    ):
        local, far = here.ingest(), ingest(there, engine, costs)
        assert there.state() == here.state()
        assert there.parser.since() == []
        assert far.indexed == local.indexed
        assert [failure.path for failure in far.failed] == ["broken.pdf"]
        assert far.failed == local.failed
        assert (far.characters, far.chunks) == (local.characters, local.chunks)
        assert far.costs.keys() == set(STAGES)
        assert all(cost.seconds > 0 for cost in far.costs.values())
        assert min(far.costs[stage].cpu_seconds for stage in ("parse", "cut", "embed")) > 0
        edit(folder / "lease.md", TEXTS["lease.md"] + "\nThe tenant may keep a cat.\n")
        here.ingest()
        assert ingest(there, engine).indexed == ["lease.md"]
        assert there.state() == here.state()


def test_what_a_killed_run_has_written_is_gone_on_with(tmp_path: Path) -> None:
    folder = tmp_path / "docs"
    write_texts(folder, {**TEXTS, **LONG})
    with opened(folder, tmp_path / "here") as here:
        here.ingest()
        expected = here.state()
    index = MortalIndex(dies_at=5, when="halfway")
    with clustered() as engine:
        with opened(folder, tmp_path / "there", index) as there, pytest.raises(Killed):
            ingest(there, engine)
        alive = MemoryIndex()
        alive.points.update(index.points)
        with opened(folder, tmp_path / "there", alive) as there:
            ingest(there, engine)
            assert there.state() == expected
    held = sum(point.ordinal > 0 for point in index.points.values())
    assert 0 < held < sum(point.ordinal > 0 for point in alive.points.values())


@pytest.mark.parametrize(
    ("drive", "error", "said"),
    [
        (cluster.refuse, ClusterRefused, "another Lectern"),
        (cluster.die, ClusterUnavailable, "has ended"),
        (cluster.repeat, ClusterUnavailable, "brought file 0, not 1"),
        (cluster.lose, ClusterUnavailable, "lost 2 files"),
    ],
)
def test_a_cluster_that_fails_loses_and_doubles_nothing(
    tmp_path: Path, drive: Callable[[Connection, Place], None], error: type[LecternError], said: str
) -> None:
    folder = tmp_path / "docs"
    write_texts(folder, {"a.txt": "One berth.\n", **{f"{n}.txt": text for n, text in enumerate(LARGE)}})
    with opened(folder, tmp_path / "data") as shop:
        with clustered(drive) as engine:
            with pytest.raises(error, match=said):
                ingest(shop, engine)
            assert engine.process_id is None
        shop.ingest()
        assert sorted(shop.numbers) == ["0.txt", "1.txt", "a.txt"]
        assert len({(scope, number) for scope, number, _ in shop.index.contents}) == 2 * 3


def test_an_ingest_that_is_cancelled_waits_for_no_answer(tmp_path: Path) -> None:
    write_texts(tmp_path / "docs", TEXTS)
    with opened(tmp_path / "docs", tmp_path / "data") as shop, clustered(cluster.hang) as engine:
        with pytest.raises(Cancelled):
            ingest(shop, engine, cancelled=True)
        assert engine.process_id is None


def test_an_ingest_that_is_cancelled_waits_for_no_start() -> None:
    """However many files there are: more than a pipe holds, until somebody reads it."""

    def leave() -> None:
        raise Cancelled("the ingest was stopped")

    many = [changed_file(number, BUNDLE_BYTES) for number in range(5_000)]
    with clustered(cluster.start_slowly) as engine:
        outcomes = engine.read(SCOPE, many, require_leave=leave, on_pages=told)
        with pytest.raises(Cancelled):
            next(outcomes)
        assert engine.process_id is None


def test_a_process_that_cannot_be_started_leaves_no_folder() -> None:
    cannot_travel = Lock()
    with (
        clustered(lambda _pipe, _place: cannot_travel.release()) as engine,
        pytest.raises((TypeError, AttributeError, pickle.PicklingError)),
    ):
        next(engine.read(SCOPE, [changed_file(0, 1)], require_leave=lambda: None, on_pages=told))


def test_files_go_only_where_their_collection_allows_it(tmp_path: Path) -> None:
    folder = tmp_path / "docs"
    write_texts(folder, {"a.txt": "One berth.\n", **{f"{n}.txt": text for n, text in enumerate(LARGE)}})
    asked: list[tuple[str, str]] = []

    def require_leave(tenant: str, collection: str) -> None:
        asked.append((tenant, collection))
        if len(asked) > 2:
            raise EgressRefused(collection, "ray")

    with opened(folder, tmp_path / "data") as shop, clustered(require_leave=require_leave) as engine:
        report = ingest(shop, engine)
        assert report.indexed == ["0.txt"]
        assert [(failure.path, failure.reason) for failure in report.failed] == [
            ("1.txt", "egress"),
            ("a.txt", "egress"),
        ]
        assert set(asked) == {("default", "docs")}
        assert engine.process_id is None  # nothing more goes there


def test_a_worker_with_another_lectern_does_nothing() -> None:
    ours = this_build()
    with pytest.raises(ClusterRefused, match=r"Lectern 0\.0\.1"):
        Shipping(order(replace(ours, lectern="0.0.1")))
    require_same(ours, {"one": ours, "two": ours})
    with pytest.raises(ClusterRefused, match="there is two: none that can be asked"):
        require_same(ours, {"one": ours, "two": "none that can be asked"})


def test_a_file_that_is_not_what_was_found_is_not_sent(tmp_path: Path) -> None:
    location = tmp_path / "a.txt"
    location.write_text("One berth.\n")
    source = SourceFile("a.txt", location, "text/plain", 11, 0)
    assert ship(source) == Shipped(source, b"One berth.\n")
    location.write_text("Two berths.\n")
    changed = ship(source)
    assert isinstance(changed, UnreadableFile)
    assert changed.reason == "changed"


@given(st.lists(st.integers(1, 2 * BUNDLE_BYTES), max_size=200) | st.lists(st.just(1), max_size=200))
def test_every_file_is_in_one_bundle_in_its_place(sizes: list[int]) -> None:
    bundles = list(bundled([changed_file(number, size) for number, size in enumerate(sizes)]))
    found = [item for bundle in bundles for item in bundle.items]
    assert [item.path for item in found if isinstance(item, SourceFile)] == [
        str(n) for n in range(len(sizes))
    ]
    assert [bundle.first for bundle in bundles] == [
        sum(len(before.items) for before in bundles[:number]) for number in range(len(bundles))
    ]
    for bundle in bundles:
        size = sum(item.size for item in bundle.items if isinstance(item, SourceFile))
        assert 1 <= len(bundle.items) <= BUNDLE_FILES
        assert size <= BUNDLE_BYTES or len(bundle.items) == 1


def changed_file(number: int, size: int) -> ChangedFile:
    source = SourceFile(str(number), Path(str(number)), "text/plain", size, 0)
    return ChangedFile(source, FileFacts(str(number), "", size, 0, "text/plain", "", "", "", ""), None)


def test_a_cluster_is_shared_out() -> None:
    assert plan(4, workers=None, embeds=True) == Plan(Crew(4, 0.4), Crew(4, 0.2), Crew(4, 0.4))
    crowded = plan(1, workers=2, embeds=True)
    assert crowded == Plan(Crew(2, 0.2), Crew(2, 0.1), Crew(2, 0.2))
    assert plan(0.5, workers=None, embeds=False).embedding is None
