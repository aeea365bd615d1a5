"""Folders that change, re-indexes and repairs, each command in a process of its own, some of them killed."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import sqlite3
import struct
import sys
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest
from filelock import FileLock

from ingest.terms import Analyzer
from service.asking import search
from service.http.requests import SearchRequest
from service.settings import Settings
from tests.fakes.command_line import CommandLine
from tests.fakes.files import LEASE, TEXTS, write_texts

if TYPE_CHECKING:
    import subprocess
    from pathlib import Path

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="ends processes by Unix signals")

QUESTIONS = (
    "What is the monthly rent?",
    "Who may sublet the warehouse?",
    "closing time of the gate",
    "ledger",
)


@pytest.fixture
def line(tmp_path: Path) -> CommandLine:
    write_texts(tmp_path / "docs")
    return CommandLine(tmp_path / "data", tmp_path)


def hits(line: CommandLine) -> list[Any]:
    """Hit lists, whatever the ids: what ``lectern search`` prints, without a process for each question."""
    settings = Settings(data=line.data)
    found = [
        search(settings, SearchRequest(query=question, collection=settings.collection, top_k=20)).hits
        for question in QUESTIONS
    ]
    return [[hit.model_dump(mode="json", exclude={"document_id"}) for hit in ranked] for ranked in found]


def held(line: CommandLine) -> list[tuple[Any, ...]]:
    """What the catalog holds, whatever ids and times."""
    with sqlite3.connect(line.data / "catalog.sqlite") as database:
        query = (
            "SELECT d.path, v.number, v.ordinal, v.state, v.title, v.chunks, c.text, c.passages, c.layout "
            "FROM versions v JOIN documents d ON d.id = v.document "
            "LEFT JOIN contents c ON c.collection = v.collection AND c.number = v.number ORDER BY v.number"
        )
        return database.execute(query).fetchall()


def test_old_versions_are_listed_until_they_are_purged(line: CommandLine) -> None:
    line.ok("ingest", "docs")
    write_texts(line.folder / "docs", {"lease.md": LEASE.replace("4,200", "5,100")})
    line.ok("ingest", "docs")

    versions = line.ok("documents", "--versions", "--json").json["versions"]
    lease = [version for version in versions if version["path"] == "lease.md"]
    assert [version["state"] for version in lease] == ["superseded", "ready"]
    assert "superseded" in line.ok("documents", "--versions").out
    assert line.ok("documents", "purge").out == "purged 1 old versions\n"
    assert len(line.ok("documents", "--versions", "--json").json["versions"]) == len(TEXTS)


def traces(line: CommandLine, word: str) -> list[str]:
    """Files of the index in which a word's number stands, as its log writes numbers."""
    number = struct.pack(">I", Analyzer().document_terms(word)[0])
    files = [path for path in (line.data / "index").rglob("*") if path.is_file()]
    return [path.name for path in files if number in path.read_bytes()]


def test_a_purge_takes_deleted_words_out_of_the_files_of_the_index(line: CommandLine) -> None:
    (line.folder / "docs" / "secret.md").write_text("The password of the vault is zanzibarqux.\n")
    line.ok("ingest", "docs")
    found = hits(line)
    line.ok("documents", "delete", "secret.md")
    assert traces(line, "zanzibarqux") != []
    said = {finding["check"]: finding for finding in line.ok("doctor", "--json").json}
    assert said["files of the index"]["state"] == "note"

    line.ok("documents", "purge")

    assert traces(line, "zanzibarqux") == []
    assert "files of the index" not in {finding["check"] for finding in line.ok("doctor", "--json").json}
    assert [ranked[0]["path"] for ranked in hits(line)] == [ranked[0]["path"] for ranked in found]


def test_documents_and_collections_are_deleted_by_name(line: CommandLine) -> None:
    line.ok("ingest", "docs")
    [identity] = [
        d["id"] for d in line.ok("documents", "--json").json["documents"] if d["path"] == "page.html"
    ]

    nothing = line.run("documents", "delete", "lease.md", "nowhere.md")
    assert (nothing.status, nothing.err) == (1, "lectern: no document named 'nowhere.md'\n")
    assert line.ok("documents", "delete", "lease.md", identity).out == "deleted lease.md\ndeleted page.html\n"

    left = {document["path"] for document in line.ok("documents", "--json").json["documents"]}
    assert left == TEXTS.keys() - {"lease.md", "page.html"}
    assert f"default  ({len(TEXTS) - 2} documents)" in line.ok("collections").out
    line.ok("collections", "delete", "default")
    assert line.ok("collections").out == ""


