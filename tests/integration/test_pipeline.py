"""Ingest over a real catalog and real readers, with an index that can be looked into, and killed."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

import pytest

from ingest.errors import UnknownName, UnsupportedStore
from ingest.pipeline import Ingester
from ingest.repairing import Repairer
from tests.fakes.embedder import WordEmbedder
from tests.fakes.files import LEASE, write_every_kind, write_texts
from tests.fakes.memory_index import Killed, MortalIndex
from tests.fakes.workshop import LARGEST, edit, opened

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import Literal

    from tests.fakes.memory_index import Content, Key
    from tests.fakes.workshop import Workshop


@pytest.fixture
def workshop(tmp_path: Path) -> Iterator[Workshop]:
    folder = tmp_path / "docs"
    folder.mkdir()
    with opened(folder, tmp_path / "data") as made:
        yield made


class TestEveryKind:
    def test_becomes_a_document_with_its_points(self, workshop: Workshop) -> None:
        paths = write_every_kind(workshop.folder)

        report, progress = workshop.ingest_watched()

        assert report.indexed == paths
        assert (report.unchanged, report.failed) == ([], [])
        assert workshop.parser.since() == paths
        assert {path: number for path, (number, _) in workshop.numbers.items()} == {
            path: number for number, path in enumerate(paths, start=1)
        }
        held = workshop.index.counts(workshop.collection.scope)
        assert dict(held) == dict(workshop.numbers.values())
        assert report.chunks == sum(held.values())
        assert [p.done for p in progress if p.finished] == list(range(1, len(paths) + 1))
        assert progress[-1].bytes_done == progress[-1].bytes_total > 0

    def test_points_partition_each_text(self, workshop: Workshop) -> None:
        write_every_kind(workshop.folder)

        workshop.ingest()

        for path, (number, _) in workshop.numbers.items():
            text = workshop.catalog.text("default", "docs", number)
            points = sorted(
                (p.start, p.end)
                for (scope, n, _), p in workshop.index.points.items()
                if n == number and scope == workshop.collection.scope
            )
            assert [start for start, _ in points] == [0, *(end for _, end in points[:-1])], path
            assert points[-1][1] == len(text), path


class TestUnchanged:
    def test_files_are_not_parsed_again(self, workshop: Workshop) -> None:
        paths = write_every_kind(workshop.folder)
        workshop.ingest()
        before = workshop.state()
        workshop.parser.since()
        embedded = len(workshop.embedder.texts)

        report = workshop.ingest()

        assert report.unchanged == paths
        assert report.indexed == []
        assert workshop.parser.since() == []
        assert len(workshop.embedder.texts) == embedded
        assert workshop.state() == before

    def test_bytes_under_a_new_time_are_hashed_once_and_not_parsed(self, workshop: Workshop) -> None:
        write_texts(workshop.folder)
        workshop.ingest()
        workshop.parser.since()
        lease = workshop.folder / "lease.md"
        edit(lease, LEASE)
        stamp = lease.stat().st_mtime_ns

        report = workshop.ingest()

        assert "lease.md" in report.unchanged
        assert workshop.parser.since() == []
        assert workshop.catalog.known_files(workshop.collection)["lease.md"].modified_ns == stamp


class TestChanged:
    @pytest.mark.skipif(os.name == "nt", reason="Windows keeps no time of an entry's change")
    def test_an_edit_that_keeps_size_and_time_is_seen(self, workshop: Workshop) -> None:
        write_texts(workshop.folder)
        lease = workshop.folder / "lease.md"
        os.utime(lease, ns=(10**18, 10**18))
        workshop.ingest()
        lease.write_text(LEASE.replace("4,200", "5,100"), encoding="utf-8")
        os.utime(lease, ns=(10**18, 10**18))

        assert workshop.ingest().indexed == ["lease.md"]

    def test_a_file_becomes_a_new_version_and_the_old_text_stays_resolvable(self, workshop: Workshop) -> None:
        write_texts(workshop.folder)
        workshop.ingest()
        workshop.parser.since()
        old, _ = workshop.numbers["lease.md"]
        newest = max(number for number, _ in workshop.numbers.values())
        edit(workshop.folder / "lease.md", LEASE.replace("4,200", "5,100"))

        report = workshop.ingest()

        new, _ = workshop.numbers["lease.md"]
        assert report.indexed == ["lease.md"]
        assert workshop.parser.since() == ["lease.md"]
        assert new == newest + 1
        assert old not in workshop.index.counts(workshop.collection.scope)
        assert "4,200" in workshop.catalog.text("default", "docs", old)
        assert "5,100" in workshop.catalog.text("default", "docs", new)
        assert workshop.catalog.version("default", "docs", old).state == "superseded"
        assert workshop.catalog.version("default", "docs", new).ordinal == 2

    def test_another_embedder_is_refused_before_anything_is_written(self, workshop: Workshop) -> None:
        write_texts(workshop.folder)
        workshop.ingest()
        before = workshop.state()
        lost = workshop.numbers["lease.md"][0]
        workshop.index.delete_documents(workshop.collection.scope, [lost])
        damaged = workshop.index.contents
        workshop.embedder = WordEmbedder("words/2")

        with pytest.raises(UnsupportedStore, match="words/1"):
            workshop.ingest()

        assert workshop.index.contents == damaged
        workshop.embedder = WordEmbedder()
        workshop.ingest()
        assert workshop.state() == before


class TestFailing:
    def test_a_file_is_reported_every_time_and_parsed_once(self, workshop: Workshop) -> None:
        write_texts(workshop.folder)
        (workshop.folder / "broken.pdf").write_bytes(b"%PDF-1.7 no more")

        first, again = workshop.ingest(), workshop.ingest()

        assert [(f.path, f.reason) for f in first.failed] == [("broken.pdf", "broken")]
        assert again.failed == first.failed
        assert workshop.parser.since().count("broken.pdf") == 1
        kept = workshop.catalog.failures(workshop.collection)
        assert [(f.path, f.reason) for f in kept.values()] == [("broken.pdf", "broken")]
        assert "lease.md" in first.indexed

    def test_it_is_healed_when_it_is_mended(self, workshop: Workshop) -> None:
        (workshop.folder / "note.txt").write_text(" \n")
        workshop.ingest()
        edit(workshop.folder / "note.txt", "The gate closes at eight.")

        report = workshop.ingest()

        assert (report.indexed, report.failed) == (["note.txt"], [])
        assert workshop.catalog.failures(workshop.collection) == {}

    def test_a_file_that_breaks_keeps_its_last_good_version(self, workshop: Workshop) -> None:
        write_texts(workshop.folder)
        workshop.ingest()
        before = workshop.state()
        edit(workshop.folder / "lease.md", " ")

        broken = workshop.ingest()

        assert [f.path for f in broken.failed] == ["lease.md"]
        assert workshop.state() == before

        edit(workshop.folder / "lease.md", LEASE)
        mended = workshop.ingest()
        assert "lease.md" in mended.unchanged
        assert workshop.state() == before
        assert workshop.catalog.failures(workshop.collection) == {}

    def test_what_discovery_refuses_is_kept_too(self, workshop: Workshop) -> None:
        (workshop.folder / "large.txt").write_bytes(b"x" * (LARGEST + 1))
        (workshop.folder / "nothing.md").touch()

        report, _ = workshop.ingest_watched()

        assert [(f.path, f.reason) for f in report.failed] == [
            ("large.txt", "too_large"),
            ("nothing.md", "empty"),
        ]
        kept = workshop.catalog.failures(workshop.collection)
        assert {path: f.reason for path, f in kept.items()} == {
            "large.txt": "too_large",
            "nothing.md": "empty",
        }
        edit(workshop.folder / "nothing.md", "Something at last.")
        workshop.ingest()
        assert list(workshop.catalog.failures(workshop.collection)) == ["large.txt"]

    def test_a_folder_that_is_not_there_is_an_error(self, workshop: Workshop) -> None:
        shutil.rmtree(workshop.folder)

        with pytest.raises(UnknownName, match="docs"):
            workshop.ingest()
        assert workshop.catalog.collections("default") == ()


class TestRepair:
    def test_it_restores_what_the_index_lost_and_removes_strays(self, workshop: Workshop) -> None:
        write_texts(workshop.folder)
        workshop.ingest()
        before = workshop.state()
        scope = workshop.collection.scope
        lost, halved, _ = sorted(number for number, _ in workshop.numbers.values())[:3]
        lease, chunks = workshop.numbers["lease.md"]
        assert chunks > 1
        workshop.index.delete_documents(scope, [lost, halved])
        del workshop.index.points[scope, lease, 0]
        stray = next(iter(workshop.index.points.values()))
        workshop.index.points[scope, 4_000, 0] = stray
        workshop.parser.since()

        workshop.ingest()

        assert workshop.state() == before
        assert workshop.parser.since() == []

    def test_other_collections_are_left_alone(self, workshop: Workshop) -> None:
        write_texts(workshop.folder)
        ingester = Ingester(workshop.catalog, workshop.index, workshop.embedder, workshop.parser)
        for name in ("one", "two"):
            ingester.ingest("default", name, [workshop.folder], largest=LARGEST, on_progress=lambda _: None)
        before = workshop.index.contents

        repairer = Repairer(workshop.catalog, workshop.index, workshop.embedder)
        repairer.repair(workshop.catalog.collection("default", "one"))

        assert workshop.index.contents == before
        scopes = {scope.collection for scope, _, _ in before}
        assert scopes == {"one", "two"}


class TestPlaces:
    def test_two_folders_with_the_same_paths_keep_all_their_documents(self, workshop: Workshop) -> None:
        write_texts(workshop.folder)
        workshop.ingest()
        before = workshop.state()
        other = workshop.folder.with_name("other")
        write_texts(other, {"lease.md": LEASE.replace("4,200", "5,100"), "empty.txt": " ", "odd.xyzzy": "x"})
        workshop.folder, first = other, workshop.folder

        report, again = workshop.ingest(), workshop.ingest()

        assert report.indexed == ["other/lease.md"]
        assert [f.path for f in report.failed] == [f.path for f in again.failed] == ["empty.txt"]
        assert again.unchanged == ["other/lease.md"]
        assert report.passed_over == {".xyzzy": 1}
        number, _ = workshop.numbers["other/lease.md"]
        assert "5,100" in workshop.catalog.text("default", "docs", number)
        workshop.folder = first
        assert workshop.ingest().indexed == []
        assert workshop.state()[0] == {**before[0], "other/lease.md": workshop.numbers["other/lease.md"]}

    def test_a_moved_folder_is_not_parsed_again(self, workshop: Workshop) -> None:
        write_texts(workshop.folder)
        workshop.ingest()
        before = workshop.state()
        workshop.folder = workshop.folder.rename(workshop.folder.with_name("moved"))
        workshop.parser.since()

        report = workshop.ingest()

        assert (report.indexed, workshop.parser.since()) == ([], [])
        assert workshop.state() == before
        places = workshop.catalog.locations("default", "docs")
        assert places["lease.md"] == str(workshop.folder / "lease.md")


def texts(*, second: bool = False) -> dict[str, str]:
    """Two states of a folder: one file new, one changed, one the same, one broken throughout."""
    first = {"a.md": LEASE, "b.txt": "The harbour master holds the keys.\n", "c.txt": " \n"}
    return {**first, "b.txt": "The pilot holds the keys.\n", "d.md": LEASE} if second else first


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The two states; the same files keep their times."""
    first, second = tmp_path_factory.mktemp("first"), tmp_path_factory.mktemp("second")
    write_texts(first, texts())
    shutil.copytree(first, second, dirs_exist_ok=True)
    write_texts(second, {path: text for path, text in texts(second=True).items() if path in "b.txt d.md"})
    edit(second / "b.txt", texts(second=True)["b.txt"])
    return first, second


