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

OLD = "# Old\n\nThe rent is 100.\n"


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
