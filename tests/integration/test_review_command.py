"""``lectern review`` in this process: what it says, writes and refuses, with a server and without."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import openpyxl
import pytest
from click.testing import CliRunner

from service.cli import cli
from service.reviewing.questions import BadQuestions
from service.running import announced
from service.settings import Settings
from tests.fakes.files import LEASE, write_texts
from tests.fakes.glm5 import Glm5Server
from tests.fakes.live_service import live_in_memory
from tests.fakes.reviewer import CellModel, quoting

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from click.testing import Result

RENT, COURT = "What is the monthly rent?", "Which court decides?"
TEXTS = {"a/lease.md": LEASE, "b.md": "# Harbour\n\nThe keeper of the lighthouse earns 900 euros.\n"}


@pytest.fixture(scope="module")
def model() -> CellModel:
    return CellModel({RENT: quoting("monthly rent of 4,200 euros", "4,200 euros")})


@pytest.fixture(scope="module")
def home(model: CellModel, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, Settings]]:
    """A folder with documents that were ingested and questions, and settings that name a scripted model."""
    folder = tmp_path_factory.mktemp("home")
    write_texts(folder / "docs", TEXTS)
    (folder / "q.csv").write_text(f"question,type\n{RENT},amount\n{COURT},text\n", encoding="utf-8")
    (folder / "bad.csv").write_text("question,type\nWho signs?,colour\n", encoding="utf-8")
    with Glm5Server(model) as server:
        settings = Settings.model_validate(
            {
                "data": folder / "data",
                "llm_base_url": server.base_url,
                "llm_provider": "zai",
                "llm_api_key": "key",
            }
        )
        with live_in_memory(settings) as service:
            service.ingest(folder / "docs")
        yield folder, settings


@pytest.fixture
def review(home: tuple[Path, Settings], model: CellModel, monkeypatch: pytest.MonkeyPatch) -> Review:
    folder, settings = home
    model.failing = set()
    model.asked.clear()
    monkeypatch.chdir(folder)
    monkeypatch.setenv("LECTERN_DATA", str(settings.data))
    monkeypatch.setenv("LECTERN_LLM_BASE_URL", str(settings.llm_base_url))
    monkeypatch.setenv("LECTERN_LLM_PROVIDER", "zai")
    monkeypatch.setenv("LECTERN_LLM_API_KEY", "key")
    return Review(folder, settings)


class Review:
    """The command, in a folder."""

    def __init__(self, folder: Path, settings: Settings) -> None:
        self.folder = folder
        self.settings = settings

    def __call__(self, *arguments: str, status: int = 0) -> Result:
        result = CliRunner().invoke(cli, ["review", *arguments])
        assert result.exit_code == status, (result.output, result.exception)
        return result


def test_a_table_is_written_and_said_to_be(review: Review, model: CellModel) -> None:
    told = review("--questions", "q.csv", "--out", "all.xlsx").stderr.splitlines()

    assert "4 cells to ask in 2 documents, for about $0.00" in told[0]
    assert told[-1].startswith("all.xlsx: 1 answered, 3 absent · ")
    rows = list(openpyxl.load_workbook(review.folder / "all.xlsx")["Review"].iter_rows(values_only=True))
    assert rows == [
        ("Document", RENT, COURT),
        ("a/lease.md", 4200, "not in the document"),
        ("b.md", "not in the document", "not in the document"),
    ]

    again = review("--questions", "q.csv", "--out", "all.xlsx").stderr
    assert "goes on: 0 cells to ask" in again
    assert model.asked.total() == 4


@pytest.mark.parametrize("named", ["a", "docs/a/lease.md", "*.md"])
def test_documents_are_named_as_people_name_them(review: Review, named: str) -> None:
    result = review(named, "--questions", "q.csv", "--out", "some.json", "--json")

    cells = json.loads(result.stdout)["cells"]
    assert [cell["path"] for cell in cells][:2] == ["a/lease.md"] * 2
    assert len(cells) == (4 if named == "*.md" else 2)
    assert json.loads((review.folder / "some.json").read_text(encoding="utf-8"))["cells"] == cells


def test_failed_cells_are_told_by_the_exit_status(review: Review, model: CellModel) -> None:
    model.failing = {COURT}
    told = review("--questions", "q.csv", "--out", "failing.csv", status=2).stderr
    assert "2 failed" in told
    assert "--retry-failed" in told

    model.failing = set()
    assert "3 absent" in review("--questions", "q.csv", "--out", "failing.csv", "--retry-failed").stderr


def test_a_running_server_does_the_work(review: Review, model: CellModel) -> None:
    with live_in_memory(review.settings) as service, announced(review.settings.data, service.url):
        told = review("--questions", "q.csv", "--out", "served.xlsx").stderr
        assert "1 answered, 3 absent" in told
        [made] = [one for one in service.get("/v1/reviews")["reviews"] if one["name"].endswith("served.xlsx")]
        review("--resume", made["id"], "--out", "served.csv")
        refused = review("--questions", "q.csv", "--out", "dear.xlsx", "--max-usd", "0", status=1)
        assert "should cost" in str(refused.exception)

        grid = openpyxl.load_workbook(review.folder / "served.xlsx")["Review"]
        link = grid["A2"].hyperlink
        assert link is not None
        assert str(link.target).startswith(f"{service.url}/#/document/")
    assert model.asked.total() == 4


def test_what_is_wrong_is_said_before_anything_is_asked(review: Review, model: CellModel) -> None:
    wrong = review("--questions", "bad.csv", "--out", "out.xlsx", status=1)
    assert isinstance(wrong.exception, BadQuestions)
    assert str(wrong.exception).startswith("bad.csv: row 2, column type: 'colour' is none of")
    dear = review("--questions", "q.csv", "--out", "dear.xlsx", "--max-usd", "0", status=1)
    assert "should cost $0.0" in str(dear.exception)
    lost = review("nowhere.md", "--questions", "q.csv", "--out", "out.xlsx", status=1)
    assert str(lost.exception) == "no document named 'nowhere.md'"
    for arguments in (
        ("--questions", "q.csv", "--out", "out.pdf"),
        ("--questions", "q.csv", "--out", "no/out.csv"),
        ("--out", "out.csv"),
    ):
        review(*arguments, status=2)
    assert model.asked.total() == 0