class TestKilled:
    @pytest.mark.parametrize("when", ["before", "halfway", "after"])
    def test_anywhere_the_next_run_ends_as_an_undisturbed_one(
        self, folders: tuple[Path, Path], tmp_path: Path, when: Literal["before", "halfway", "after"]
    ) -> None:
        undisturbed = [state_after(folders, tmp_path / "calm", MortalIndex(0, when))]
        deaths = 0
        for call in range(1, 100):
            mortal = MortalIndex(call, when)
            end = state_after(folders, tmp_path / f"killed-{call}", mortal)
            assert end == undisturbed[0], f"killed {when} call {call}"
            if mortal.calls < call:
                break
            deaths += 1
        assert deaths >= 11  # counts of two runs, two groups of three calls each, what they replace

    def test_a_version_of_bytes_that_are_gone_leaves_no_points(self, tmp_path: Path) -> None:
        folder = tmp_path / "docs"
        write_texts(folder, {"lease.md": LEASE})
        index = MortalIndex(3, "after")
        with opened(folder, tmp_path / "data", index) as workshop:
            with pytest.raises(Killed):
                workshop.ingest()
            assert workshop.numbers == {}
            assert workshop.index.points
            edit(folder / "lease.md", LEASE.replace("4,200", "5,100"))

            workshop.ingest()

            assert workshop.numbers["lease.md"][0] == 2
            assert {number for _, number, _ in index.points} == {2}