def test_people_are_told_what_is_gone_and_how_to_remove_it(line: CommandLine) -> None:
    line.ok("ingest", "docs")
    (line.folder / "docs/lease.md").unlink()
    (line.folder / "docs/policy.txt").rename(line.folder / "docs/travel.txt")

    told = line.ok("ingest", "docs").out
    assert "1 moved" in told
    assert "policy.txt is travel.txt now" in told
    assert "files that are gone: 1" in told
    assert "--prune" in told
    assert "lease.md: removed" in line.ok("ingest", "--prune", "docs").out
    assert line.ok("ingest", "docs", "--json").json["gone"] == []


class TestTwoAtOnce:
    def test_the_second_is_told_who_is_at_work(self, line: CommandLine) -> None:
        watching = line.start("ingest", "docs", "--watch")
        try:
            note = line.data / "ingest.json"
            wait_until(note.exists)
            watching.send_signal(signal.SIGSTOP)
            if not note.exists():
                pytest.skip("the first round ended before it could be stopped")

            second = line.run("ingest", "docs")

            assert second.status == 1
            assert f"process {watching.pid}, ingest, since " in second.err
        finally:
            watching.send_signal(signal.SIGCONT)
            end(watching)


class TestWatch:
    def test_changes_are_ingested_and_ignored_ones_are_not(self, line: CommandLine) -> None:
        docs = line.folder / "docs"
        write_texts(docs, {".lecternignore": "drafts/\n", "drafts/one.txt": "a draft."})
        watching = line.start("ingest", "docs", "--watch", "--prune", "--json")
        try:
            assert sorted(next_round(watching)["indexed"]) == sorted(TEXTS)
            write_texts(docs, {"drafts/two.txt": "another draft."})
            time.sleep(1.5)  # were it heard, its round would come before the next one's
            write_texts(docs, {"new.txt": "the gate closes at eight."})
            assert next_round(watching)["indexed"] == ["new.txt"]
            (docs / "new.txt").rename(docs / "gate.txt")
            assert [move["path"] for move in next_round(watching)["moved"]] == ["gate.txt"]
            (docs / "gate.txt").unlink()
            assert next_round(watching)["removed"] == ["gate.txt"]
        finally:
            assert end(watching) == (0, "")

    def test_it_outlives_its_index_and_an_empty_folder_wipes_nothing(self, line: CommandLine) -> None:
        docs = line.folder / "docs"
        with line.serving():
            watching = line.start("ingest", "docs", "--watch", "--prune", "--json")
            try:
                assert next_round(watching)["removed"] == []
                index = json.loads((line.data / "index.json").read_text())
                os.kill(index["pid"], signal.SIGKILL)
                write_texts(docs, {"new.txt": "the gate closes at eight."})
                assert next_round(watching)["indexed"] == ["new.txt"]
                docs.rename(line.folder / "away")
                docs.mkdir()
                emptied = next_round(watching)
                assert (emptied["removed"], len(emptied["gone"])) == ([], len(TEXTS) + 1)
            finally:
                status, _ = end(watching)
                assert status == 0
        assert line.ok("search", "gate", "--json").json["hits"]

    def test_people_are_told_once_which_file_failed_and_why(self, line: CommandLine) -> None:
        docs = line.folder / "docs"
        write_texts(docs, {"blank.txt": " "})
        watching = line.start("ingest", "docs", "--watch")
        try:
            assert watching.stdout is not None
            assert "1 failed" in watching.stdout.readline()
            assert watching.stdout.readline().startswith("          blank.txt: no_text: ")
            write_texts(docs, {"new.txt": "the gate closes at eight."})
            assert "1 indexed, 1 failed" in watching.stdout.readline()
        finally:
            watching.send_signal(signal.SIGTERM)
            told, _ = watching.communicate(timeout=60)
        assert (told, watching.returncode) == ("", 0)

    def test_a_first_round_that_cannot_be_is_the_last(self, line: CommandLine) -> None:
        ran = line.run("ingest", "nowhere", "--watch")

        assert (ran.status, ran.err) == (1, "lectern: no path named 'nowhere'\n")


