"""Files that were sent, once their job has ended: what can be tried again stays, what is deleted goes."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from ingest.catalog.job_records import JobFile
from ingest.errors import IndexUnavailable
from service.jobs.controlling import WrongState, cancel, retry
from service.jobs.forgetting import forget_strays
from service.jobs.worker import KEPT_FOR, prune
from tests.fakes.memory_index import MemoryIndex
from tests.fakes.office import office

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from ingest.catalog.job_records import JobRecord, JobState
    from ingest.model import Scope
    from tests.fakes.office import Office

OLD, NEW, OTHER = "# Old\n\nThe rent is 100.\n", "# New\n\nThe rent is 200.\n", "# Other\n\nNo pets.\n"
EMPTY = "\n"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Office]:
    with office(tmp_path / "data") as opened:
        yield opened


def start_again(server: Office) -> list[str]:
    """Do what a server does when it starts; what is kept then."""
    forget_strays(server.services.catalog, server.services.originals)
    return server.kept()


def try_again(server: Office, job: JobRecord) -> JobRecord:
    return retry(server.services.catalog, server.services.originals, "default", job.id)


def ended(server: Office, state: JobState, files: dict[str, str], *outcomes: JobFile) -> JobRecord:
    job = server.send(files)
    server.end(server.begin(job), state, *outcomes)
    return job


@pytest.mark.parametrize("state", ["failed", "cancelled"])
def test_what_a_job_has_not_read_outlives_the_server(server: Office, state: JobState) -> None:
    job = ended(server, state, {"a.md": OLD, "b.md": OTHER})

    assert start_again(server) == [OLD, OTHER]
    assert server.run(try_again(server, job)).state == "done"
    assert set(server.documents()) == {"a.md", "b.md"}


def test_what_it_has_read_goes_once_it_is_no_document(server: Office) -> None:
    ended(server, "cancelled", {"a.md": OLD, "b.md": OTHER}, JobFile("a.md", "indexed"))

    assert start_again(server) == [OTHER]


def test_a_retry_that_was_cancelled_can_be_tried_again(server: Office) -> None:
    job = server.send({"a.md": EMPTY, "b.md": OTHER})
    assert server.run(job).state == "done"
    try_again(server, job)
    cancel(server.services.catalog, "default", job.id)

    assert EMPTY in start_again(server)
    try_again(server, job)


def test_what_a_later_upload_has_taken_the_path_of_goes(server: Office) -> None:
    ended(server, "failed", {"a.md": OLD, "b.md": OTHER})
    ended(server, "cancelled", {"a.md": NEW}, JobFile("a.md", "indexed"))

    assert start_again(server) == [OTHER]


def test_it_goes_when_its_job_is_forgotten(server: Office) -> None:
    ended(server, "cancelled", {"a.md": OLD})
    assert start_again(server) == [OLD]

    prune(server.services, datetime.now(UTC))
    assert server.kept() == [OLD]
    prune(server.services, datetime.now(UTC) + KEPT_FOR)
    assert server.kept() == []


def test_a_file_that_a_cut_short_deletion_has_left_goes_beside_one_that_stays(server: Office) -> None:
    server.run(server.send({"a.md": OLD}))
    ended(server, "failed", {"a.md": NEW})
    server.services.catalog.delete_document("default", server.documents()["a.md"])

    assert start_again(server) == [NEW]


def test_a_purge_leaves_what_can_be_tried_again(server: Office) -> None:
    server.run(server.send({"a.md": OLD}))
    server.run(server.send({"a.md": NEW}))
    ended(server, "cancelled", {"b.md": OTHER})

    server.services.purge(server.services.catalog.collection("default", "docs"))

    assert server.kept() == [NEW, OTHER]


def test_an_earlier_upload_that_is_tried_again_leaves_a_later_ones_file(server: Office) -> None:
    first = ended(server, "cancelled", {"a.md": OLD})
    second = ended(server, "cancelled", {"a.md": NEW})

    server.run(try_again(server, first))
    assert server.kept() == [NEW, OLD]
    server.run(try_again(server, second))

    assert server.title("a.md") == "New"


class FadingIndex(MemoryIndex):
    """Answers to the first deletion, and to none after it."""

    faded = False

    def delete_scope(self, scope: Scope) -> None:
        super().delete_scope(scope)
        if self.faded:
            raise IndexUnavailable("the index does not answer")
        self.faded = True


def test_a_collection_whose_deletion_is_cut_short_has_left_no_files(server: Office) -> None:
    server.run(server.send({"a.md": OLD}))
    ended(server, "failed", {"b.md": OTHER})

    with pytest.raises(IndexUnavailable):
        replace(server.services, index=FadingIndex()).delete_collection("default", "docs")

    assert server.kept() == []


class TestDeleted:
    """Deleted by hand: it is gone, though its job could be tried again."""

    def test_a_document(self, server: Office) -> None:
        server.run(server.send({"a.md": OLD}))
        job = ended(server, "failed", {"a.md": NEW})

        server.services.delete_document("default", server.documents()["a.md"])

        assert server.kept() == []
        with pytest.raises(WrongState, match="were deleted"):
            try_again(server, job)

    def test_a_file_that_could_not_be_read(self, server: Office) -> None:
        job = server.send({"a.md": EMPTY})
        assert server.run(job).state == "failed"
        assert start_again(server) == [EMPTY]

        server.services.delete_failure("default", "docs", "a.md")

        assert server.kept() == []
        with pytest.raises(WrongState, match="were deleted"):
            try_again(server, job)

    def test_a_collection(self, server: Office) -> None:
        server.run(server.send({"a.md": OLD}))
        job = ended(server, "failed", {"b.md": OTHER})

        server.services.delete_collection("default", "docs")

        assert server.kept() == []
        with pytest.raises(WrongState, match="were deleted"):
            try_again(server, job)
