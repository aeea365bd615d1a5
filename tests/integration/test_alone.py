"""Jobs whose server has died again and again: each runs in a process of its own, which may die instead."""

from __future__ import annotations

import json
import multiprocessing
import sys
import time
from hashlib import blake2b
from typing import TYPE_CHECKING

import pytest

from ingest.catalog.job import new_job_id
from ingest.catalog.job_records import UploadedFile
from service.jobs import controlling
from service.jobs.controlling import TRUSTED_ATTEMPTS
from service.jobs.owner import this_process
from service.jobs.worker import Worker
from service.settings import Settings
from service.wiring import open_services
from tests.fakes.files import TEXTS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from multiprocessing.process import BaseProcess
    from pathlib import Path

    from ingest.catalog.job_records import JobRecord
    from service.services import Services

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="kills by a Unix signal")

DEAD = json.dumps({**json.loads(this_process()), "pid": "999999999"})
PATIENCE = 60
LONG_PATH = "register.md"
LONG = "".join(f"Berth {number} is let by the week.\n" for number in range(10_000)).encode()
"""Takes far longer than any test sleeps: no line is embedded for another."""


@pytest.fixture
def services(tmp_path: Path) -> Iterator[Services]:
    settings = Settings(data=tmp_path / "data", embed_workers=1, parse_workers=1)
    with open_services(settings) as opened:
        yield opened


def send(services: Services, path: str) -> JobRecord:
    content = LONG if path == LONG_PATH else TEXTS[path].encode()
    identity = new_job_id()
    arrived = services.originals.arrive(identity)
    (arrived / "00000").write_bytes(content)
    file = UploadedFile(path, "00000", blake2b(content, digest_size=16).hexdigest(), len(content))
    return controlling.submit_upload(
        *(services.catalog, services.originals, arrived, [file]),
        tenant="default",
        collection="docs",
        identity=identity,
    )


def suspects(services: Services, *paths: str) -> list[JobRecord]:
    """Uploads whose servers have died as often as is believed to be no fault of theirs."""
    sent = [send(services, path) for path in paths]
    for _ in range(TRUSTED_ATTEMPTS):
        while services.catalog.claim_job(services.originals.place, DEAD) is not None:
            pass
        controlling.settle(services.catalog)
    return sent


def its_process() -> BaseProcess:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        for process in multiprocessing.active_children():
            if process.name == "lectern-job":
                return process
        time.sleep(0.01)
    raise AssertionError("no job runs alone")


def test_one_process_dies_and_the_next_job_comes_to_its_end(services: Services) -> None:
    bad, good = suspects(services, "lease.md", "policy.txt")
    worker = Worker(services)
    worker.start()
    try:
        its_process().kill()
        deadline = time.monotonic() + PATIENCE
        while services.catalog.job("default", good.id).state != "done":
            assert time.monotonic() < deadline
            time.sleep(0.05)
    finally:
        worker.stop()

    failed = services.catalog.job("default", bad.id)
    assert failed.state == "failed"
    assert failed.report.reason == (
        "begun 4 times without finishing a file; the last time SIGKILL ended its process"
    )
    [found] = services.catalog.documents("default", "docs", limit=10).documents
    assert found.version.path == "policy.txt"


@pytest.mark.parametrize("seconds", [0, 3])
def test_a_server_that_stops_leaves_it_waiting(services: Services, seconds: float) -> None:
    [job] = suspects(services, LONG_PATH)
    worker = Worker(services)
    worker.start()
    its_process()
    time.sleep(seconds)
    worker.stop()

    waiting = services.catalog.job("default", job.id)
    assert (waiting.state, waiting.attempts) == ("queued", TRUSTED_ATTEMPTS)
    assert multiprocessing.active_children() == []