class TestDoctor:
    def test_it_finds_and_repairs(self, line: CommandLine) -> None:
        line.ok("ingest", "docs")
        before = hits(line)
        assert {finding["state"] for finding in line.ok("doctor", "--json").json} <= {"ok", "note"}
        with sqlite3.connect(line.data / "catalog.sqlite") as database:
            [(lost,)] = database.execute("SELECT current FROM documents WHERE path = 'lease.md'").fetchall()
        wait_until(lambda: not (line.data / "index.json").exists())  # its process outlives a command a little
        with FileLock(line.data / "index.lock", timeout=60):  # held until the index is closed
            shutil.rmtree(line.data / "index")

        found = line.run("doctor", "--json")
        assert found.status == 1
        [wrong] = [finding for finding in found.json if finding["state"] == "wrong"]
        assert wrong["check"] == "index of default"
        assert f"{len(TEXTS)} documents without all their chunks" in wrong["detail"]
        assert wrong["advice"] == "lectern doctor --repair"
        assert "repaired  index of default" in line.ok("doctor", "--repair").out
        assert hits(line) == before
        assert lost

    def test_it_names_damage_of_the_catalog(self, line: CommandLine) -> None:
        line.ok("ingest", "docs")
        with sqlite3.connect(line.data / "catalog.sqlite") as database:
            database.execute("UPDATE versions SET document = 'nobody' WHERE number = 1")

        found = line.run("doctor")

        assert found.status == 1
        assert "a row of versions has lost what it belongs to" in found.out


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
def test_killed_at_random_moments_the_next_run_makes_it_good(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    calm, hurt = (CommandLine(tmp_path / name / "data", tmp_path / name) for name in ("calm", "hurt"))
    for line in (calm, hurt):
        write_texts(line.folder / "docs", {**TEXTS, "remark.txt": "the gate closes at eight.\n"})
        write_texts(line.folder / "docs", {f"berth{n}.md": f"# Berth {n}\n\n" + clause(n) for n in range(12)})
    for arguments, change in (
        (("ingest", "docs"), None),
        (("ingest", "docs", "--prune"), change_folder),
        (("reindex", "--anew"), None),
    ):
        for line in (calm, hurt):
            if change is not None:
                change(line.folder / "docs")
        started = time.monotonic()
        calm.ok(*arguments)
        took = time.monotonic() - started
        for _ in range(3):
            victim = hurt.start(*arguments)
            time.sleep(chance.uniform(0.4 * took, took))
            victim.kill()
            victim.communicate()
        hurt.ok(*arguments)
    assert held(hurt) == held(calm)
    assert hits(hurt) == hits(calm)
    assert {finding["state"] for finding in hurt.ok("doctor", "--json").json} <= {"ok", "note"}


def change_folder(docs: Path) -> None:
    write_texts(docs, {"lease.md": LEASE.replace("4,200", "5,100"), "zebra.txt": "zebras cross."})
    (docs / "remark.txt").rename(docs / "closing.txt")
    (docs / "code").rename(docs / "source")
    (docs / "policy.txt").unlink()


def clause(berth: int) -> str:
    return "".join(f"Berth {berth} is let in week {n} to coasters of {n * 7} tons.\n\n" for n in range(60))


def next_round(watching: subprocess.Popen[str]) -> Any:  # noqa: ANN401 — JSON
    assert watching.stdout is not None
    timer = threading.Timer(60, watching.kill)  # a round that never comes must not hang the suite
    timer.start()
    line = watching.stdout.readline()
    timer.cancel()
    return json.loads(line)


def end(watching: subprocess.Popen[str]) -> tuple[int, str]:
    watching.send_signal(signal.SIGINT)
    _, complaints = watching.communicate(timeout=60)
    return watching.returncode, complaints


def wait_until(condition: Any) -> None:  # noqa: ANN401 — () -> bool
    deadline = time.monotonic() + 60
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.005)
