"""Backups of a store that is busy: each is a moment that it really had."""

from __future__ import annotations

import random
import sqlite3
import stat
import sys
import threading
import time
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest
from filelock import FileLock

from ingest.pipeline import Ingester
from ingest.reading import read
from ingest.reindexing import Reindexer
from ingest.sandbox import InlineParser
from service.backup.manifest import FolderInUse, UnusableBackup
from service.backup.placing import held
from service.backup.reading import verify
from service.backup.restoring import restore
from service.backup.taking import STAGING, abandoned_backups, take
from service.diagnosis import check_catalog, check_collections
from service.index_process.address import Place
from service.ingest_lock import IngestRunning, holding
from service.running import announced
from service.settings import Settings
from service.wiring import open_services
from tests.fakes.files import TEXTS, write_texts

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

    from service.services import Services

LARGEST = 2**20
FEW = {name: TEXTS[name] for name in ("lease.md", "policy.txt")}


def ingest(services: Services, *paths: Path) -> None:
    ingester = Ingester(services.catalog, services.index, services.embedder, InlineParser(read))
    ingester.ingest("default", "docs", paths, largest=LARGEST, on_progress=lambda _: None)


@contextmanager
def filled(data: Path, folder: Path) -> Generator[Services]:
    write_texts(folder, FEW)
    with open_services(Settings(data=data)) as services:
        ingest(services, folder)
        yield services


def wrong(services: Services) -> list[str]:
    """What the doctor finds; nothing is repaired."""
    findings = [check_catalog(services), *check_collections(services, None)]
    return [f"{found.check}: {found.detail}" for found in findings if found.state == "wrong"]


def texts(services: Services) -> dict[str, str]:
    listed = services.catalog.documents("default", "docs", limit=10_000).documents
    return {r.version.path: services.catalog.text("default", "docs", r.version.number) for r in listed}


@dataclass
class Busy:
    """Ingests, deletes and re-indexes until it is over, and says what has been acknowledged."""

    services: Services
    folder: Path
    chance: random.Random
    over: threading.Event = field(default_factory=threading.Event)
    there: dict[str, str] = field(default_factory=dict[str, str])
    gone: set[str] = field(default_factory=set[str])
    failed: list[BaseException] = field(default_factory=list[BaseException])
    steps: int = 0

    def run(self) -> None:
        try:
            while not self.over.is_set():
                self.step()
                self.steps += 1
        except BaseException as error:
            self.failed.append(error)
            raise

    def step(self) -> None:
        services = self.services
        lot = self.chance.random()
        if lot < 0.6 or len(self.there) < 4:
            name = f"clause-{self.steps}.md"
            text = (
                f"# Clause {self.steps}\n\n" + f"Party {self.steps} pays within {self.steps} days.\n\n" * 40
            )
            write_texts(self.folder, {name: text})
            with holding(services.settings.data, "test"):
                ingest(services, self.folder / name)
            self.there[name] = text
        elif lot < 0.85:
            path = self.chance.choice(sorted(self.there))
            del self.there[path]  # from here on it may be gone, and later it must be
            services.delete_document(
                "default", services.catalog.document_at("default", "docs", path).version.document
            )
            self.gone.add(path)
        else:
            with holding(services.settings.data, "test"):
                reindexer = Reindexer(services.catalog, services.index, services.embedder)
                reindexer.reindex("default", "docs", on_progress=lambda _: None, anew=True)


def back_up_while_busy(tmp_path: Path, times: int, seed: int) -> None:
    with filled(tmp_path / "data", tmp_path / "docs") as services:
        busy = Busy(services, tmp_path / "docs", random.Random(seed))
        writer = threading.Thread(target=busy.run)
        writer.start()
        try:
            taken: list[tuple[Path, dict[str, str], set[str]]] = []
            for number in range(times):
                time.sleep(random.Random(number).uniform(0.1, 1.0))
                there, gone = dict(busy.there), set(busy.gone)
                take(services.settings, tmp_path / f"{number}.tar.gz")
                # What was deleted while the backup was taken may be in it or not.
                taken.append(
                    (tmp_path / f"{number}.tar.gz", {p: t for p, t in there.items() if p in busy.there}, gone)
                )
        finally:
            busy.over.set()
            writer.join()
        assert busy.failed == []
        assert busy.steps > times
    for number, (file, there, gone) in enumerate(taken):
        settings = Settings(data=tmp_path / f"restored{number}")
        restored = restore(settings, file, force=False)
        assert restored.wrong == ()
        with open_services(settings) as services:
            assert wrong(services) == []
            found = texts(services)
            assert {path: found.get(path) for path in there} == there
            assert not gone & found.keys()


