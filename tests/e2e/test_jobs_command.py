"""``lectern jobs`` beside the ingests of other processes."""

from __future__ import annotations

import signal
import sys
from typing import TYPE_CHECKING, Any

import pytest

from ingest.groups import GROUP_CHARACTERS
from tests.fakes.command_line import CommandLine
from tests.fakes.files import LEASE, write_texts
from tests.fakes.recipient import DIMENSIONS, Recipient

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Generator
    from pathlib import Path

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="ends commands by Unix signals")

BATCHES = 4
"""Of three files each: a long one that is finished, a short one that waits, and one behind it."""
SLOWLY = 0.3
"""Seconds: so that the file behind takes far longer than an ingest needs to notice that it is to end."""


@pytest.fixture
def endpoint() -> Generator[Recipient]:
    with Recipient() as started:
        yield started


@pytest.fixture
def line(tmp_path: Path, endpoint: Recipient) -> CommandLine:
    """What is read is embedded by a server that keeps an ingest waiting."""
    url = endpoint.settings["embeddings_base_url"]
    settings = {"LECTERN_EMBEDDINGS_BASE_URL": url, "LECTERN_EMBEDDINGS_DIMENSIONS": str(DIMENSIONS)}
    return CommandLine(tmp_path / "data", tmp_path, settings)


def begun(line: CommandLine, endpoint: Recipient, batch: int) -> tuple[subprocess.Popen[str], Any]:
    """An ingest of which one file is finished, and another one waits; and its job."""
    long = "\n\n".join(LEASE for _ in range(GROUP_CHARACTERS // len(LEASE) + 1))
    waits = f"The lease of batch {batch} waits."
    texts = {
        "a": f"# Lease {batch}\n\n{long}",
        "b": f"# Lease\n\n{waits}\n",
        "c": f"# After {batch}\n\n{long}",
    }
    write_texts(line.folder / "docs", {f"{batch}-{name}.md": text for name, text in texts.items()})
    endpoint.withheld, endpoint.pause = waits, 0
    endpoint.asked_in_vain.clear()
    endpoint.go.clear()
    ingest = line.start("ingest", "docs")
    assert endpoint.asked_in_vain.wait(120)
    [job] = [job for job in line.ok("jobs", "--json").json["jobs"] if job["state"] == "running"]
    assert job["progress"]["files_done"]
    return ingest, job


def let_go(endpoint: Recipient) -> None:
    """What waited is answered, and what comes then takes its time."""
    endpoint.pause = SLOWLY
    endpoint.go.set()


def test_ingests_are_interrupted_cancelled_and_go_on(line: CommandLine, endpoint: Recipient) -> None:
    ingest, job = begun(line, endpoint, 0)
    ingest.send_signal(signal.SIGKILL)
    ingest.communicate()
    endpoint.go.set()
    assert line.ok("jobs", "show", job["id"], "--json").json["state"] == "interrupted"
    assert "interrupted" in line.ok("jobs").out

    for batch, number in enumerate((signal.SIGINT, signal.SIGTERM), 1):
        ingest, second = begun(line, endpoint, batch)
        ingest.send_signal(number)
        let_go(endpoint)
        _, told = ingest.communicate(timeout=60)
        assert ingest.returncode == 130
        assert "files were finished and stay" in told
        assert line.ok("jobs", "show", second["id"], "--json").json["state"] == "cancelled"

    ingest, third = begun(line, endpoint, 3)
    line.ok("jobs", "cancel", third["id"])
    let_go(endpoint)
    ingest.communicate(timeout=60)
    assert ingest.returncode == 130
    endpoint.pause = 0

    again = line.ok("jobs", "retry", job["id"], "--json").json
    assert again["state"] == "done"
    assert again["report"]["indexed"] + again["report"]["unchanged"] == 3 * BATCHES
    assert len(line.ok("documents", "--json").json["documents"]) == 3 * BATCHES
    refused = line.run("jobs", "retry", job["id"])
    assert (refused.status, refused.out) == (1, "")
    assert "is done" in refused.err
    assert line.run("jobs", "show", "nowhere").err == "lectern: no job named 'nowhere'\n"
