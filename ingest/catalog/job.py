"""Jobs: what is to be ingested, who works at it, what became of it."""

from __future__ import annotations

import secrets
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, exists, func, insert, select, update

from ingest.catalog.collection import among
from ingest.catalog.database import CatalogPart, rows, storable
from ingest.catalog.job_codec import decode_progress, decode_report, decode_request, encode_value
from ingest.catalog.job_records import (
    FINISHED,
    JobFile,
    JobProgress,
    JobRecord,
    JobReport,
    NumberedJobFile,
    Standing,
)
from ingest.catalog.schema import job_files, jobs, leases
from ingest.errors import UnknownName

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from sqlalchemy import Connection, Select
    from sqlalchemy.sql import ColumnElement

    from ingest.catalog.job_records import FileOutcome, JobKind, JobRequest, JobState

_ID_BYTES = 8
_IN_THE_INDEX: tuple[FileOutcome, ...] = ("indexed", "unchanged")
_EMPTY_PROGRESS = encode_value(JobProgress())
_EMPTY_REPORT = encode_value(JobReport())


def new_job_id() -> str:
    """An id for a job that is not recorded yet."""
    return secrets.token_hex(_ID_BYTES)


class Jobs(CatalogPart):
    """The calls about jobs."""

    def add_job(
        self,
        tenant: str,
        collection: str,
        kind: JobKind,
        request: JobRequest,
        *,
        place: str,
        identity: str | None = None,
        owner: str = "",
    ) -> JobRecord:
        """Record a job: queued for the process of ``place``, or begun by ``owner`` in this moment."""
        row: dict[str, Any] = {
            "tenant": tenant,
            "id": identity or new_job_id(),
            "collection": collection,
            "kind": kind,
            "state": "running" if owner else "queued",
            "request": encode_value(request),
            "progress": _EMPTY_PROGRESS,
            "report": _EMPTY_REPORT,
            "place": place,
            "unattended": not owner,
            "cancelling": False,
            "attempts": 1 if owner else 0,
            "owner": owner,
            "finished_at": None,
        }
        with self._database.write() as connection:
            now = self._database.moment(connection)
            row |= {"created_at": now} | dict.fromkeys(("heartbeat", "started_at"), now if owner else None)
            connection.execute(insert(jobs).values(row))
        return _record(row)

    def job(self, tenant: str, identity: str) -> JobRecord:
        """One job.

        Raises:
            UnknownName: there is none that this tenant may know of.
        """
        with self._database.read() as connection:
            found = rows(connection, select(jobs).where(_named(tenant, identity)))
        if not found:
            raise UnknownName("job", identity)
        return _record(found[0])

    def jobs(
        self,
        tenant: str | None = None,
        *,
        collections: Collection[str] | None = None,
        states: Sequence[JobState] = (),
        limit: int | None = None,
    ) -> tuple[JobRecord, ...]:
        """Jobs, the newest first; of all tenants where none is named, of all collections likewise."""
        chosen = among(jobs, collections)
        query = select(jobs).where(chosen).order_by(jobs.c.created_at.desc(), jobs.c.id.desc())
        if tenant is not None:
            query = query.where(jobs.c.tenant == tenant)
        if states:
            query = query.where(jobs.c.state.in_(states))
        with self._database.read() as connection:
            return tuple(_record(row) for row in rows(connection, query.limit(limit)))

    def count_jobs(self) -> dict[str, int]:
        """How many jobs are in each state, of all tenants; states without one are left out."""
        chosen = select(jobs.c.state, func.count()).group_by(jobs.c.state)
        with self._database.read() as connection:
            return {str(state): int(number) for state, number in connection.execute(chosen)}

    def silent_jobs(self, since: datetime) -> int:
        """How many are running by their record and have given no sign of life since, of all tenants."""
        silent = (jobs.c.state == "running") & (jobs.c.heartbeat < since)
        with self._database.read() as connection:
            return int(connection.execute(select(func.count()).where(silent)).scalar_one())

    def claim_job(self, place: str, owner: str, *, in_turn: bool = False) -> JobRecord | None:
        """Begin a job that waits at this place, unless none does. No two processes get the same.

        Tenants take turns: it is the oldest of the one whose last job was begun the longest ago. One whose
        collection is written by somebody else waits. With ``in_turn``, so does one whose collection has a job
        that runs: where several servers claim, jobs of a collection go one after another, in their order.
        """
        with self._database.write() as connection:
            if in_turn:
                self._database.alone(connection, "claims")
            found = rows(connection, _next(place, in_turn=in_turn).with_for_update(of=jobs, skip_locked=True))
            if not found:
                return None
            now = self._database.moment(connection)
            begun = {
                "state": "running",
                "owner": owner,
                "heartbeat": now,
                "started_at": now,
                "finished_at": None,
                "progress": _EMPTY_PROGRESS,
                "report": _EMPTY_REPORT,
                "attempts": found[0]["attempts"] + 1,
            }
            mine = _named(found[0]["tenant"], found[0]["id"])
            connection.execute(update(jobs).where(mine).values(begun))
        return _record({**found[0], **begun})

    def advance_job(self, job: JobRecord, progress: JobProgress, files: Iterable[JobFile] = ()) -> Standing:
        """Record a sign of life, how far it has come, and the files that were finished since."""
        finished = list(files)
        values: dict[str, Any] = {"progress": encode_value(progress)}
        if finished:
            values["attempts"] = 0  # whatever ends the process next is another file's doing
        with self._database.write() as connection:
            values["heartbeat"] = self._database.moment(connection)
            changed = connection.execute(update(jobs).where(_held(job)).values(values))
            if changed.rowcount == 0:
                return Standing(owned=False, cancelling=False)
            _add_files(connection, job, finished)
            cancelling = connection.execute(select(jobs.c.cancelling).where(_held(job))).scalar_one()
        return Standing(owned=True, cancelling=cancelling)

    def job_standing(self, job: JobRecord) -> Standing:
        """Whether the owner in this record still runs it, and is to stop."""
        with self._database.read() as connection:
            found = connection.execute(select(jobs.c.cancelling).where(_held(job))).scalar()
        return Standing(owned=found is not None, cancelling=bool(found))

    def finish_job(
        self, job: JobRecord, state: JobState, report: JobReport, files: Iterable[JobFile] = ()
    ) -> bool:
        """End what this owner runs; False where it runs it no more."""
        values = {"state": state, "report": encode_value(report), "finished_at": datetime.now(UTC)}
        with self._database.write() as connection:
            mine = _held(job)
            if connection.execute(select(jobs.c.id).where(mine).with_for_update()).scalar() is None:
                return False
            _add_files(connection, job, files)
            connection.execute(update(jobs).where(mine).values(**values, **_RELEASED))
        return True

    def release_job(self, job: JobRecord, state: JobState, *, attempts: int, reason: str = "") -> bool:
        """Take a job from the owner in this record, as ``queued`` or ``interrupted``; False if too late.

        ``reason`` is told of it until it is begun again.
        """
        report = encode_value(JobReport(reason=reason))
        values = {"state": state, "attempts": attempts, "report": report, **_RELEASED}
        with self._database.write() as connection:
            return connection.execute(update(jobs).where(_held(job)).values(values)).rowcount > 0

    def move_job(
        self,
        job: JobRecord,
        state: JobState,
        *,
        unattended: bool | None = None,
        request: JobRequest | None = None,
    ) -> bool:
        """Change the state of a job that nobody runs, and its request; False where it has another by now."""
        ends = datetime.now(UTC) if state in FINISHED else None
        values: dict[str, Any] = {"state": state, "finished_at": ends, "cancelling": False}
        values |= {"attempts": 0} if state == "queued" else {}
        values |= {} if unattended is None else {"unattended": unattended}
        values |= {} if request is None else {"request": encode_value(request)}
        still = _named(job.tenant, job.id) & (jobs.c.state == job.state) & (jobs.c.owner == job.owner)
        with self._database.write() as connection:
            return connection.execute(update(jobs).where(still).values(values)).rowcount > 0

    def ask_to_cancel(self, job: JobRecord) -> bool:
        """Ask the process that runs the job to stop it; False where none does any more."""
        with self._database.write() as connection:
            asked = update(jobs).where(_held(job)).values(cancelling=True)
            return connection.execute(asked).rowcount > 0

    def job_files(self, job: JobRecord, *, after: int = 0, limit: int = 1_000) -> tuple[NumberedJobFile, ...]:
        """Outcomes of a job's files in the order they were recorded; ``after`` is the last number known."""
        mine = (job_files.c.tenant == job.tenant) & (job_files.c.job == job.id) & (job_files.c.number > after)
        query = select(job_files).where(mine).order_by(job_files.c.number).limit(limit)
        with self._database.read() as connection:
            found = rows(connection, query)
        return tuple(
            NumberedJobFile(
                row["number"], JobFile(row["path"], row["outcome"], row["reason"] or None, row["detail"])
            )
            for row in found
        )

    def failed_job_files(self, job: JobRecord) -> tuple[JobFile, ...]:
        """The files that could not be read, by path."""
        mine = (job_files.c.tenant == job.tenant) & (job_files.c.job == job.id)
        query = select(job_files).where(mine & (job_files.c.outcome == "failed")).order_by(job_files.c.path)
        with self._database.read() as connection:
            found = rows(connection, query)
        return tuple(JobFile(row["path"], row["outcome"], row["reason"], row["detail"]) for row in found)

    def settled_job_paths(self, job: JobRecord) -> frozenset[str]:
        """The files that it has found to be in the index, or has brought there."""
        mine = (job_files.c.tenant == job.tenant) & (job_files.c.job == job.id)
        query = select(job_files.c.path).where(mine & job_files.c.outcome.in_(_IN_THE_INDEX))
        with self._database.read() as connection:
            return frozenset(connection.execute(query).scalars())

    def prune_jobs(self, tenant: str, *, keep: int, before: datetime) -> tuple[str, ...]:
        """Forget finished jobs that ended before this time, or of which ``keep`` newer ones are kept.

        Returns:
            Their ids: what else is kept of them is the caller's to delete.
        """
        over = (jobs.c.tenant == tenant) & jobs.c.state.in_(FINISHED)
        order = select(jobs.c.id, jobs.c.finished_at).where(over).order_by(jobs.c.finished_at.desc())
        with self._database.write() as connection:
            ended = rows(connection, order)
            old = [row["id"] for rank, row in enumerate(ended) if rank >= keep or row["finished_at"] < before]
            for identity in old:
                connection.execute(delete(jobs).where(_named(tenant, identity)))
        return tuple(old)