def test_a_backup_of_a_busy_store_is_a_moment_of_it(tmp_path: Path) -> None:
    back_up_while_busy(tmp_path, times=2, seed=1)


@pytest.mark.slow
def test_many_backups_of_a_busy_store(tmp_path: Path) -> None:
    back_up_while_busy(tmp_path, times=12, seed=2)


@pytest.fixture(scope="module")
def backup(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A backup of two documents, one of them sent, with its original and a job that still waits."""
    folder = tmp_path_factory.mktemp("backup")
    with filled(folder / "data", folder / "docs") as services:
        sent = folder / "data" / "uploads" / "kept" / "docs-1" / "2"
        sent.mkdir(parents=True)
        (sent / "abc.md").write_text("a file that was sent", encoding="utf-8")
        (folder / "data" / "tokens.json").write_text("{}", encoding="utf-8")
        taken = take(services.settings, folder / "kept.tar.gz")
        assert taken.bytes == (folder / "kept.tar.gz").stat().st_size
    return folder / "kept.tar.gz"


def test_everything_comes_back_and_nothing_needs_to_be_made_anew(backup: Path, tmp_path: Path) -> None:
    settings = Settings(data=tmp_path / "data")

    restored = restore(settings, backup, force=False)

    assert (restored.repaired, restored.wrong, restored.left_out) == ((), (), ())
    with open_services(settings) as services:
        assert texts(services).keys() == {"lease.md", "policy.txt"}
    assert (settings.data / "uploads/kept/docs-1/2/abc.md").read_text("utf-8") == "a file that was sent"
    if sys.platform != "win32":
        assert stat.S_IMODE((settings.data / "catalog.sqlite").stat().st_mode) == 0o600
        assert stat.S_IMODE(settings.data.stat().st_mode) == 0o700


def test_the_file_is_private_and_nothing_is_left_beside_it(backup: Path) -> None:
    if sys.platform != "win32":
        assert stat.S_IMODE(backup.stat().st_mode) == 0o600
    assert [path.name for path in backup.parent.iterdir() if "kept.tar.gz" in path.name] == ["kept.tar.gz"]
    assert not list((backup.parent / "data").glob(f"{STAGING}*"))
    assert len(verify(backup).files) > 10


def test_a_folder_that_holds_something_is_replaced_only_by_force(backup: Path, tmp_path: Path) -> None:
    write_texts(tmp_path / "other", {"third.md": "# Third\n\nAnother store.\n"})
    settings = Settings(data=tmp_path / "data")
    with open_services(settings) as services:
        ingest(services, tmp_path / "other")

    with pytest.raises(FolderInUse, match="--force"):
        restore(settings, backup, force=False)
    with open_services(settings) as services:
        assert texts(services).keys() == {"third.md"}

    restore(settings, backup, force=True)

    with open_services(settings) as services:
        assert texts(services).keys() == {"lease.md", "policy.txt"}
        assert wrong(services) == []


def test_nothing_is_restored_under_a_server_an_ingest_or_a_search(backup: Path, tmp_path: Path) -> None:
    settings = Settings(data=tmp_path / "data")
    with announced(settings.data, "http://127.0.0.1:1"), pytest.raises(FolderInUse, match="server"):
        restore(settings, backup, force=True)
    with holding(settings.data, "test"), pytest.raises(IngestRunning):
        restore(settings, backup, force=True)
    with open_services(settings), pytest.raises(FolderInUse, match="searches"):
        restore(settings, backup, force=True)


def test_nothing_is_restored_where_somebody_starts_to_search(backup: Path, tmp_path: Path) -> None:
    settings = Settings(data=tmp_path / "data")
    settings.data.mkdir()
    with FileLock(Place(settings.data).lock), pytest.raises(FolderInUse, match="searches"):
        restore(settings, backup, force=False, patience=0.0)
    assert restore(settings, backup, force=False).wrong == ()


def test_an_index_that_lacks_points_is_made_whole(tmp_path: Path) -> None:
    """As where the catalog lies in PostgreSQL, or the index behind a Qdrant server: their moments differ."""
    with filled(tmp_path / "data", tmp_path / "docs") as services:
        collection = services.catalog.collection("default", "docs")
        services.index.delete_documents(collection.scope, list(services.catalog.manifest(collection)))
        take(services.settings, tmp_path / "b.tar.gz")
        settings = Settings(data=tmp_path / "restored")

    restored = restore(settings, tmp_path / "b.tar.gz", force=False)

    assert restored.wrong == ()
    assert len(restored.repaired) == 1
    with open_services(settings) as services:
        assert wrong(services) == []


def test_work_of_a_process_elsewhere_is_nobodys(tmp_path: Path) -> None:
    """A restored job would wait for its owner where that process still lives."""
    with filled(tmp_path / "data", tmp_path / "docs") as services:
        take(services.settings, tmp_path / "b.tar.gz")
    restore(Settings(data=tmp_path / "restored"), tmp_path / "b.tar.gz", force=False)
    with closing(sqlite3.connect(tmp_path / "restored" / "catalog.sqlite")) as database, database:
        columns = [row[1] for row in database.execute("PRAGMA table_info(jobs)")]
        values = dict.fromkeys(columns, "") | {
            "tenant": "default",
            "id": "j",
            "state": "running",
            "owner": "me",
        }
        values |= dict.fromkeys(("unattended", "cancelling", "attempts", "created_at"), 0)
        marks = ", ".join(f":{name}" for name in columns)
        values |= dict.fromkeys(("heartbeat", "started_at", "finished_at"))
        database.execute(f"INSERT INTO jobs VALUES ({marks})", values)
    with open_services(Settings(data=tmp_path / "restored")) as services:
        services.catalog.disown()
    with closing(sqlite3.connect(tmp_path / "restored" / "catalog.sqlite")) as database:
        assert database.execute("SELECT owner FROM jobs").fetchall() == [("",)]


def test_what_a_killed_backup_left_is_found_and_deleted(tmp_path: Path) -> None:
    with filled(tmp_path / "data", tmp_path / "docs") as services:
        left = services.settings.data / f"{STAGING}999999-1"
        left.mkdir()
        (left / "catalog.sqlite").write_text("text of a document", encoding="utf-8")
        assert abandoned_backups(services.settings.data) == [left]

        take(services.settings, tmp_path / "b.tar.gz")

        assert not left.exists()


def test_a_folder_without_a_catalog_is_not_backed_up(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()

    with pytest.raises(UnusableBackup, match="nothing to back up"):
        take(Settings(data=tmp_path / "data"), tmp_path / "b.tar.gz")

    assert held(tmp_path / "data") == []
    assert not (tmp_path / "b.tar.gz").exists()


def test_what_lies_elsewhere_is_named_and_the_rest_is_taken(tmp_path: Path) -> None:
    with filled(tmp_path / "data", tmp_path / "docs") as services:
        settings = services.settings
        elsewhere = f"sqlite:///{tmp_path / 'elsewhere.sqlite'}"

        by_server = take(
            settings.model_copy(update={"qdrant_url": "http://127.0.0.1:9"}), tmp_path / "1.tar.gz"
        )
        by_postgresql = take(settings.model_copy(update={"database_url": elsewhere}), tmp_path / "2.tar.gz")

    assert [what.partition(":")[0] for what in by_server.left_out] == ["index"]
    assert [member.path for member in verify(tmp_path / "1.tar.gz").files] == ["catalog.sqlite"]
    assert [what.partition(":")[0] for what in by_postgresql.left_out] == ["catalog"]
    assert verify(tmp_path / "2.tar.gz").schema == ""
    assert "catalog.sqlite" not in {member.path for member in verify(tmp_path / "2.tar.gz").files}
