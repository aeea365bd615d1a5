"""``lectern jobs`` beside the ingests of other processes."""

from __future__ import annotations

import json
import signal
import sqlite3
import sys
import time
from contextlib import closing, suppress
from typing import TYPE_CHECKING, Any

import pytest

from tests.fakes.command_line import CommandLine
from tests.fakes.files import LEASE, write_texts

if TYPE_CHECKING:
    import subprocess
    from pathlib import Path

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="ends commands by Unix signals")

BATCHES = (24, 20, 20, 20)
"""Files that are new to each of the four ingests, which leave most of theirs to the next."""


def begun(line: CommandLine, folder: Path, batch: int) -> tuple[subprocess.Popen[str], Any]:
    """An ingest of which some files are finished, and its job."""
    first = len([*folder.glob("*.md")])
    texts = {f"{n:02}.md": f"# Lease {n}\n\n{LEASE * 50}" for n in range(first, first + batch)}
    write_texts(folder, texts)
    ingest = line.start("ingest", "docs")
    deadline = time.monotonic() + 120
    while not has_finished_files(line.data):
        assert ingest.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.02)
    [job] = [job for job in line.ok("jobs", "--json").json["jobs"] if job["state"] == "running"]
    assert job["progress"]["files_done"]
    return ingest, job


def has_finished_files(data: Path) -> bool:
    """Whether the job that runs has: looked up here, for a command takes as long as several files."""
    catalog = f"{(data / 'catalog.sqlite').as_uri()}?mode=ro"
    with suppress(sqlite3.OperationalError), closing(sqlite3.connect(catalog, uri=True)) as database:
        running = database.execute("SELECT progress FROM jobs WHERE state = 'running'").fetchall()
        return any(json.loads(progress)["files_done"] for (progress,) in running)
    return False  # there is no catalog yet


def test_ingests_are_interrupted_cancelled_and_go_on(tmp_path: Path) -> None:
    docs, line = tmp_path / "docs", CommandLine(tmp_path / "data", tmp_path)

    ingest, job = begun(line, docs, BATCHES[0])
    ingest.send_signal(signal.SIGKILL)
    ingest.communicate()
    assert line.ok("jobs", "show", job["id"], "--json").json["state"] == "interrupted"
    assert "interrupted" in line.ok("jobs").out

    for number, batch in zip((signal.SIGINT, signal.SIGTERM), BATCHES[1:3], strict=True):
        ingest, second = begun(line, docs, batch)
        ingest.send_signal(number)
        _, told = ingest.communicate(timeout=60)
        assert ingest.returncode == 130
        assert "files were finished and stay" in told
        assert line.ok("jobs", "show", second["id"], "--json").json["state"] == "cancelled"

    ingest, third = begun(line, docs, BATCHES[3])
    line.ok("jobs", "cancel", third["id"])
    ingest.communicate(timeout=60)
    assert ingest.returncode == 130

    again = line.ok("jobs", "retry", job["id"], "--json").json
    assert again["state"] == "done"
    assert again["report"]["indexed"] + again["report"]["unchanged"] == sum(BATCHES)
    assert len(line.ok("documents", "--json").json["documents"]) == sum(BATCHES)
    refused = line.run("jobs", "retry", job["id"])
    assert (refused.status, refused.out) == (1, "")
    assert "is done" in refused.err
    assert line.run("jobs", "show", "nowhere").err == "lectern: no job named 'nowhere'\n"
