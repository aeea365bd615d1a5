"""How jobs of uploads end, and which files one of them reads."""

from __future__ import annotations

import tempfile
from typing import TYPE_CHECKING

import pytest

from ingest.errors import NotStarted
from ingest.sandbox import ParsingProcess
from tests.fakes.office import office

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.fakes.office import Office

OLD, NEW = "# Old\n\nThe rent is 100.\n", "# New\n\nThe rent is 200.\n"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Office]:
    with office(tmp_path / "data") as opened:
        yield opened


def test_one_that_finds_no_room_to_start_a_parser_waits(
    server: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = server.send({"a.md": OLD})
    with monkeypatch.context() as patched, ParsingProcess() as parser:
        patched.setattr(tempfile, "tempdir", str(tmp_path / "gone"))
        ran = server.run(job, parser)

    assert ran.state == "queued"
    assert isinstance(ran.error, NotStarted)
    assert str(tmp_path) not in str(ran.error)
    assert server.run(job).state == "done"
    assert server.outcomes(job) == {"a.md": "indexed"}


def test_files_that_have_only_moved_are_unchanged(server: Office) -> None:
    server.run(server.send({"a.md": OLD, "b.md": NEW}))

    swapped = server.send({"a.md": NEW, "b.md": OLD})
    assert server.run(swapped).state == "done"
    assert server.outcomes(swapped) == {"a.md": "unchanged", "b.md": "unchanged"}
    assert server.services.catalog.job("default", swapped.id).report.unchanged == 2
    assert (server.title("a.md"), server.title("b.md")) == ("New", "Old")

    with_a_broken_one = server.send({"a.md": OLD, "b.md": NEW, "c.md": ""})
    assert server.run(with_a_broken_one).state == "done"
    assert server.outcomes(with_a_broken_one) == {"a.md": "unchanged", "b.md": "unchanged", "c.md": "failed"}


def test_a_file_that_has_moved_and_was_read_again_is_indexed(server: Office) -> None:
    server.run(server.send({"a.md": OLD, "b.txt": NEW}))

    swapped = server.send({"a.md": NEW, "b.txt": OLD})
    assert server.run(swapped).state == "done"

    report = server.services.catalog.job("default", swapped.id).report
    assert (report.indexed, report.unchanged) == (2, 0)
    assert server.outcomes(swapped) == {"a.md": "indexed", "b.txt": "indexed"}
