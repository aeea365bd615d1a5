"""``/readyz`` of a real server that is broken in one way after another."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import sys
import threading
import time
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import httpx2
import pytest
from pydantic import SecretStr

from ingest.catalog.catalog import Catalog
from ingest.catalog.database import Database, sqlite_url
from ingest.catalog.job_records import JobRequest
from service.index_process.address import Place
from service.jobs.owner import this_process
from service.ledger import Ledger
from service.models.providers import GENERIC
from service.readiness import KEPT_SECONDS
from service.recording import Origin, begun_call
from service.settings import Settings
from tests.fakes.command_line import CommandLine
from tests.fakes.live_service import live, served

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.fakes.live_service import LiveService

EMPTY = JobRequest()
VITAL = ("server", "catalog", "index", "disk")


@pytest.fixture
def service(tmp_path: Path) -> Iterator[LiveService]:
    with live(Settings(data=tmp_path / "data", access_key=SecretStr("open-sesame"))) as running:
        yield running


def ready(url: str) -> tuple[int, Any]:
    """Without any key, and not what was found for somebody else."""
    time.sleep(KEPT_SECONDS)
    began = time.monotonic()
    answer = httpx2.get(f"{url}/readyz", trust_env=False)
    assert time.monotonic() - began < 3, "0.8 s on a machine with nothing else to do"
    return answer.status_code, answer.json()


def wrong(said: dict[str, dict[str, str]]) -> dict[str, str]:
    found = {name: what for name, what in said["checks"].items() if what != "ok"}
    assert found.keys() == said["advice"].keys()
    return found


def test_all_is_well_and_nobody_needs_a_key_to_hear_it(service: LiveService) -> None:
    status, said = ready(service.url)

    assert (status, said["status"], wrong(said)) == (200, "ok", {})
    assert {*VITAL, "embedder", "model", "ledger", "jobs"} == set(said["checks"])


def test_a_catalog_of_another_version(service: LiveService) -> None:
    with closing(sqlite3.connect(service.services.settings.data / "catalog.sqlite")) as catalog:
        catalog.execute("UPDATE alembic_version SET version_num = '9999'")
        catalog.commit()

    status, said = ready(service.url)

    assert (status, set(wrong(said))) == (503, {"catalog"})
    assert "not those that this version knows" in said["checks"]["catalog"]


def test_a_catalog_that_is_not_there_any_more(service: LiveService) -> None:
    data = service.services.settings.data
    service.services.catalog.close()
    (data / "catalog.sqlite").rename(data / "moved")
    (data / "catalog.sqlite").mkdir()

    status, said = ready(service.url)

    assert status == 503
    assert "catalog" in wrong(said)
    assert str(data) not in str(said)


def test_a_catalog_that_somebody_writes_is_well(service: LiveService) -> None:
    path = service.services.settings.data / "catalog.sqlite"
    with closing(sqlite3.connect(path, isolation_level=None)) as writer:
        writer.execute("BEGIN IMMEDIATE")
        status, said = ready(service.url)
        writer.execute("ROLLBACK")

    assert (status, wrong(said)) == (200, {})


@pytest.mark.skipif(sys.platform == "win32", reason="stops a process by a Unix signal")
def test_an_index_that_hangs(service: LiveService) -> None:
    address = Place(service.services.settings.data).read()
    assert address is not None
    os.kill(address.pid, signal.SIGSTOP)
    try:
        status, said = ready(service.url)
    finally:
        os.kill(address.pid, signal.SIGCONT)

    assert (status, wrong(said)) == (503, {"index": "no answer within 0.8 s"})


def test_a_disk_that_is_full(service: LiveService, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = shutil.disk_usage(service.services.settings.data)

    def nearly_full(_: Path) -> object:
        return usage._replace(free=2**20)

    monkeypatch.setattr(shutil, "disk_usage", nearly_full)

    status, said = ready(service.url)

    assert (status, wrong(said)) == (503, {"disk": "1 MiB free"})


def test_vectors_of_another_embedder(service: LiveService) -> None:
    service.services.catalog.ensure_collection(
        "acme", "secret-name", embedder="other/7", dimensions=7, check_vector=b""
    )

    status, said = ready(service.url)

    assert (status, said["status"], set(wrong(said))) == (200, "degraded", {"embedder"})
    assert "secret-name" not in str(said)
    assert "acme" not in str(said)


def test_a_provider_that_is_left_alone(service: LiveService) -> None:
    is_open = threading.Event()
    service.services.observer.watch_circuit("zai", is_open.is_set)
    assert ready(service.url)[1]["status"] == "ok"
    is_open.set()

    status, said = ready(service.url)

    assert (status, said["status"], wrong(said)) == (200, "degraded", {"model": "zai keeps failing"})


def test_a_ledger_that_cannot_be_written(service: LiveService) -> None:
    services = service.services
    nowhere = Catalog(Database(sqlite_url(services.settings.data / "absent" / "catalog.sqlite")))
    away = Ledger(nowhere, days=1, traits=lambda _: GENERIC.cache)
    with served(replace(services, ledger=away)) as url:
        for _ in range(200):
            away.record(begun_call(Origin("t"), "answer", provider="p", model="m", planned=0))
        status, said = ready(url)
    away.close()

    assert (status, wrong(said)) == (200, {"ledger": "calls of models wait to be written"})


def test_a_job_without_a_sign_of_life(service: LiveService) -> None:
    data = service.services.settings.data
    service.services.catalog.add_job("acme", "c", "ingest", EMPTY, place="elsewhere", owner=this_process())
    old = datetime.now(UTC) - timedelta(hours=1)
    with closing(sqlite3.connect(data / "catalog.sqlite", timeout=10)) as catalog:
        catalog.execute("UPDATE jobs SET heartbeat = ?", (int(old.timestamp() * 1e6),))
        catalog.commit()

    status, said = ready(service.url)

    assert (status, wrong(said)) == (200, {"jobs": "a job gives no sign of life"})


@pytest.mark.skipif(sys.platform == "win32", reason="ends the server by a Unix signal")
def test_a_server_that_is_to_end_says_so_first_and_still_answers(tmp_path: Path) -> None:
    line = CommandLine(tmp_path / "data", tmp_path, {"LECTERN_DRAIN_SECONDS": "4"})
    server = line.start("serve", "--port", "0")
    assert server.stdout is not None
    url = server.stdout.readline().split()[3]
    assert ready(url)[0] == 200
    server.send_signal(signal.SIGTERM)
    time.sleep(0.5)

    status, said = ready(url)
    collections = httpx2.get(f"{url}/v1/collections", trust_env=False)

    assert (status, wrong(said)) == (503, {"server": "is about to end"})
    assert collections.status_code == 200
    assert server.communicate(timeout=60) == ("", "")
    assert server.returncode == 0


def test_a_catalog_that_is_none_is_named_without_its_place(service: LiveService) -> None:
    data = service.services.settings.data
    service.services.catalog.close()
    for path in data.glob("catalog.sqlite*"):
        path.unlink()
    (data / "catalog.sqlite").write_bytes(b"no catalog at all" * 1_000)

    status, said = ready(service.url)

    assert status == 503
    assert said["checks"]["catalog"] != "ok"
    assert str(data) not in str(said)
