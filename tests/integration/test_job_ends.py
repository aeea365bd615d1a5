"""How jobs of uploads end, and which files one of them reads."""

from __future__ import annotations

import tempfile
from typing import TYPE_CHECKING

import pytest

from ingest.catalog.job_records import JobFile, JobRequest
from ingest.errors import NotStarted
from ingest.sandbox import ParsingProcess
from service.jobs.controlling import cancel, retry
from tests.fakes.office import office

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from ingest.catalog.job_records import FileOutcome, JobState
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


@pytest.mark.parametrize("outcome", ["indexed", "unchanged"])
@pytest.mark.parametrize("state", ["failed", "cancelled"])
def test_a_later_upload_that_has_read_a_path_goes_before_however_it_ended(
    server: Office, state: JobState, outcome: FileOutcome
) -> None:
    catalog, originals = server.services.catalog, server.services.originals
    first = server.send({"a.md": OLD, "b.md": OLD})
    cancel(catalog, "default", first.id)
    later = server.begin(server.send({"a.md": NEW, "b.md": NEW}))
    server.end(later, state, JobFile("a.md", outcome), JobFile("b.md", "failed", "empty", "no text"))

    retry(catalog, originals, "default", first.id)
    server.run(first)

    assert server.outcomes(first) == {"b.md": "indexed"}


def test_what_a_folder_holds_under_a_path_stops_no_upload(server: Office) -> None:
    catalog, originals = server.services.catalog, server.services.originals
    first = server.send({"a.md": OLD})
    cancel(catalog, "default", first.id)
    folder = catalog.add_job("default", "docs", "ingest", JobRequest(), place=originals.place)
    server.end(server.begin(folder), "failed", JobFile("a.md", "indexed"))

    retry(catalog, originals, "default", first.id)
    server.run(first)

    assert server.outcomes(first) == {"a.md": "indexed"}
