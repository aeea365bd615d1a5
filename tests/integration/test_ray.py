"""Ray on this machine, two workers of each stage, beside the local engine: the same index, whatever dies."""

from __future__ import annotations

import shutil
import signal
import sys
import threading
import time
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from ingest.catalog.catalog import open_catalog
from ingest.cluster.build import this_build
from ingest.cluster.engine import ClusterEngine
from ingest.cluster.stages import Order
from ingest.costs import STAGES, Costs
from ingest.embedding import UniversalSentenceEncoder
from ingest.errors import Cancelled, ClusterRefused, LecternError
from ingest.pipeline import Ingester
from ingest.readers.options import ReadingOptions
from ingest.sandbox import ParsingProcess
from tests.fakes.command_line import CommandLine
from tests.fakes.files import TEXTS, write_texts
from tests.fakes.memory_index import MemoryIndex
from tests.fakes.ray_processes import Killer, folders, workers

if TYPE_CHECKING:
    from collections.abc import Callable

    from ingest.cluster.build import Build
    from ingest.engine import Engine
    from ingest.report import Progress, Report
    from tests.fakes.memory_index import Key

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(find_spec("ray") is None, reason="Ray is not installed: the extra `ray`"),
    pytest.mark.skipif(sys.platform != "linux", reason="looks for processes in /proc"),
]

CORPUS = Path(__file__).resolve().parents[2] / "examples" / "corpus"
LARGEST = 2**24
"""Bytes."""
NEAR = 1e-5
COSTS = Costs()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("ray") / "docs"
    shutil.copytree(CORPUS, folder)
    write_texts(folder, TEXTS)
    (folder / "broken.pdf").write_bytes(b"%PDF-1.7 and nothing more")
    for number in range(24):
        text = "".join(
            f"{n}. Berth {number}-{n} is let for {n * 7} euros a week.\n\n"
            for n in range(700 + 97 * (number % 7))
        )
        (folder / f"berths-{number}.md").write_text(f"# Berths {number}\n\n{text}", encoding="utf-8")
    return folder


def ray_here(build: Build | None = None) -> ClusterEngine:
    order = Order(build or this_build(), ReadingOptions(), 2**32, 120.0, 512, UniversalSentenceEncoder)
    return ClusterEngine("local", 2, order, COSTS)


class Made:
    """What an ingest has left behind."""

    def __init__(self, folder: Path, data: Path, engine: Engine | None = None) -> None:
        self._folder = folder
        self._data = data
        self._engine = engine
        self.index = MemoryIndex()
        data.mkdir()

    def ingest(
        self,
        on_progress: Callable[[Progress], None] = lambda _: None,
        cancelled: Callable[[], bool] = lambda: False,
    ) -> Report:
        with open_catalog(self._data / "catalog.sqlite") as catalog, ParsingProcess() as parser:
            ingester = Ingester(
                catalog, self.index, UniversalSentenceEncoder(), parser, costs=COSTS, engine=self._engine
            )
            return ingester.ingest(
                "default",
                "docs",
                [self._folder],
                largest=LARGEST,
                on_progress=on_progress,
                cancelled=cancelled,
            )

    def documents(self) -> dict[str, tuple[object, ...]]:
        """By path: number, title, text, elements, passages."""
        with open_catalog(self._data / "catalog.sqlite") as catalog:
            records = catalog.documents("default", "docs", limit=10_000).documents
            found: dict[str, tuple[object, ...]] = {}
            for record in records:
                version = record.version
                content = catalog.content("default", "docs", version.number)
                kept = content.document
                found[version.path] = (
                    version.number,
                    version.title,
                    version.chunks,
                    version.reader,
                    kept.text,
                    list(kept.elements),
                    kept.symbols,
                    kept.pages,
                    list(content.passages),
                )
            return found

    def sparse(self) -> dict[Key, tuple[object, ...]]:
        """All of the points but their dense vectors."""
        return {key: content[:3] for key, content in self.index.contents.items()}


