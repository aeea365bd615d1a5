"""``lectern review`` as a process: killed, interrupted, through a server; nothing is paid twice."""

from __future__ import annotations

import re
import signal
import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import httpx2
import openpyxl
import pytest

from ingest.catalog.catalog import open_catalog
from service.reviewing.exporting import from_csv
from service.settings import Settings
from tests.fakes.command_line import CommandLine
from tests.fakes.files import LEASE, write_texts
from tests.fakes.glm5 import Glm5Server
from tests.fakes.live_service import live_in_memory
from tests.fakes.reviewer import CellModel, quoting

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Iterator
    from pathlib import Path

    from ingest.catalog.catalog import Catalog

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="kills by Unix signals")

DOCUMENTS, QUESTIONS, AT_ONCE = 6, 5, 4
ASKED = ("What is the monthly rent?", *(f"What does clause {number} say?" for number in range(1, QUESTIONS)))
PATIENCE = 60


@dataclass(frozen=True)
class Desk:
    """A folder with leases that were ingested, a file of questions, and a model that answers slowly."""

    line: CommandLine
    model: CellModel
    catalog: Catalog

    def review(self, out: str, *more: str) -> tuple[str, ...]:
        return "review", "--questions", "questions.yaml", "--out", out, *more

    def saved(self) -> set[tuple[str, int]]:
        """Cells that the catalog keeps, of all reviews."""
        catalog = self.catalog
        versions = catalog.ready_versions(catalog.collection("default", "default"))
        paths = {version.document: version.path for version in versions}
        cells = [cell for review in catalog.reviews() for cell in catalog.review_cells(review, results=False)]
        return {(paths[cell.document], cell.question) for cell in cells}

    def kill_half_way(self, process: subprocess.Popen[str], number: int) -> set[tuple[str, str]]:
        """Kill once some cells are kept; gives those that were under way."""
        until(lambda: len(self.saved()) >= number)
        process.send_signal(signal.SIGKILL)
        process.communicate(timeout=PATIENCE)
        time.sleep(0.2)  # what the socket still holds arrives
        return self.unsaved()

    def unsaved(self) -> set[tuple[str, str]]:
        """Cells that were asked and are not kept, by path and question."""
        return set(self.paid()) - {(path, ASKED[place]) for path, place in self.saved()}

    def paid(self) -> dict[tuple[str, str], int]:
        with self.model.lock:
            return {(titled(path), question): count for (path, question), count in self.model.asked.items()}


def titled(path: str) -> str:
    """The path in a prompt's line, without the title."""
    return path.partition(" (")[0]


def until(happened: Any) -> None:  # noqa: ANN401 — a question without arguments
    deadline = time.monotonic() + PATIENCE
    while not happened():
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    write_texts(
        tmp_path / "docs",
        {f"lease-{number}.md": f"{LEASE}\nBerth {number}.\n" for number in range(DOCUMENTS)},
    )
    with live_in_memory(Settings(data=tmp_path / "data")) as service:
        service.ingest(tmp_path / "docs")
    lines = [
        f"- {{question: {ASKED[0]!r}, type: amount, title: Rent}}",
        *(f"- {asked!r}" for asked in ASKED[1:]),
    ]
    (tmp_path / "questions.yaml").write_text("\n".join(lines), encoding="utf-8")
    model = CellModel({ASKED[0]: quoting("monthly rent of 4,200 euros", "4,200 euros")}, delay=0.02)
    with Glm5Server(model) as server, open_catalog(tmp_path / "data" / "catalog.sqlite") as catalog:
        environment = {
            "LECTERN_LLM_BASE_URL": server.base_url,
            "LECTERN_LLM_PROVIDER": "zai",
            "LECTERN_LLM_API_KEY": "key",
            "LECTERN_REVIEW_DOCUMENTS_AT_ONCE": "1",
            "LECTERN_REVIEW_QUESTIONS_AT_ONCE": str(AT_ONCE),
        }
        yield Desk(CommandLine(tmp_path / "data", tmp_path, environment), model, catalog)


def test_a_command_that_is_killed_pays_for_every_cell_once(desk: Desk) -> None:
    under_way = desk.kill_half_way(desk.line.start(*desk.review("out.csv")), 12)
    assert len(under_way) <= AT_ONCE

    ran = desk.line.ok(*desk.review("out.csv"))

    assert "goes on: " in ran.err.splitlines()[0]
    assert f"{DOCUMENTS} answered, {DOCUMENTS * (QUESTIONS - 1)} absent" in ran.err
    paid = desk.paid()
    rows = from_csv((desk.line.folder / "out.csv").read_text(encoding="utf-8-sig"))
    assert len(paid) == len(rows) == DOCUMENTS * QUESTIONS
    assert {cell for cell, count in paid.items() if count > 1} <= under_way


@pytest.mark.slow
def test_commands_and_servers_that_are_killed_pay_for_every_cell_once(desk: Desk) -> None:
    desk.model.delay = 0.4  # a second and a half for the cells that are left when the signal is sent
    under_way = desk.kill_half_way(desk.line.start(*desk.review("out.xlsx")), 5)
    assert len(under_way) <= AT_ONCE

    interrupted = desk.line.start(*desk.review("out.xlsx"))
    until(lambda: len(desk.saved()) >= 12)
    interrupted.send_signal(signal.SIGINT)
    _, told = interrupted.communicate(timeout=PATIENCE)
    assert interrupted.returncode == 130, told
    assert "goes on: " in told.splitlines()[0]
    identity = re.search(r"--resume (\w+)", told)
    assert identity is not None
    grid = openpyxl.load_workbook(desk.line.folder / "out.xlsx")["Review"]  # as far as it has come
    assert grid.max_row == 1 + DOCUMENTS
    under_way |= desk.unsaved()

    server = desk.line.start("serve", "--port", "0")
    assert server.stdout is not None
    path = f"{server.stdout.readline().split()[3]}/v1/reviews/{identity[1]}"
    resumed = httpx2.post(f"{path}/resume", json={}, trust_env=False, timeout=PATIENCE)
    assert resumed.status_code == 202, resumed.text
    under_way |= desk.kill_half_way(server, 20)
    server.stdout.close()

    with desk.line.serving() as url, httpx2.Client(base_url=url, trust_env=False, timeout=PATIENCE) as http:
        path = f"/v1/reviews/{identity[1]}"
        until(lambda: http.get(path).json()["state"] == "done")  # by itself
        rows = from_csv(http.get(f"{path}/export", params={"format": "csv"}).content.decode("utf-8-sig"))

    paid = desk.paid()
    assert len(paid) == len(rows) == DOCUMENTS * QUESTIONS
    assert {cell for cell, count in paid.items() if count > 1} <= under_way
    assert len(under_way) <= 3 * AT_ONCE
    assert max(paid.values()) <= 2
    assert {row["number"] for row in rows if row["question"] == ASKED[0]} == {"4200"}
    assert {row["state"] for row in rows if row["question"] != ASKED[0]} == {"absent"}
