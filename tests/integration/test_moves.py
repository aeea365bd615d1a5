"""Files that are moved, renamed, swapped, copied, replaced and removed; and runs killed meanwhile."""

from __future__ import annotations

import os
import shutil
import sys
from typing import TYPE_CHECKING

import pytest

from ingest.embedding import CHECK_TEXT
from ingest.errors import Gone, UnknownName
from ingest.sources import source_of
from tests.fakes.files import LEASE, TEXTS, write_texts
from tests.fakes.memory_index import Killed, MortalIndex
from tests.fakes.workshop import edit, opened

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import Literal

    from tests.fakes.workshop import Workshop

SLOW = pytest.mark.slow
MOMENTS = [pytest.param("before", marks=SLOW), "halfway", pytest.param("after", marks=SLOW)]
POLICY = TEXTS["policy.txt"]


@pytest.fixture
def workshop(tmp_path: Path) -> Iterator[Workshop]:
    folder = tmp_path / "docs"
    write_texts(folder)
    with opened(folder, tmp_path / "data") as made:
        made.ingest()
        made.parser.since()
        made.embedder.texts.clear()
        yield made


def fresh(workshop: Workshop, data: Path) -> object:
    """What an ingest of the same files from nothing gives."""
    with opened(workshop.folder, data) as other:
        other.ingest()
        return other.contents()


