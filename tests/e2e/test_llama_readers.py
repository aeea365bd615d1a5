"""``lectern ingest --reader``: readers and connectors of LlamaIndex's, as people run them."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from service.commands.ingest import command
from tests.fakes.command_line import CommandLine

FAKES = Path(__file__).resolve().parents[1] / "fakes" / "llama_readers.py"


@pytest.fixture
def lectern(tmp_path: Path) -> CommandLine:
    """A folder with a reader of one's own and some files."""
    folder = tmp_path / "work"
    (folder / "files").mkdir(parents=True)
    shutil.copy(FAKES, folder / "ourreaders.py")
    (folder / "files" / "a.odd").write_text("The harbour opens at six.\nThe harbour closes at nine.")
    (folder / "files" / "b.txt").write_text("broken")
    return CommandLine(tmp_path / "data", folder)


def test_files_of_any_kind_are_read_by_a_chosen_reader(lectern: CommandLine) -> None:
    ran = lectern.run("ingest", "--json", "--reader", "ourreaders:Pages", "files")
    assert (ran.status, ran.json["indexed"]) == (2, ["a.odd"])
    (failure,) = ran.json["failed"]
    assert (failure["path"], failure["reason"]) == ("b.txt", "broken")
    assert "ZeroDivisionError: the page is blank" in failure["detail"]
    (hit,) = lectern.ok("search", "--json", "--limit", "1", "when does the harbour close?").json["hits"]
    assert (hit["path"], hit["section"]) == ("a.odd", ["Page 2"])


def test_a_connector_is_a_source_whose_documents_come_and_go(lectern: CommandLine) -> None:
    wiki = ("ingest", "--json", "--reader", "ourreaders:Wiki", "--reader-argument", "count=2")
    assert lectern.ok(*wiki).json["indexed"] == ["Page_1.txt", "Page_2.txt"]
    with (lectern.folder / "ourreaders.py").open("a") as module:
        module.write(
            "\n\nclass Wiki(Wiki):\n    def load_data(self, count):\n        return super().load_data(1)\n"
        )
    assert lectern.ok(*wiki).json["unchanged"] == ["Page_1.txt"]
    (document,) = lectern.ok("documents", "--json").json["documents"]
    assert document["path"] == "Page_1.txt"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--reader", "tests.fakes.llama_readers:Nobody", "files"), "has no class 'Nobody'"),
        (("--reader", "tests.fakes.llama_readers:Wiki"), "missing a required argument: 'count'"),
        (("--reader-argument", "count", "files"), "must be written key=value"),
        (("--reader-argument", "count=2", "files"), "--reader-argument needs --reader"),
        ((), "Missing argument"),
    ],
)
def test_a_wrong_name_is_a_wrong_use(tmp_path: Path, arguments: tuple[str, ...], said: str) -> None:
    ran = CliRunner().invoke(command, arguments, env={"LECTERN_DATA": str(tmp_path / "data")})
    assert ran.exit_code == 2
    assert said in ran.output
    assert not (tmp_path / "data").exists()
