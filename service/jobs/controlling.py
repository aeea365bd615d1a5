"""What people do with jobs: send files, name folders, look, cancel, try again."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from ingest.catalog.job_records import UNFINISHED, JobRequest
from ingest.errors import PermanentError, UnknownName
from service.jobs.owner import has_died
from service.leasing import forget_dead_leases

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from ingest.catalog.catalog import Catalog
    from ingest.catalog.job_records import JobRecord, UploadedFile
    from service.jobs.originals import Originals

TRUSTED_ATTEMPTS = 3
"""A job that was begun so often without finishing a file is begun in a process of its own."""


class WrongState(PermanentError):
    """A job cannot be cancelled, or tried again, in the state that it is in."""


def submit_upload(
    catalog: Catalog,
    originals: Originals,
    arrived: Path,
    files: Sequence[UploadedFile],
    *,
    tenant: str,
    collection: str,
    identity: str,
    key: str = "",
) -> JobRecord:
    """Acknowledge an upload: on return its files and its job survive a loss of power.

    ``key`` is the label of the access key that sent it.
    """
    with originals.locked():
        originals.admit(identity, arrived)
        try:
            return catalog.add_job(
                tenant,
                collection,
                "upload",
                JobRequest(uploads=tuple(files), key=key),
                place=originals.place,
                identity=identity,
            )
        except BaseException:
            originals.forget_jobs([identity])
            raise


def cancel(catalog: Catalog, tenant: str, identity: str) -> JobRecord:
    """Cancel a job that nobody runs, or ask the process that runs it to stop, which takes about a second.

    Raises:
        UnknownName: there is no such job.
        WrongState: it has come to its end.
    """
    settle(catalog)
    job = catalog.job(tenant, identity)
    if job.state not in UNFINISHED:
        raise WrongState(
            f"job {identity} is {job.state}: only one that is {_listed(UNFINISHED)} is cancelled"
        )
    moved = catalog.ask_to_cancel(job) if job.state == "running" else catalog.move_job(job, "cancelled")
    # Where it did not move, it has changed its state in this moment: what it is now decides.
    return catalog.job(tenant, identity) if moved else cancel(catalog, tenant, identity)


def retry(
    catalog: Catalog,
    originals: Originals,
    tenant: str,
    identity: str,
    *,
    unattended: bool = True,
    key: str = "",
) -> JobRecord:
    """Queue a job again: what is indexed is skipped, what failed is read again.

    ``unattended`` says whether a server will run it, or somebody who waits for it; ``key`` is the label of
    the access key that it goes on for.

    Raises:
        UnknownName: there is no such job.
        WrongState: it runs, waits, has nothing left to do, reads with a reader that its command chose, or
            the files that were sent for it were deleted.
    """
    settle(catalog)
    job = catalog.job(tenant, identity)
    if job.request.reader:
        raise WrongState(f"job {identity} reads with {job.request.reader}: give its command again")
    failed = catalog.failed_job_files(job)
    if job.state not in {"failed", "cancelled", "interrupted"} and not (job.state == "done" and failed):
        allowed = "failed, cancelled, interrupted, or done with files that failed"
        raise WrongState(f"job {identity} is {job.state}: only one that is {allowed} is tried again")
    if job.kind == "upload" and job.place == originals.place and not originals.has_any(job):
        raise WrongState(f"the files that were sent for job {identity} were deleted: send them again")
    try:
        collection = catalog.collection(tenant, job.collection)
    except UnknownName:
        pass  # it was to be made by the job
    else:
        catalog.forget_failures(collection, [file.path for file in failed])
    moved = catalog.move_job(job, "queued", unattended=unattended, request=replace(job.request, key=key))
    if not moved:  # it has changed its state in this moment
        return retry(catalog, originals, tenant, identity, unattended=unattended, key=key)
    return catalog.job(tenant, identity)


def settle(catalog: Catalog) -> None:
    """Find jobs whose process has died: those that go on by themselves are queued, others interrupted.

    However often that happens: a server that was killed, or a machine that went down, says nothing of it.
    """
    running = catalog.jobs(states=("running",))
    now = catalog.moment() if running else None
    for job in running:
        if has_died(job.owner, job.heartbeat, now):
            _let_go(catalog, job)
    if catalog.is_shared:  # last: the job of a dead writer goes before later ones of its collection
        forget_dead_leases(catalog)


def put_back(catalog: Catalog, claimed: JobRecord) -> None:
    """Let go of a job that this process began and runs no more, unless its end was recorded."""
    with suppress(UnknownName):  # finished and forgotten
        job = catalog.job(claimed.tenant, claimed.id)
        if job.state == "running" and job.owner == claimed.owner:
            _let_go(catalog, job)


def _let_go(catalog: Catalog, job: JobRecord) -> None:
    if job.cancelling:
        catalog.finish_job(job, "cancelled", job.report)
    elif not job.unattended:
        catalog.release_job(job, "interrupted", attempts=job.attempts)
    else:
        catalog.release_job(job, "queued", attempts=min(job.attempts, TRUSTED_ATTEMPTS))


def cancel_all(catalog: Catalog, tenant: str, collection: str) -> None:
    """Cancel every unfinished job of a collection."""
    for job in catalog.jobs(tenant, collections=[collection], states=UNFINISHED):
        try:
            cancel(catalog, tenant, job.id)
        except WrongState:
            continue  # it came to its end in this moment


def _listed(states: Sequence[str]) -> str:
    return f"{', '.join(states[:-1])} or {states[-1]}"
