"""``lectern migrate`` as people run it: to a Qdrant server and back, killed, and into another layout."""

from __future__ import annotations

import random
import shutil
import sys
import time
from typing import TYPE_CHECKING, Any

import pytest

from tests.fakes.command_line import CommandLine
from tests.fakes.files import TEXTS, write_texts
from tests.fakes.qdrant_rest import QdrantRest

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

FEW = {name: TEXTS[name] for name in ("lease.md", "policy.txt", "code/ledger.py")}
pytestmark = pytest.mark.slow
"""Each command starts a process or two."""

QUESTIONS = ("What is the monthly rent?", "book trains", "Which tug lies at berth 7?")


@pytest.fixture
def server(tmp_path: Path) -> Generator[QdrantRest]:
    with QdrantRest(tmp_path / "server") as running:
        yield running


def hits(line: CommandLine, **environment: str) -> list[Any]:
    return [line.ok("search", question, "--json", **environment).json for question in QUESTIONS]


def counts(report: Any) -> tuple[int, int, int]:  # noqa: ANN401 — JSON
    return report["copied_documents"], report["kept_documents"], report["forgotten_documents"]


def test_the_index_goes_to_a_server_and_back_and_answers_the_same(tmp_path: Path, server: QdrantRest) -> None:
    write_texts(tmp_path / "docs", FEW)
    line = CommandLine(tmp_path / "data", tmp_path)
    line.ok("ingest", "docs")
    before = hits(line)

    report = line.ok("migrate", server.url, "--json").json

    assert counts(report) == (3, 0, 0)
    assert report["points"] == report["copied_points"] > 6
    assert hits(line, LECTERN_QDRANT_URL=server.url) == before
    assert counts(line.ok("migrate", server.url, "--json").json) == (0, 3, 0)

    fresh = CommandLine(tmp_path / "fresh", tmp_path)
    fresh.data.mkdir()
    shutil.copy(line.data / "catalog.sqlite", fresh.data)
    said = fresh.ok("migrate", "embedded", LECTERN_QDRANT_URL=server.url).out
    assert said.startswith("the index holds 3 documents of 1 collection, ")
    assert "3 documents copied, 0 there already, 0 forgotten" in said
    assert hits(fresh) == before
    wrong = [finding for finding in fresh.ok("doctor", "--json").json if finding["state"] == "wrong"]
    assert wrong == []
    noted = fresh.ok("audit", "--action", "migrate", "--json").json["entries"]
    assert {entry["outcome"] for entry in noted} == {"ok"}
    assert [entry["subject"] for entry in noted] == ["embedded", "127.0.0.1", "127.0.0.1"]


@pytest.mark.skipif(sys.platform == "win32", reason="kills by a Unix signal")
def test_killed_anywhere_the_same_command_ends_it(tmp_path: Path, server: QdrantRest) -> None:
    write_texts(tmp_path / "docs", {f"{n}.md": long_text(n) for n in range(40)})
    line = CommandLine(tmp_path / "data", tmp_path, patience=600)
    line.ok("ingest", "docs")
    before, chance, killed = hits(line), random.Random(7), 0
    for _ in range(5):
        asked = len(server.requests)
        migrating = line.start("migrate", server.url)
        writes = chance.randrange(1, 40)
        while migrating.poll() is None and len(server.requests) < asked + writes:
            time.sleep(0.01)  # until it has come so far, whatever the machine does
        killed += migrating.poll() is None
        migrating.kill()
        migrating.communicate()

    report = line.ok("migrate", server.url, "--json").json

    assert killed
    assert report["documents"] == report["copied_documents"] + report["kept_documents"] == 40
    assert report["lacking"] == []
    assert hits(line, LECTERN_QDRANT_URL=server.url) == before
    assert counts(line.ok("migrate", server.url, "--json").json) == (0, 40, 0)


def test_another_layout_is_built_beside_what_serves(tmp_path: Path, server: QdrantRest) -> None:
    write_texts(tmp_path / "docs", FEW)
    line = CommandLine(tmp_path / "data", tmp_path, {"LECTERN_QDRANT_URL": server.url})
    line.ok("ingest", "docs")
    before = hits(line)
    sharded = CommandLine(line.data, tmp_path, {**line.environment, "LECTERN_QDRANT_SHARDS": "3"})
    told = [finding for finding in sharded.ok("doctor", "--json").json if "layout" in finding["check"]]
    assert [(finding["state"], finding["detail"]) for finding in told] == [
        ("note", "lectern: shards: 1, and not 3")
    ]

    assert counts(sharded.ok("migrate", "--rebuild", "--json").json) == (3, 0, 0)

    assert (server.names, server.made("lectern").shard_number) == ({"lectern-v1"}, 3)
    assert hits(sharded) == before
    layout = [f for f in sharded.ok("doctor", "--json").json if "layout" in f["check"]]
    assert [finding["state"] for finding in layout] == ["ok"]


def long_text(number: int) -> str:
    return "".join(f"Berth {n} of pier {number} is let to tug {n * 7 + number}.\n\n" for n in range(60))
