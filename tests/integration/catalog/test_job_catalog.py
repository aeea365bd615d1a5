"""Jobs in the catalog, over SQLite, and over PostgreSQL where LECTERN_TEST_DATABASE_URL names a server."""

from __future__ import annotations

import json
import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from ingest.catalog.job_records import JobFile, JobProgress, JobReport, JobRequest, Standing, UploadedFile
from ingest.errors import UnknownName
from service.jobs import controlling
from service.jobs.controlling import TRUSTED_ATTEMPTS, WrongState
from service.jobs.originals import Originals
from service.jobs.owner import this_process

if TYPE_CHECKING:
    from pathlib import Path

    from ingest.catalog.catalog import Catalog
    from ingest.catalog.job_records import JobRecord

ASKED = JobRequest(uploads=(UploadedFile("a.md", "00000", "aa", 10), UploadedFile("b.md", "00001", "bb", 20)))
DEAD = json.dumps({**json.loads(this_process()), "pid": "999999999"})
LOST = Standing(owned=False, cancelling=False)
GOES_ON = Standing(owned=True, cancelling=False)
MUST_STOP = Standing(owned=True, cancelling=True)
READ = JobProgress("a.md", 1, 2, 10, 30, 4, 0)


@pytest.fixture
def originals(tmp_path: Path) -> Originals:
    """Of another data folder than the jobs': it says nothing about their files."""
    return Originals(tmp_path)


def add(catalog: Catalog, tenant: str, *, owner: str = "") -> JobRecord:
    return catalog.add_job(tenant, "contracts", "upload", ASKED, place=tenant, owner=owner)


def claimed(catalog: Catalog, tenant: str, owner: str | None = None) -> JobRecord:
    add(catalog, tenant)
    job = catalog.claim_job(tenant, owner or this_process())
    assert job is not None
    return job