class TestMoved:
    def test_a_renamed_file_keeps_id_number_and_text_and_is_not_read(self, workshop: Workshop) -> None:
        before, lease = workshop.documents, workshop.numbers["lease.md"]
        (workshop.folder / "lease.md").rename(workshop.folder / "rent.md")

        report = workshop.ingest()

        assert [(move.before, move.path) for move in report.moved] == [("lease.md", "rent.md")]
        assert (report.indexed, report.gone, report.removed) == ([], [], [])
        assert workshop.documents["rent.md"] == before["lease.md"]
        assert workshop.numbers["rent.md"] == lease
        assert "lease.md" not in workshop.documents
        assert (workshop.parser.since(), workshop.embedder.texts) == ([], [])
        again = workshop.ingest()
        assert (again.moved, len(again.unchanged)) == ([], len(TEXTS))

    @pytest.mark.parametrize("path", sorted(TEXTS))
    def test_of_every_kind_the_points_are_those_of_a_fresh_ingest(
        self, workshop: Workshop, tmp_path: Path, path: str
    ) -> None:
        (workshop.folder / "new").mkdir()
        place = workshop.folder / path
        place.rename(workshop.folder / "new" / f"other{place.suffix}")

        report = workshop.ingest()

        assert [move.before for move in report.moved] == [path]
        assert workshop.parser.since() == []
        assert workshop.contents() == fresh(workshop, tmp_path / "fresh")

    def test_a_title_from_the_name_follows_it_and_its_opening_too(
        self, workshop: Workshop, tmp_path: Path
    ) -> None:
        plain = workshop.folder / "remark.txt"
        plain.write_text("the gate closes at eight every evening.\n")
        workshop.ingest()
        plain.rename(workshop.folder / "closing.txt")

        workshop.ingest()

        assert workshop.contents()["closing.txt"][0] == "closing"
        assert workshop.contents() == fresh(workshop, tmp_path / "fresh")
        number, _ = workshop.numbers["closing.txt"]
        assert workshop.catalog.content("default", "docs", number).document.title == "closing"

    def test_what_comes_into_another_folder_is_of_another_source_and_not_embedded(
        self, workshop: Workshop, tmp_path: Path
    ) -> None:
        clauses = "".join(f"Berth {n} is let by the week to coasters of {n} tons.\n\n" for n in range(200))
        program = "".join(f"def let_{n}(tons):\n    return tons * {n}\n\n\n" for n in range(200))
        write_texts(workshop.folder, {"north/berths.txt": clauses, "north/let.py": program})
        workshop.ingest()
        before = workshop.numbers
        workshop.embedder.texts.clear()
        (workshop.folder / "north").rename(workshop.folder / "south")

        report = workshop.ingest()

        assert [move.path for move in report.moved] == ["south/berths.txt", "south/let.py"]
        assert [text for text in workshop.embedder.texts if text != CHECK_TEXT] == []
        for name in ("berths.txt", "let.py"):
            number, chunks = before[f"north/{name}"]
            mine = [point for (_, held, _), point in workshop.index.points.items() if held == number]
            assert len(mine) == chunks + 1
            assert {point.source for point in mine} == {source_of(f"south/{name}")}
        assert workshop.contents() == fresh(workshop, tmp_path / "fresh")

    def test_the_index_is_flushed_for_many_at_once(self, tmp_path: Path) -> None:
        write_texts(tmp_path / "docs", {f"north/{n}.txt": f"Berth {n} is let.\n" for n in range(40)})
        index = MortalIndex(0, "after")
        with opened(tmp_path / "docs", tmp_path / "data", index) as workshop:
            workshop.ingest()
            (workshop.folder / "north").rename(workshop.folder / "south")
            before = index.flushes

            assert len(workshop.ingest().moved) == 40
            assert index.flushes - before <= 4

    def test_a_moved_folder(self, workshop: Workshop, tmp_path: Path) -> None:
        before = workshop.documents
        (workshop.folder / "code").rename(workshop.folder / "source")

        report = workshop.ingest(prune=True)

        assert len(report.moved) == sum(path.startswith("code/") for path in TEXTS)
        assert report.removed == []
        assert workshop.parser.since() == []
        assert workshop.documents == {path.replace("code/", "source/"): i for path, i in before.items()}
        assert workshop.contents() == fresh(workshop, tmp_path / "fresh")

    def test_swapped_names(self, workshop: Workshop, tmp_path: Path) -> None:
        write_texts(workshop.folder, {"a.txt": "the first remark.", "b.txt": "the second remark."})
        workshop.ingest()
        workshop.parser.since()
        before = workshop.documents
        one, other, aside = (workshop.folder / name for name in ("a.txt", "b.txt", "c.txt"))
        one.rename(aside)
        other.rename(one)
        aside.rename(other)

        report = workshop.ingest(prune=True)

        assert {(move.before, move.path) for move in report.moved} == {("a.txt", "b.txt"), ("b.txt", "a.txt")}
        assert workshop.documents == {**before, "a.txt": before["b.txt"], "b.txt": before["a.txt"]}
        assert workshop.parser.since() == []
        assert workshop.contents() == fresh(workshop, tmp_path / "fresh")

    def test_a_copy_is_a_new_document(self, workshop: Workshop) -> None:
        before = workshop.documents
        shutil.copy(workshop.folder / "lease.md", workshop.folder / "copy.md")

        report = workshop.ingest()

        assert (report.indexed, report.moved) == (["copy.md"], [])
        assert workshop.documents["copy.md"] not in before.values()
        assert workshop.documents["lease.md"] == before["lease.md"]

    def test_a_file_over_another_is_the_next_version_of_that_one(self, workshop: Workshop) -> None:
        before = workshop.documents
        (workshop.folder / "policy.txt").replace(workshop.folder / "lease.md")

        report = workshop.ingest(prune=True)

        assert (report.indexed, report.moved, report.removed) == (["lease.md"], [], ["policy.txt"])
        assert workshop.documents["lease.md"] == before["lease.md"]
        number, _ = workshop.numbers["lease.md"]
        assert workshop.catalog.text("default", "docs", number) == POLICY

    def test_another_ending_is_another_reader_and_still_the_same_document(self, workshop: Workshop) -> None:
        before = workshop.documents
        (workshop.folder / "policy.txt").rename(workshop.folder / "policy.md")

        report = workshop.ingest()

        assert [move.path for move in report.moved] == ["policy.md"]
        assert report.indexed == workshop.parser.since() == ["policy.md"]
        assert workshop.documents["policy.md"] == before["policy.txt"]
        assert len(workshop.catalog.versions_of("default", before["policy.txt"])) == 2

    def test_a_folder_that_a_file_replaces(self, workshop: Workshop) -> None:
        shutil.rmtree(workshop.folder / "code")
        (workshop.folder / "code").write_text("no reader for this")
        (workshop.folder / "code.md").write_text("# Code\n\nIt was here.\n")

        report = workshop.ingest(prune=True)

        assert report.indexed == ["code.md"]
        assert report.removed == sorted(path for path in TEXTS if path.startswith("code/"))