def state_after(
    folders: tuple[Path, Path], data: Path, index: MortalIndex
) -> tuple[dict[str, tuple[int, int]], dict[Key, Content]]:
    """Ingest a folder in both its states; whoever is killed is started again."""
    with opened(data / "docs", data, index) as workshop:
        for state in folders:
            shutil.copytree(state, workshop.folder, dirs_exist_ok=True)  # times too
            try:
                workshop.ingest()
            except Killed:
                workshop.ingest()
        return workshop.state()


class TestProgress:
    def test_it_is_told_from_the_beginning_and_while_a_long_document_is_written(
        self, workshop: Workshop
    ) -> None:
        long = "\n\n".join(
            f"Berth {n} is let to tug {n * 7}, whose master pays on time." for n in range(6_000)
        )
        write_texts(workshop.folder, {"a.txt": "A short note.", "b.txt": long, "blank.txt": " "})

        _, seen = workshop.ingest_watched()

        size = sum(path.stat().st_size for path in workshop.folder.iterdir())
        assert (seen[0].path, seen[0].total, seen[0].bytes_total, seen[0].done) == ("", 3, size, 0)
        assert [(p.path, p.done) for p in seen if p.finished] == [
            ("a.txt", 1),
            ("b.txt", 2),
            ("blank.txt", 3),
        ]
        written = [p.bytes_done for p in seen if p.path == "b.txt" and not p.finished]
        assert len(written) > 5
        assert written == sorted(set(written))
        assert all(p.bytes_done <= size for p in seen)
        assert seen[-1].bytes_done == size

    def test_a_long_document_keeps_no_short_one_waiting(self, workshop: Workshop) -> None:
        write_texts(workshop.folder, {"a.txt": "A short note.", "b.txt": "word " * 100_000})

        _, seen = workshop.ingest_watched()

        paths = [p.path for p in seen if p.path]
        assert paths.index("b.txt") > max(at for at, path in enumerate(paths) if path == "a.txt")