class TestClaims:
    def test_a_job_is_what_was_asked_for(self, catalog: Catalog, tenant: str) -> None:
        job = add(catalog, tenant)

        assert catalog.job(tenant, job.id) == job
        assert (job.state, job.request, job.attempts) == ("queued", ASKED, 0)
        with pytest.raises(UnknownName, match="no job named"):
            catalog.job("another", job.id)

    def test_names_of_any_bytes_come_back(self, catalog: Catalog, tenant: str) -> None:
        asked = JobRequest(paths=("/srv/\udcff\x00 Verträge 合同",))
        job = catalog.add_job(tenant, "contracts", "ingest", asked, place=tenant)

        assert catalog.job(tenant, job.id).request == asked

    def test_the_oldest_of_the_place_comes_first(self, catalog: Catalog, tenant: str) -> None:
        first, second = add(catalog, tenant), add(catalog, tenant)
        catalog.add_job(tenant, "contracts", "upload", ASKED, place="elsewhere")

        order = [catalog.claim_job(tenant, this_process()) for _ in range(3)]

        assert [job and job.id for job in order] == [first.id, second.id, None]

    def test_tenants_take_turns_and_each_one_is_served_in_its_order(
        self, catalog: Catalog, tenant: str
    ) -> None:
        waiting = "aaaaabbcddd"
        asked = [self._ask(catalog, tenant, letter) for letter in waiting]
        by_id = {
            job.id: f"{letter}{place}" for place, (letter, job) in enumerate(zip(waiting, asked, strict=True))
        }

        order = [by_id[self._run(catalog, tenant).id] for _ in range(6)]
        late = self._ask(catalog, tenant, "e")  # who comes later and was never served waits for one job alone
        first = self._run(catalog, tenant)
        order += [by_id[self._run(catalog, tenant).id] for _ in range(5)]

        assert first.id == late.id
        assert order == ["a0", "b5", "c7", "d8", "a1", "b6", "d9", "a2", "d10", "a3", "a4"]

    def test_who_waits_alone_is_served_at_once(self, catalog: Catalog, tenant: str) -> None:
        asked = [self._ask(catalog, tenant, "a") for _ in range(3)]

        assert [self._run(catalog, tenant).id for _ in range(3)] == [job.id for job in asked]

    @staticmethod
    def _ask(catalog: Catalog, place: str, letter: str) -> JobRecord:
        return catalog.add_job(f"{place}-{letter}", "contracts", "upload", ASKED, place=place)

    @staticmethod
    def _run(catalog: Catalog, place: str) -> JobRecord:
        job = catalog.claim_job(place, this_process())
        assert job is not None
        assert catalog.finish_job(job, "done", JobReport())
        return job

    def test_no_two_processes_get_the_same(self, catalog: Catalog, tenant: str) -> None:
        wanted = {add(catalog, tenant).id for _ in range(20)}
        got: list[str] = []

        def claim() -> None:
            while job := catalog.claim_job(tenant, this_process()):
                got.append(job.id)

        threads = [threading.Thread(target=claim) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert sorted(got) == sorted(wanted)

    def test_who_has_lost_a_job_changes_nothing_of_it(self, catalog: Catalog, tenant: str) -> None:
        lost = claimed(catalog, tenant)
        assert catalog.release_job(lost, "queued", attempts=1)
        taken = catalog.claim_job(tenant, this_process())
        assert taken is not None

        assert catalog.advance_job(lost, READ, [JobFile("a.md", "indexed")]) == LOST
        assert not catalog.finish_job(lost, "done", JobReport(indexed=2))
        assert not catalog.release_job(lost, "queued", attempts=0)
        assert not catalog.ask_to_cancel(lost)
        assert catalog.job(tenant, taken.id) == taken
        assert catalog.job_files(taken) == ()


class TestProgress:
    def test_it_is_kept_with_the_files_and_the_end(self, catalog: Catalog, tenant: str) -> None:
        job = claimed(catalog, tenant)

        standing = catalog.advance_job(job, READ, [JobFile("a.md", "indexed")])
        assert (standing, catalog.job(tenant, job.id).progress) == (GOES_ON, READ)
        broken = JobFile("b.md", "failed", "broken", "no\0 use")
        assert catalog.finish_job(job, "done", JobReport(1, 0, 1), [broken, JobFile("a.md", "unchanged")])

        ended = catalog.job(tenant, job.id)
        assert (ended.state, ended.report, ended.owner) == ("done", JobReport(1, 0, 1), "")
        assert ended.finished_at is not None
        files = [(each.number, each.file.path, each.file.outcome) for each in catalog.job_files(job)]
        assert files == [(1, "a.md", "indexed"), (2, "b.md", "failed")]
        assert catalog.job_files(job, after=1)[0].file == replace(broken, detail="no use")
        assert catalog.failed_job_files(job) == (replace(broken, detail="no use"),)

    def test_what_failed_and_is_found_in_the_index_later_has_not_failed(
        self, catalog: Catalog, tenant: str
    ) -> None:
        job = claimed(catalog, tenant)
        catalog.advance_job(job, READ, [JobFile("a.md", "failed", "broken", ""), JobFile("b.md", "failed")])
        assert catalog.settled_job_paths(job) == frozenset()

        catalog.advance_job(job, READ, [JobFile("a.md", "unchanged"), JobFile("b.md", "indexed")])

        assert catalog.failed_job_files(job) == ()
        assert catalog.settled_job_paths(job) == {"a.md", "b.md"}

    def test_a_later_outcome_takes_the_place_of_a_failure(self, catalog: Catalog, tenant: str) -> None:
        job = claimed(catalog, tenant)
        catalog.advance_job(job, READ, [JobFile("a.md", "failed", "broken", ""), JobFile("b.md", "indexed")])
        catalog.advance_job(job, READ, [JobFile("a.md", "indexed")])

        assert [(e.number, e.file.path) for e in catalog.job_files(job)] == [(2, "b.md"), (3, "a.md")]
        assert catalog.failed_job_files(job) == ()


class TestDeath:
    def test_an_upload_goes_on_and_a_command_is_interrupted(self, catalog: Catalog, tenant: str) -> None:
        upload = claimed(catalog, tenant, DEAD)
        command = add(catalog, tenant, owner=DEAD)
        living = claimed(catalog, tenant)

        controlling.settle(catalog)

        states = [catalog.job(tenant, job.id).state for job in (upload, command, living)]
        assert states == ["queued", "interrupted", "running"]

    def test_however_often_that_happens_it_waits_again_and_is_not_trusted(
        self, catalog: Catalog, tenant: str
    ) -> None:
        job = add(catalog, tenant)
        begun: list[int] = []
        for _ in range(3 * TRUSTED_ATTEMPTS):
            running = catalog.claim_job(tenant, DEAD)
            assert running is not None
            begun.append(running.attempts)
            controlling.settle(catalog)

        assert catalog.job(tenant, job.id).state == "queued"
        assert begun == [1, 2, 3] + 6 * [TRUSTED_ATTEMPTS + 1]

    def test_a_file_that_was_finished_makes_it_trusted(self, catalog: Catalog, tenant: str) -> None:
        job = add(catalog, tenant)
        for number in range(2 * TRUSTED_ATTEMPTS):
            running = catalog.claim_job(tenant, DEAD)
            assert running is not None
            catalog.advance_job(running, READ, [JobFile(f"{number}.md", "indexed")])
            controlling.settle(catalog)

        waiting = catalog.job(tenant, job.id)
        assert (waiting.state, waiting.attempts) == ("queued", 0)

    def test_one_that_was_to_be_cancelled_is(self, catalog: Catalog, tenant: str) -> None:
        job = claimed(catalog, tenant, DEAD)
        assert catalog.ask_to_cancel(job)

        controlling.settle(catalog)

        assert catalog.job(tenant, job.id).state == "cancelled"


class TestControl:
    def test_what_waits_is_cancelled_at_once_and_what_runs_is_asked(
        self, catalog: Catalog, tenant: str
    ) -> None:
        running, waiting = claimed(catalog, tenant), add(catalog, tenant)

        assert controlling.cancel(catalog, tenant, waiting.id).state == "cancelled"
        asked = controlling.cancel(catalog, tenant, running.id)

        assert (asked.state, asked.cancelling) == ("running", True)
        assert catalog.job_standing(running) == MUST_STOP

    def test_what_has_ended_is_not_cancelled_and_what_went_well_not_tried_again(
        self, catalog: Catalog, tenant: str, originals: Originals
    ) -> None:
        job = claimed(catalog, tenant)
        with pytest.raises(WrongState, match="is running"):
            controlling.retry(catalog, originals, tenant, job.id)
        catalog.finish_job(job, "done", JobReport(indexed=2))

        with pytest.raises(WrongState, match="is done: only one that is queued, running or interrupted"):
            controlling.cancel(catalog, tenant, job.id)
        with pytest.raises(WrongState, match="is done: only one that is failed, cancelled, interrupted"):
            controlling.retry(catalog, originals, tenant, job.id)

    def test_a_failed_one_waits_again(self, catalog: Catalog, tenant: str, originals: Originals) -> None:
        job = claimed(catalog, tenant)
        catalog.finish_job(job, "failed", JobReport(reason="no room"))

        again = controlling.retry(catalog, originals, tenant, job.id)

        assert (again.state, again.attempts, again.finished_at) == ("queued", 0, None)
        claim = catalog.claim_job(tenant, this_process())
        assert claim is not None
        assert claim.report == JobReport()

    def test_lists_are_filtered_and_old_ones_forgotten(self, catalog: Catalog, tenant: str) -> None:
        jobs = [claimed(catalog, tenant) for _ in range(4)]
        for job in jobs[:3]:
            catalog.finish_job(job, "done", JobReport(), [JobFile("a.md", "indexed")])

        assert [j.id for j in catalog.jobs(tenant, states=("running",))] == [jobs[3].id]
        assert [j.id for j in catalog.jobs(tenant, limit=2)] == [jobs[3].id, jobs[2].id]
        assert catalog.jobs(tenant, collections=["other"]) == ()
        ago = datetime.now(UTC) - timedelta(days=1)
        assert catalog.prune_jobs(tenant, keep=2, before=ago) == (jobs[0].id,)
        assert set(catalog.prune_jobs(tenant, keep=9, before=datetime.now(UTC))) == {jobs[1].id, jobs[2].id}
        assert [j.id for j in catalog.jobs(tenant)] == [jobs[3].id]