class TestPruned:
    def test_without_it_gone_files_are_counted_and_answer_on(self, workshop: Workshop) -> None:
        before = workshop.state()
        (workshop.folder / "lease.md").unlink()

        first, again = workshop.ingest(), workshop.ingest()

        assert first.gone == again.gone == ["lease.md"]
        assert workshop.state() == before

    def test_it_deletes_text_points_and_conversations(self, workshop: Workshop) -> None:
        number, _ = workshop.numbers["lease.md"]
        lease = workshop.documents["lease.md"]
        workshop.catalog.save_session("default", "s", "docs", turns="[]", documents=[number])
        (workshop.folder / "lease.md").unlink()

        report = workshop.ingest(prune=True)

        assert (report.removed, report.gone) == (["lease.md"], [])
        assert number not in {held for _, held, _ in workshop.index.points}
        with pytest.raises(Gone):
            workshop.catalog.document("default", lease)
        with pytest.raises(UnknownName):
            workshop.catalog.session("default", "s")
        assert workshop.ingest(prune=True).removed == []

    def test_what_is_ignored_now_goes_and_comes_back_as_new(self, workshop: Workshop) -> None:
        rules = workshop.folder / ".lecternignore"
        rules.write_text("lease.md\n")
        assert workshop.ingest(prune=True).removed == ["lease.md"]
        rules.unlink()
        assert workshop.ingest(prune=True).indexed == ["lease.md"]

    def test_what_is_there_and_cannot_be_read_stays(self, workshop: Workshop) -> None:
        before = workshop.state()
        edit(workshop.folder / "lease.md", " ")
        (workshop.folder / "policy.txt").write_bytes(b"")

        report = workshop.ingest(prune=True)

        assert sorted(failure.path for failure in report.failed) == ["lease.md", "policy.txt"]
        assert report.removed == []
        assert workshop.state() == before

    @pytest.mark.skipif(sys.platform == "win32" or os.geteuid() == 0, reason="nothing is closed to root")
    def test_a_folder_that_may_not_be_opened_keeps_its_documents(self, workshop: Workshop) -> None:
        before = workshop.state()
        closed = workshop.folder / "code"
        closed.chmod(0)
        try:
            assert workshop.ingest(prune=True).removed == []
        finally:
            closed.chmod(0o755)
        assert workshop.state() == before

    def test_other_folders_are_left_alone(self, workshop: Workshop) -> None:
        other = workshop.folder.with_name("other")
        write_texts(other, {"memo.txt": "the gate closes at eight."})
        workshop.folder, first = other, workshop.folder
        shutil.rmtree(first)

        report = workshop.ingest(prune=True)

        assert (report.indexed, report.removed, report.gone) == (["memo.txt"], [], [])
        assert len(workshop.documents) == len(TEXTS) + 1

    def test_a_folder_that_is_not_there_wipes_nothing(self, workshop: Workshop) -> None:
        before = workshop.state()
        shutil.rmtree(workshop.folder)

        with pytest.raises(UnknownName):
            workshop.ingest(prune=True)
        assert workshop.state() == before

    def test_an_empty_folder_is_told_by_numbers(self, workshop: Workshop) -> None:
        shutil.rmtree(workshop.folder)
        workshop.folder.mkdir()

        assert workshop.ingest().gone == sorted(TEXTS)
        assert workshop.ingest(prune=True).removed == sorted(TEXTS)
        assert workshop.index.points == {}

    def test_failures_of_gone_files_are_forgotten(self, workshop: Workshop) -> None:
        (workshop.folder / "broken.pdf").write_bytes(b"%PDF-1.7 no more")
        workshop.ingest()
        (workshop.folder / "broken.pdf").unlink()

        assert workshop.ingest().failed == []
        assert workshop.catalog.failures(workshop.collection) == {}


