"""Jobs that may not go on: their access key has ended, or the disk is nearly full."""

from __future__ import annotations

import shutil
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import httpx2
import pytest

from ingest.catalog.job_records import JobRequest
from service.access.keys import KeyEnded, make_key
from service.commands.ingest import ingest
from service.jobs.receiving import RESERVE, StorageFull
from service.jobs.watching import LOOK_SECONDS
from service.settings import Settings
from tests.fakes.files import LEASE, write_texts
from tests.fakes.live_service import live
from tests.fakes.recipient import DIMENSIONS, Recipient

if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from pathlib import Path

    from ingest.catalog.job_records import JobRecord
    from tests.fakes.live_service import LiveService

PATIENCE = 60
FILES = 60
WAITS = "This lease waits."
SECOND = 30
"""A file of the second group, with others behind it: the embedding of those words is withheld until the test
says so, and more is asked for afterwards."""
UNFINISHED = {"queued", "running"}
LOOKS = 4 * LOOK_SECONDS
"""Until it has been noticed that a job may not go on."""


class Holder:
    """A client with a key of its own."""

    def __init__(self, service: LiveService, endpoint: Recipient) -> None:
        self._endpoint = endpoint
        key, self.record = make_key(service.services.catalog, "default", "", permissions=("read", "write"))
        headers = {"Authorization": f"Bearer {key}"}
        self.http = httpx2.Client(base_url=service.url, headers=headers, timeout=60, trust_env=False)

    def send(self, collection: str, files: int = FILES) -> str:
        """The job of an upload."""
        self._endpoint.go.clear()
        texts = [f"# Lease {n}\n\n" + LEASE * 20 for n in range(files)]
        texts[SECOND] += f"\n{WAITS}\n"
        parts = [("file", (f"{n:02}.md", text)) for n, text in enumerate(texts)]
        answer = self.http.post("/v1/documents", files=parts, data={"collection": collection})
        assert answer.status_code == 202, answer.text
        return answer.json()["id"]

    def retry(self, job: str) -> None:
        answer = self.http.post(f"/v1/jobs/{job}/retry")
        assert answer.status_code == 202, answer.text


class Disk:
    """What `shutil.disk_usage` tells of every disk."""

    def __init__(self, path: Path) -> None:
        self._usage = shutil.disk_usage(path)
        self.free = 2**40

    def usage(self, _path: object) -> Any:  # noqa: ANN401 — the named tuple has no public name
        return self._usage._replace(free=self.free)


@pytest.fixture
def disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Disk:
    made = Disk(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", made.usage)
    return made


@pytest.fixture(scope="module")
def endpoint() -> Generator[Recipient]:
    with Recipient(withheld=WAITS) as started:
        yield started


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory, endpoint: Recipient) -> Generator[LiveService]:
    url = endpoint.settings["embeddings_base_url"]
    settings = Settings(
        data=tmp_path_factory.mktemp("data"), embeddings_base_url=url, embeddings_dimensions=DIMENSIONS
    )
    with live(settings) as running:
        yield running


@pytest.fixture
def holder(service: LiveService, endpoint: Recipient) -> Generator[Holder]:
    made = Holder(service, endpoint)
    with made.http:
        yield made


def until(service: LiveService, job: str, is_so: Callable[[JobRecord], bool]) -> JobRecord:
    deadline = time.monotonic() + PATIENCE
    while not is_so(found := service.services.catalog.job("default", job)):
        assert time.monotonic() < deadline, found
        time.sleep(0.02)
    return found


def ended(service: LiveService, job: str) -> JobRecord:
    return until(service, job, lambda found: found.state not in UNFINISHED)


def begun(service: LiveService, job: str) -> JobRecord:
    """Once some of its files are done, and others are not."""
    return until(service, job, lambda found: found.progress.files_done > 0)


def indexed(service: LiveService, collection: str) -> int:
    """Documents, of which the index holds just the points that the catalog knows."""
    wired = service.services
    record = wired.catalog.collection("default", collection)
    manifest = wired.catalog.manifest(record)
    assert dict(wired.index.counts(record.scope)) == manifest
    return len(manifest)