@pytest.fixture(scope="module")
def local(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Made:
    made = Made(folder, tmp_path_factory.mktemp("local") / "data")
    made.ingest()
    return made


def check_same(made: Made, local: Made) -> None:
    assert made.documents() == local.documents()
    assert made.sparse() == local.sparse()
    for key, point in local.index.points.items():
        assert np.abs(point.dense - made.index.points[key].dense).max() <= NEAR


def test_ray_fills_the_same_index_and_a_killed_worker_loses_and_doubles_nothing(
    folder: Path, local: Made, tmp_path: Path
) -> None:
    before = folders()
    with ray_here() as engine:
        calm = Made(folder, tmp_path / "calm", engine)
        report = calm.ingest()
        check_same(calm, local)
        assert [failure.path for failure in report.failed] == ["broken.pdf"]
        assert all(report.costs[stage].seconds > 0 for stage in STAGES)
        assert calm.ingest().indexed == []

        wild = Made(folder, tmp_path / "wild", engine)
        finished: list[str] = []

        def note(progress: Progress) -> None:
            if progress.finished:
                finished.append(progress.path)

        wanted = {"Shipping": 1, "Parsing": 2, "Cutting": 1, "Embedding": 3}
        with Killer(wanted, {pid for pid, _, _ in workers()}) as killer:
            report = wild.ingest(note)
        assert killer.wanted == dict.fromkeys(wanted, 0)
        assert sorted(finished) == sorted([*report.indexed, "broken.pdf"])
        assert len(set(finished)) == len(finished)
        check_same(wild, local)
    assert folders() == before


def test_an_ingest_by_ray_is_cancelled_at_once_and_goes_on_later(
    folder: Path, local: Made, tmp_path: Path
) -> None:
    with ray_here() as engine:
        made = Made(folder, tmp_path / "data", engine)
        done = threading.Event()

        def note(progress: Progress) -> None:
            if progress.done >= 3:
                done.set()

        with pytest.raises(Cancelled):
            made.ingest(note, done.is_set)
        began = len(made.documents())
        assert 3 <= began < len(local.documents())
        made.ingest()
        assert {path: kept[2:] for path, kept in made.documents().items()} == {
            path: kept[2:] for path, kept in local.documents().items()
        }


def test_machines_with_another_lectern_are_refused(folder: Path, tmp_path: Path) -> None:
    with (
        ray_here(replace(this_build(), lectern="0.0.1")) as engine,
        pytest.raises(ClusterRefused, match=r"as this one, Lectern 0\.0\.1 .*; there is 127\.0\.0\.1 "),
    ):
        Made(folder, tmp_path / "data", engine).ingest()


def listed(line: CommandLine) -> dict[str, int]:
    """Path → chunks of what is ready, which the catalog tells while it is written."""
    try:
        with open_catalog(line.data / "catalog.sqlite") as catalog:
            records = catalog.documents("default", "default", limit=10_000).documents
    except LecternError:
        return {}
    return {record.version.path: record.version.chunks for record in records}


def hits(line: CommandLine, query: str) -> tuple[list[dict[str, object]], list[float]]:
    """What is found, but for the ids of documents, which are drawn by lot; and the scores."""
    found = line.ok("search", query, "--json", "--limit", "20").json["hits"]
    left_out = ("document_id", "score")
    kept = [{name: told for name, told in hit.items() if name not in left_out} for hit in found]
    return kept, [hit["score"] for hit in found]


def test_the_command_finds_the_same_and_goes_on_where_it_was_killed(folder: Path, tmp_path: Path) -> None:
    here = CommandLine(tmp_path / "here", tmp_path, patience=400)
    far = {"LECTERN_RAY_ADDRESS": "local", "LECTERN_RAY_WORKERS": "2"}
    there = CommandLine(tmp_path / "there", tmp_path, far, patience=400)
    (folder / "broken.pdf").unlink()
    here.ok("ingest", str(folder))
    before = folders()
    killed = there.start("ingest", str(folder), "--json")
    while killed.poll() is None and len(listed(there)) < 4:
        time.sleep(0.2)
    killed.kill()
    killed.communicate(timeout=60)
    began = len(listed(there))
    assert 4 <= began < len(listed(here))
    deadline = time.monotonic() + 60
    while folders() != before and time.monotonic() < deadline:
        time.sleep(0.2)
    assert folders() == before  # Ray has ended with the command
    report = there.ok("ingest", str(folder), "--json").json
    assert len(report["indexed"]) == len(listed(here)) - began
    assert set(report["costs"]) == set(STAGES)
    assert listed(there) == listed(here)
    for query in ("rent of a berth", "notice of termination", "Who may sublet?", "session token", "Бюджет"):
        (found, scores), (expected, expected_scores) = hits(there, query), hits(here, query)
        assert found == expected
        # Shown with three digits, of which the last may turn with the last bits of a dense vector.
        assert scores == pytest.approx(expected_scores, abs=0.0015)


def test_ctrl_c_ends_the_command_within_a_moment(folder: Path, tmp_path: Path) -> None:
    line = CommandLine(tmp_path / "data", tmp_path, {"LECTERN_RAY_ADDRESS": "local"}, patience=200)
    command = line.start("ingest", str(folder))
    while command.poll() is None and not listed(line):
        time.sleep(0.2)
    command.send_signal(signal.SIGINT)
    _, said = command.communicate(timeout=60)
    assert command.returncode == 130
    assert "goes on" in said
    assert not folders()
