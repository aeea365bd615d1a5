"""A job as server-sent events."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from starlette.concurrency import run_in_threadpool

from ingest.catalog.job_records import FINISHED
from ingest.errors import LecternError
from service.http.events import frame
from service.http.job_shapes import JobFileShape, JobShape
from service.http.problems import problem_of
from service.jobs.controlling import settle

if TYPE_CHECKING:
    import threading
    from collections.abc import AsyncGenerator

    from ingest.catalog.catalog import Catalog
    from ingest.catalog.job_records import JobRecord, NumberedJobFile

_LOOK_SECONDS = 0.3
_FILES_AT_ONCE = 500
_QUIET_LOOKS = 50
"""After so many looks without news a comment is sent: a connection that says nothing is cut on the way."""


async def follow(catalog: Catalog, job: JobRecord, ending: threading.Event) -> AsyncGenerator[str, None]:
    """``progress`` first, then ``file`` and ``progress`` as they come, then the state in which the job ended.

    Files that were finished before are told too. It breaks off where the server ends; ``error`` where the
    catalog does not answer, or has forgotten the job.
    """
    shown: JobShape | None = None
    after = quiet = 0
    try:
        while not ending.is_set():
            record, files = await run_in_threadpool(_look, catalog, job, after)
            shape = JobShape.of(record)
            if shape != shown:
                shown, quiet = shape, 0
                yield frame("progress", shape)
            for each in files:
                after, quiet = each.number, 0
                yield frame("file", JobFileShape.model_validate(each.file))
            if record.state in FINISHED and len(files) < _FILES_AT_ONCE:
                yield frame(record.state, shape)
                return
            quiet += 1
            if quiet % _QUIET_LOOKS == 0:
                yield ": still here\n\n"
            if len(files) < _FILES_AT_ONCE:
                await asyncio.sleep(_LOOK_SECONDS)
    except LecternError as error:
        yield frame("error", problem_of(error))


def _look(catalog: Catalog, job: JobRecord, after: int) -> tuple[JobRecord, tuple[NumberedJobFile, ...]]:
    """The job before its files: where it has ended, no file comes after those that are read now."""
    settle(catalog)
    record = catalog.job(job.tenant, job.id)
    return record, catalog.job_files(record, after=after, limit=_FILES_AT_ONCE)
