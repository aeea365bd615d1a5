"""The benches of load, whole and small: all their processes, a few questions."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.fakes.command_line import ROOT

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="the benches read /proc"),
]
CLAUSES = {
    "lease": "The rent is due on the first day of each month. Either party may end the lease in writing.",
    "licence": "The licence is granted for five years. The fee is ten thousand dollars and is not refunded.",
    "supply": "The supplier delivers within thirty days. Late delivery costs one percent a week.",
}


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A labelled set of three contracts."""
    documents = [{"doc_id": name, "path": f"{name}.txt", "text": text} for name, text in CLAUSES.items()]
    queries = [
        {"query_id": name, "query": f"What does the {name} say of time?", "doc_id": name} for name in CLAUSES
    ]
    for name, rows in (("documents", documents), ("queries", queries)):
        text = "".join(json.dumps(row) + "\n" for row in rows)
        (tmp_path / f"{name}.jsonl").write_text(text, encoding="utf-8")
    return tmp_path


def run(module: str, *arguments: str) -> list[str]:
    done = subprocess.run(
        [sys.executable, "-m", module, *arguments, "--check"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_questions_and_streams_under_load(data: Path) -> None:
    short = ["--tokens", "30", "--speed", "60", "--prefill", "0.05"]
    lines = run(
        "bench.load", str(data), "--rates", "3", "--seconds", "3", "--streams", "4", "--steady", "4", *short
    )
    heading, rate, streams, service, index = lines
    assert "added median" in heading
    assert rate.split()[:3] == ["3", "a", "second"]
    assert int(rate.split()[3]) > 0
    assert streams.split()[:2] == ["4", "streams"]
    assert int(streams.split()[2]) >= 4
    assert service.startswith("memory of the service: ")
    assert index.startswith("memory of the index: ")


def test_searches_while_files_are_ingested(data: Path) -> None:
    lines = run("bench.search_under_ingest", str(data), "--files", "6", "--quiet", "1", "--characters", "40")
    assert [line.split()[0] for line in lines[1:]] == ["quiet", "ingest", "delete", "compact", "re-index"]
    assert all(int(line.split()[2]) > 0 for line in lines[1:])
