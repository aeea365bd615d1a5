"""Jobs end once nobody answers for them any more, or the disk is nearly full; what they have read stays."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

import pytest

from ingest.catalog.job_records import JobRequest
from service.access.keys import KeyEnded, make_key
from service.ingesting import open_ingest
from service.jobs import controlling
from service.jobs.going_on import LEAST_FREE
from service.jobs.owner import this_process
from service.jobs.receiving import StorageFull
from service.jobs.running import run_job
from service.settings import Settings
from service.wiring import open_services
from tests.fakes.files import write_texts
from tests.fakes.live_service import live

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from ingest.catalog.job_records import JobRecord
    from ingest.report import Progress
    from service.jobs.running import Ran
    from service.wiring import Services

FILES = 140
"""More than twice as many as are written together."""
PAUSE = 0.02
"""After each file: the job lasts far longer than it takes to look."""


@pytest.fixture(scope="module")
def services(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Services]:
    data = tmp_path_factory.mktemp("going-on") / "data"
    with open_services(Settings(data=data, embed_workers=1, parse_workers=1)) as opened:
        yield opened


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_texts(tmp_path, {f"{n:03}.txt": f"Berth {n} is let by the week." for n in range(FILES)})
    return tmp_path


def begun(services: Services, collection: str, folder: Path, key: str = "") -> JobRecord:
    """Taken up by this process, as a server's worker does it."""
    catalog, place = services.catalog, services.originals.place
    request = JobRequest(paths=(str(folder),), key=key)
    catalog.add_job("default", collection, "ingest", request, place=place)
    return claimed(services)


def claimed(services: Services) -> JobRecord:
    job = services.catalog.claim_job(services.originals.place, this_process())
    assert job is not None
    return job


def ran(
    services: Services,
    job: JobRecord,
    stopping: threading.Event,
    *,
    after_a_file: Callable[[], object] | None = None,
    free: Callable[[Path], int] = lambda _: LEAST_FREE,
) -> Ran:
    def progressed(progress: Progress) -> None:
        if progress.finished and after_a_file is not None:
            after_a_file()
            time.sleep(PAUSE)

    with open_ingest(services) as work:
        return run_job(services, work, job, stopping=stopping, on_progress=progressed, free=free)


def indexed(services: Services, collection: str) -> int:
    return len(services.catalog.documents("default", collection, limit=1_000).documents)


@pytest.fixture
def stopping() -> threading.Event:
    return threading.Event()


def test_a_key_that_was_revoked_before_reads_nothing(
    services: Services, folder: Path, stopping: threading.Event
) -> None:
    _, key = make_key(services.catalog, "default", "lost", permissions=["write"])
    services.catalog.revoke_key("default", key.id)
    job = begun(services, "before", folder, key.id)

    assert isinstance(ran(services, job, stopping).error, KeyEnded)

    ended = services.catalog.job("default", job.id)
    assert (ended.state, ended.report.reason) == (
        "failed",
        "the access key that asked for it was revoked or has expired: another one can go on",
    )
    assert services.catalog.job_files(ended) == ()


def test_a_key_that_is_revoked_meanwhile_ends_it_and_another_goes_on(
    services: Services, folder: Path, stopping: threading.Event
) -> None:
    _, key = make_key(services.catalog, "default", "leaked", permissions=["write"])
    _, other = make_key(services.catalog, "default", "kept", permissions=["write"])
    job = begun(services, "meanwhile", folder, key.id)

    first = ran(services, job, stopping, after_a_file=lambda: services.catalog.revoke_key("default", key.id))

    assert isinstance(first.error, KeyEnded)
    ended = services.catalog.job("default", job.id)
    assert ended.state == "failed"
    assert "was revoked" in ended.report.reason
    assert 0 < indexed(services, "meanwhile") < FILES

    controlling.retry(services.catalog, services.originals, "default", job.id, key=other.id)
    again = claimed(services)
    assert again.request.key == other.id
    assert ran(services, again, stopping).state == "done"
    assert indexed(services, "meanwhile") == FILES


def test_a_disk_that_fills_ends_it_and_with_room_it_goes_on(
    services: Services, folder: Path, stopping: threading.Event
) -> None:
    free = [LEAST_FREE]

    def fill() -> None:
        free[0] = LEAST_FREE - 1

    job = begun(services, "full", folder)
    first = ran(services, job, stopping, after_a_file=fill, free=lambda _: free[0])

    assert isinstance(first.error, StorageFull)
    ended = services.catalog.job("default", job.id)
    assert (ended.state, ended.report.reason) == (
        "failed",
        "the disk of the data folder is nearly full: make room, then try it again",
    )
    kept = indexed(services, "full")
    assert 0 < kept < FILES

    controlling.retry(services.catalog, services.originals, "default", job.id)
    assert isinstance(ran(services, claimed(services), stopping, free=lambda _: 0).error, StorageFull)
    assert indexed(services, "full") == kept
    controlling.retry(services.catalog, services.originals, "default", job.id)
    assert ran(services, claimed(services), stopping).state == "done"
    assert indexed(services, "full") == FILES
    assert services.catalog.failed_job_files(ended) == ()  # what was not read is not called unreadable


def test_servers_know_whose_key_asks(tmp_path: Path) -> None:
    with live(Settings(data=tmp_path / "data", ingest_roots=(tmp_path,))) as service:
        catalog = service.services.catalog
        text, key = make_key(catalog, "default", "sends", permissions=["read", "write", "admin"])
        service.http.headers["Authorization"] = f"Bearer {text}"
        files = [("file", ("rules.txt", b"Berths are let by the week."))]
        sent = service.http.post("/v1/documents", files=files).json()["id"]
        write_texts(tmp_path / "in", {"a.txt": "A."})
        asked = service.post("/v1/ingests", {"paths": [str(tmp_path / "in")]}, 202)

        assert catalog.job("default", sent).request.key == key.id
        assert catalog.job("default", asked["id"]).request.key == key.id