def _next(place: str, *, in_turn: bool) -> Select[Any]:
    """The job whose turn it is."""
    begun = func.max(jobs.c.started_at).label("begun")
    last = select(jobs.c.tenant, begun).where(jobs.c.place == place).group_by(jobs.c.tenant).subquery()
    writing = (leases.c.kind == "ingest") & (leases.c.tenant == jobs.c.tenant)
    written = exists().where(writing & (leases.c.subject == jobs.c.collection))
    waiting = (jobs.c.state == "queued") & (jobs.c.place == place) & ~written
    if in_turn:
        others = jobs.alias()
        same = (others.c.tenant == jobs.c.tenant) & (others.c.collection == jobs.c.collection)
        waiting &= ~exists().where(same & (others.c.state == "running"))
    turns = (last.c.begun.nulls_first(), jobs.c.created_at, jobs.c.id)
    return select(jobs).join(last, last.c.tenant == jobs.c.tenant).where(waiting).order_by(*turns).limit(1)


_RELEASED: dict[str, Any] = {"owner": "", "heartbeat": None, "cancelling": False}


def _add_files(connection: Connection, job: JobRecord, files: Iterable[JobFile]) -> None:
    """What an earlier attempt has indexed stays so; every other outcome gives way to the later one."""
    mine = (job_files.c.tenant == job.tenant) & (job_files.c.job == job.id)
    last: int = connection.execute(
        select(func.coalesce(func.max(job_files.c.number), 0)).where(mine)
    ).scalar_one()
    for file in files:
        same = mine & (job_files.c.path == file.path)
        kept = connection.execute(select(job_files.c.outcome).where(same)).scalar()
        if kept in _IN_THE_INDEX and file.outcome == "unchanged":
            continue
        last += 1
        connection.execute(delete(job_files).where(same))
        row = {**asdict(file), "reason": file.reason or "", "detail": storable(file.detail)}
        connection.execute(insert(job_files).values(tenant=job.tenant, job=job.id, number=last, **row))


def _named(tenant: str, identity: str) -> ColumnElement[bool]:
    return (jobs.c.tenant == tenant) & (jobs.c.id == identity)


def _held(job: JobRecord) -> ColumnElement[bool]:
    return _named(job.tenant, job.id) & (jobs.c.state == "running") & (jobs.c.owner == job.owner)


def _record(row: Mapping[str, Any]) -> JobRecord:
    values = dict(row)
    values["request"] = decode_request(row["request"])
    values["progress"] = decode_progress(row["progress"])
    values["report"] = decode_report(row["report"])
    return JobRecord(**values)
