"""``lectern backup`` and ``lectern restore`` as people run them: beside a server, and killed."""

from __future__ import annotations

import random
import sys
import time
from typing import TYPE_CHECKING

import pytest

from tests.fakes.command_line import CommandLine
from tests.fakes.files import TEXTS, write_texts

if TYPE_CHECKING:
    from pathlib import Path

FEW = {name: TEXTS[name] for name in ("lease.md", "policy.txt")}


def test_a_backup_beside_a_server_is_verified_and_restored(tmp_path: Path) -> None:
    write_texts(tmp_path / "docs", FEW)
    line = CommandLine(tmp_path / "data", tmp_path)
    copy = CommandLine(tmp_path / "copy", tmp_path)
    line.ok("ingest", "docs")
    with line.serving():
        said = line.ok("backup", "b.tar.gz").out
        assert "writes waited" in said
        refused = line.run("restore", "b.tar.gz", "--force")
        assert (refused.status, "a server runs" in refused.err) == (1, True)
    kept = (tmp_path / "b.tar.gz").read_bytes()
    again = line.run("backup", "b.tar.gz")
    assert (again.status, "b.tar.gz is there already" in again.err) == (1, True)
    assert (tmp_path / "b.tar.gz").read_bytes() == kept
    assert line.ok("backup", "b.tar.gz", "--force").out
    absent = line.run("backup", "absent/b.tar.gz")
    assert (absent.status, f"{tmp_path / 'absent'}, where the backup is to lie" in absent.err) == (1, True)
    figures = copy.ok("backup", "b.tar.gz", "--verify", "--json").json
    assert figures["bytes"] == (tmp_path / "b.tar.gz").stat().st_size
    assert "is whole" in copy.ok("backup", "b.tar.gz", "--verify").out

    assert "is as it was on" in copy.ok("restore", "b.tar.gz").out

    assert copy.ok("search", "monthly rent").out == line.ok("search", "monthly rent").out
    assert "copy holds" in copy.run("restore", "b.tar.gz").err
    assert copy.ok("restore", "b.tar.gz", "--force", "--json").json["wrong"] == []
    assert copy.ok("documents", "purge").out == "purged 0 old versions\n"
    assert copy.ok("search", "monthly rent").out == line.ok("search", "monthly rent").out
    (tmp_path / "b.tar.gz").write_bytes((tmp_path / "b.tar.gz").read_bytes()[:-5_000])
    assert "damaged" in copy.run("backup", "b.tar.gz", "--verify").err


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="kills by a Unix signal")
def test_a_restore_that_is_killed_leaves_the_old_store_or_the_new_one(tmp_path: Path) -> None:
    write_texts(tmp_path / "docs", FEW)
    write_texts(tmp_path / "other", {"third.md": "# Third\n\nAnother store.\n"})
    CommandLine(tmp_path / "first", tmp_path).ok("ingest", "docs")
    CommandLine(tmp_path / "first", tmp_path).ok("backup", "first.tar.gz")
    CommandLine(tmp_path / "second", tmp_path).ok("ingest", "other")
    CommandLine(tmp_path / "second", tmp_path).ok("backup", "second.tar.gz")
    line, chance = CommandLine(tmp_path / "data", tmp_path), random.Random(3)
    line.ok("restore", "first.tar.gz")
    seen: set[tuple[str, ...]] = set()
    for file in ("second.tar.gz", "first.tar.gz") * 5:
        restoring = line.start("restore", file, "--force")
        time.sleep(chance.uniform(0.5, 5.0))
        restoring.kill()
        restoring.communicate()
        listed = line.ok("documents", "--json").json["documents"]
        seen.add(tuple(document["path"] for document in listed))
        findings = line.ok("doctor", "--json").json
        assert [finding for finding in findings if finding["state"] == "wrong"] == []
    assert seen <= {("lease.md", "policy.txt"), ("third.md",)}
