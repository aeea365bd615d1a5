"""Jobs and reviews whose end cannot be recorded, as the database is away: they go on when it is back."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from pydantic import SecretStr

from ingest.catalog.catalog import Catalog
from ingest.catalog.database import Database, sqlite_url
from ingest.errors import CatalogUnavailable
from service.jobs import controlling
from service.jobs.worker import Worker
from service.reviewing.worker import ReviewWorker
from service.settings import Settings
from service.wiring import open_services
from tests.integration.test_alone import PATIENCE, send

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from ingest.catalog.job_records import JobFile, JobRecord, JobReport, JobState
    from ingest.catalog.review_records import ReviewRecord, ReviewState
    from service.services import Services


class Forgetful(Catalog):
    """A catalog whose database is away whenever the end of something is to be recorded, until it is back."""

    away = True
    asked = 0

    def finish_job(
        self, job: JobRecord, state: JobState, report: JobReport, files: Iterable[JobFile] = ()
    ) -> bool:
        self._require()
        return super().finish_job(job, state, report, files)

    def release_job(self, job: JobRecord, state: JobState, *, attempts: int, reason: str = "") -> bool:
        self._require()
        return super().release_job(job, state, attempts=attempts, reason=reason)

    def release_review(self, review: ReviewRecord, state: ReviewState, reason: str = "") -> bool:
        self._require()
        return super().release_review(review, state, reason)

    def _require(self) -> None:
        self.asked += 1
        if self.away:
            raise CatalogUnavailable("the catalog's database: gone")


@pytest.fixture
def services(tmp_path: Path) -> Iterator[Services]:
    settings = Settings(
        data=tmp_path / "data",
        embed_workers=1,
        parse_workers=1,
        llm_base_url="http://127.0.0.1:9/v1",
        llm_api_key=SecretStr("key"),
    )
    with (
        open_services(settings) as opened,
        Forgetful(Database(sqlite_url(tmp_path / "data" / "catalog.sqlite"))) as away,
    ):
        yield replace(opened, catalog=away)


def catalog_of(services: Services) -> Forgetful:
    assert isinstance(services.catalog, Forgetful)
    return services.catalog


def until(seen: Callable[[], bool], wake: Callable[[], None]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not seen():
        assert time.monotonic() < deadline
        wake()
        time.sleep(0.05)


@pytest.mark.parametrize("ending", ["done", "cancelled"])
def test_a_job_goes_on_once_the_database_is_back(services: Services, ending: str) -> None:
    catalog, job = catalog_of(services), send(services, "lease.md")
    worker = Worker(services)
    worker.start()
    try:
        until(lambda: catalog.asked > 0, worker.wake)
        assert catalog.job("default", job.id).state == "running"
        if ending == "cancelled":
            controlling.cancel(catalog, "default", job.id)
        catalog.away = False
        until(lambda: catalog.job("default", job.id).state == ending, worker.wake)
    finally:
        worker.stop()
    [found] = catalog.documents("default", "docs", limit=10).documents
    assert (found.version.path, found.version.ordinal) == ("lease.md", 1)


def test_a_review_goes_on_once_the_database_is_back(services: Services) -> None:
    catalog = catalog_of(services)
    catalog.ensure_collection("default", "docs", embedder="use/3", dimensions=2, check_vector=b"")
    review = catalog.add_review("default", "docs", name="terms", request="{}", chosen=[], unattended=True)

    def ended() -> bool:
        return catalog.review("default", review.id).state == "failed"  # its order is none

    async def run() -> None:
        worker = ReviewWorker(services)
        try:
            await asyncio.to_thread(until, lambda: catalog.asked > 0, worker.wake)
            assert catalog.review("default", review.id).state == "running"
            catalog.away = False
            await asyncio.to_thread(until, ended, worker.wake)
        finally:
            await worker.stop()

    asyncio.run(run())
