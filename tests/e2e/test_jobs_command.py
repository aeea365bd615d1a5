"""``lectern jobs`` beside the ingests of other processes."""

from __future__ import annotations

import signal
import sys
import time
from typing import TYPE_CHECKING, Any

import pytest

from tests.fakes.command_line import CommandLine
from tests.fakes.files import LEASE, write_texts

if TYPE_CHECKING:
    import subprocess
    from pathlib import Path

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="ends commands by Unix signals")

BATCH = 24
"""Files that are new to each of the four ingests."""


def begun(line: CommandLine, folder: Path) -> tuple[subprocess.Popen[str], Any]:
    """An ingest of which some files are finished, and its job."""
    first = len([*folder.glob("*.md")])
    texts = {f"{n:02}.md": f"# Lease {n}\n\n{LEASE * 50}" for n in range(first, first + BATCH)}
    write_texts(folder, texts)
    ingest = line.start("ingest", "docs")
    deadline = time.monotonic() + 120
    while True:
        found = [job for job in line.ok("jobs", "--json").json["jobs"] if job["state"] == "running"]
        if found and found[0]["progress"]["files_done"]:
            return ingest, found[0]
        assert ingest.poll() is None
        assert time.monotonic() < deadline


def test_ingests_are_interrupted_cancelled_and_go_on(tmp_path: Path) -> None:
    docs, line = tmp_path / "docs", CommandLine(tmp_path / "data", tmp_path)

    ingest, job = begun(line, docs)
    ingest.send_signal(signal.SIGKILL)
    ingest.communicate()
    assert line.ok("jobs", "show", job["id"], "--json").json["state"] == "interrupted"
    assert "interrupted" in line.ok("jobs").out

    for number in (signal.SIGINT, signal.SIGTERM):
        ingest, second = begun(line, docs)
        ingest.send_signal(number)
        _, told = ingest.communicate(timeout=60)
        assert ingest.returncode == 130
        assert "files were finished and stay" in told
        assert line.ok("jobs", "show", second["id"], "--json").json["state"] == "cancelled"

    ingest, third = begun(line, docs)
    line.ok("jobs", "cancel", third["id"])
    ingest.communicate(timeout=60)
    assert ingest.returncode == 130

    again = line.ok("jobs", "retry", job["id"], "--json").json
    assert again["state"] == "done"
    assert again["report"]["indexed"] + again["report"]["unchanged"] == 4 * BATCH
    assert len(line.ok("documents", "--json").json["documents"]) == 4 * BATCH
    refused = line.run("jobs", "retry", job["id"])
    assert (refused.status, refused.out) == (1, "")
    assert "is done" in refused.err
    assert line.run("jobs", "show", "nowhere").err == "lectern: no job named 'nowhere'\n"