def published(service: LiveService, collection: str) -> int:
    """Documents while a job waits: the index may hold points of the group that it will go on with."""
    wired = service.services
    record = wired.catalog.collection("default", collection)
    manifest, pending = wired.catalog.manifest(record), wired.catalog.pending_versions(record)
    counts = wired.index.counts(record.scope)
    assert {number: counts[number] for number in manifest} == manifest
    assert counts.keys() - manifest.keys() <= {version.number for version in pending}
    return len(manifest)


class TestKeys:
    def test_one_that_is_revoked_ends_what_it_began_and_another_goes_on(
        self, service: LiveService, holder: Holder, endpoint: Recipient
    ) -> None:
        leaked = Holder(service, endpoint)
        with leaked.http:
            job = leaked.send("leaked")
        begun(service, job)

        service.services.catalog.revoke_key("default", leaked.record.id)
        time.sleep(LOOKS)
        endpoint.go.set()

        found = ended(service, job)
        assert (found.state, found.report.reason) == ("failed", str(KeyEnded()))
        assert 0 < indexed(service, "leaked") < FILES
        holder.retry(job)
        assert ended(service, job).state == "done"
        assert indexed(service, "leaked") == FILES

    @pytest.mark.parametrize("how", ["revoked", "expired", "unknown"])
    def test_nothing_is_begun_for_one_that_has_ended(
        self, service: LiveService, tmp_path: Path, how: str
    ) -> None:
        write_texts(tmp_path, {"lease.md": LEASE})
        catalog, soon = service.services.catalog, datetime.now(UTC) + timedelta(milliseconds=50)
        _, key = make_key(catalog, "default", "", expires_at=soon if how == "expired" else None)
        if how == "revoked":
            catalog.revoke_key("default", key.id)
        time.sleep(0.1)
        asked = JobRequest(paths=(str(tmp_path),), key="0" * 12 if how == "unknown" else key.id)

        job = catalog.add_job("default", how, "ingest", asked, place=service.services.originals.place)

        found = ended(service, job.id)
        assert (found.state, found.report.reason) == ("failed", str(KeyEnded()))
        assert how not in {collection.name for collection in catalog.collections("default")}

    @pytest.mark.parametrize("label", ["", "settings"])
    def test_what_no_made_key_asked_for_goes_on(
        self, service: LiveService, tmp_path: Path, label: str
    ) -> None:
        write_texts(tmp_path, {"lease.md": LEASE})
        asked, place = JobRequest(paths=(str(tmp_path),), key=label), service.services.originals.place

        job = service.services.catalog.add_job("default", f"of-{label}", "ingest", asked, place=place)

        assert ended(service, job.id).state == "done"


class TestDisk:
    def test_a_job_waits_for_room_and_goes_on_by_itself(
        self, service: LiveService, holder: Holder, endpoint: Recipient, disk: Disk
    ) -> None:
        job = holder.send("crowded")
        begun(service, job)

        disk.free = RESERVE - 1
        time.sleep(LOOKS)
        endpoint.go.set()

        waiting = until(service, job, lambda found: found.state == "queued" and bool(found.report.reason))
        assert "no room for more documents" in waiting.report.reason
        done = published(service, "crowded")
        time.sleep(4)  # longer than the pause before a job is taken up again
        assert service.services.catalog.job("default", job).attempts == waiting.attempts
        assert 0 < published(service, "crowded") == done < FILES
        disk.free = RESERVE
        found = ended(service, job)
        assert (found.state, found.report.reason) == ("done", "")
        assert indexed(service, "crowded") == FILES
        assert service.services.catalog.failed_job_files(found) == ()

    def test_a_command_says_so_and_the_same_one_goes_on(self, tmp_path: Path, disk: Disk) -> None:
        folder, settings = tmp_path / "docs", Settings(data=tmp_path / "data")
        write_texts(folder, {"lease.md": LEASE})
        ingest(settings, "default", [])
        disk.free = RESERVE - 1

        with pytest.raises(StorageFull, match="no room for more documents"):
            ingest(settings, "default", [folder])

        disk.free = RESERVE
        report = ingest(settings, "default", [folder])
        assert (report.indexed, report.failed) == (["lease.md"], [])