def change(folder: Path) -> None:
    """An edit, a new file, renames that change a title or a kind, moved ones, a removal; times stay."""
    edit(folder / "lease.md", LEASE.replace("4,200", "5,100"))
    write_texts(folder, {"zebra.txt": "the zebra crossing is repainted in may."})
    (folder / "remark.txt").rename(folder / "closing.txt")
    (folder / "ledger.py").rename(folder / "book.py")
    (folder / "notes.rst").rename(folder / "notes.txt")  # of another kind, and read by the same reader
    (folder / "board").mkdir()
    (folder / "page.html").rename(folder / "board" / "page.html")  # of another source, but of the same title
    (folder / "policy.txt").unlink()


@pytest.mark.parametrize(
    "when",
    [
        pytest.param("before", marks=pytest.mark.slow),
        "halfway",
        pytest.param("after", marks=pytest.mark.slow),
    ],
)
def test_a_run_killed_at_any_call_of_the_index_is_made_good(
    tmp_path: Path, when: Literal["before", "halfway", "after"]
) -> None:
    calm = after_changes(tmp_path / "calm", MortalIndex(0, when))
    call = 0
    for call in range(1, 100):
        mortal = MortalIndex(call, when)
        assert after_changes(tmp_path / f"killed-{call}", mortal) == calm, f"killed {when} call {call}"
        if mortal.calls < call:
            break
    assert call >= 19


def after_changes(folder: Path, index: MortalIndex) -> object:
    texts = {"lease.md": LEASE, "policy.txt": POLICY, "ledger.py": TEXTS["code/ledger.py"]}
    texts |= {name: TEXTS[name] for name in ("notes.rst", "page.html")}
    write_texts(folder / "docs", {**texts, "remark.txt": "the gate closes at eight every evening.\n"})
    with opened(folder / "docs", folder, index) as workshop:
        run_until_done(workshop)
        change(workshop.folder)
        run_until_done(workshop)
        return workshop.state(), workshop.contents()


def run_until_done(workshop: Workshop) -> None:
    try:
        workshop.ingest(prune=True)
    except Killed:
        workshop.ingest(prune=True)


def test_what_was_embedded_before_a_kill_is_not_embedded_again(tmp_path: Path) -> None:
    clauses = "".join(f"Berth {n} is let by the week to coasters of {n} tons only.\n\n" for n in range(2_000))
    write_texts(tmp_path / "docs", {"berths.txt": clauses})
    with opened(tmp_path / "docs", tmp_path / "calm") as calm:
        calm.ingest()
        expected = calm.index.contents
    index = MortalIndex(6, "halfway")
    with opened(tmp_path / "docs", tmp_path / "data", index) as workshop:
        with pytest.raises(Killed):
            workshop.ingest()
        held = len([key for key in index.points if key[0].part == "chunks"])
        assert held > 512
        workshop.embedder.texts.clear()

        workshop.ingest()

        _, chunks = workshop.numbers["berths.txt"]
        embedded = [text for text in workshop.embedder.texts if text != CHECK_TEXT]
        assert len(embedded) == chunks - held
        assert index.contents == expected


def test_a_description_that_a_loss_of_power_took_is_written_again(tmp_path: Path) -> None:
    write_texts(tmp_path / "docs", {"berths.txt": "Every berth is let by the week.\n\n" * 2_000})
    with opened(tmp_path / "docs", tmp_path / "calm") as calm:
        calm.ingest()
        expected = calm.index.contents
    index = MortalIndex(6, "halfway")
    with opened(tmp_path / "docs", tmp_path / "data", index) as workshop:
        with pytest.raises(Killed):
            workshop.ingest()
        assert [key for key in index.points if key[0].part == "chunks"]
        for key in [key for key in index.points if key[0].part == "openings"]:
            del index.points[key]

        workshop.ingest()

        assert index.contents == expected
