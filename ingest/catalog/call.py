"""Calls of language models: the ledger that bills and explanations are made from."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    BigInteger,
    case,
    delete,
    distinct,
    func,
    insert,
    literal,
    literal_column,
    select,
    type_coerce,
)

from ingest.catalog.call_codec import decode_plan, encode_plan
from ingest.catalog.call_records import (
    CANCELLED,
    OK,
    CallRecord,
    RunRow,
    SpentRow,
    UsageRow,
    UsageWanted,
)
from ingest.catalog.collection import lock_collection, owned
from ingest.catalog.database import CatalogPart, rows, storable
from ingest.catalog.schema import call_documents, calls, versions

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy import Connection, Select
    from sqlalchemy.sql import ColumnElement

    from ingest.catalog.call_records import UsageKey

_DAY = timedelta(days=1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SUMS = (
    *("planned_tokens", "prompt_tokens", "cached_tokens", "predicted_cached_tokens"),
    *("completion_tokens", "reasoning_tokens"),
)
_AGENT = "agent"
_RUN = ("answer", "step")
"""Purposes of an agent's own calls."""
_DOLLARS = ("usd", "saved_usd")
_HUNDREDTHS = {"median_milliseconds": 50, "slow_milliseconds": 95}


class Calls(CatalogPart):
    """The calls about the ledger."""

    def record_calls(self, made: Sequence[CallRecord]) -> None:
        """Keep calls, in one transaction; of what shows a document that is gone, the figures alone."""
        with self._database.write() as connection:
            held = _held_documents(connection, made)
            kept = [_without_the_deleted(call, held[call.tenant, call.collection]) for call in made]
            if kept:
                connection.execute(insert(calls), [_row(call) for call in kept])
            shown = [
                {"tenant": call.tenant, "call": call.id, "number": number}
                for call in kept
                for number in (call.plan.documents if call.plan else ())
            ]
            if shown:
                connection.execute(insert(call_documents), shown)

    def calls_of(self, tenant: str, answer: str) -> tuple[CallRecord, ...]:
        """The calls that an answer took, the earliest first; none where it is not known."""
        mine = (calls.c.tenant == tenant) & (calls.c.answer == answer)
        query = select(calls).where(mine).order_by(calls.c.created_at, calls.c.id)
        with self._database.read() as connection:
            return tuple(_record(row) for row in rows(connection, query))

    def call_before(self, call: CallRecord, *, key: str | None = None) -> CallRecord | None:
        """The last one that was answered before and serves the same purpose.

        Of its session or, for a session's first one, of the same collection, provider and model. ``key`` is
        the label of the access key that must have asked; None stands for any.
        """
        alike = (calls.c.tenant == call.tenant) & (calls.c.purpose == call.purpose) & (calls.c.outcome == OK)
        if key is not None:
            alike &= calls.c.key == key
        earlier = alike & (calls.c.created_at < call.created_at)
        same = (calls.c.collection == call.collection) & (calls.c.provider == call.provider)
        wider = [earlier & same & (calls.c.model == call.model)]
        if call.session:
            wider.insert(0, earlier & (calls.c.session == call.session))
        with self._database.read() as connection:
            for chosen in wider:
                query = select(calls).where(chosen).order_by(calls.c.created_at.desc(), calls.c.id.desc())
                found = rows(connection, query.limit(1))
                if found:
                    return _record(found[0])
        return None

    def agent_runs(self, tenant: str, collection: str, model: str, limit: int) -> tuple[RunRow, ...]:
        """What the latest answers of agents took that have come to their end, at most so many."""
        mine = (calls.c.tenant == tenant) & (calls.c.outcome == OK) & (calls.c.answer != "")
        ended = mine & (calls.c.collection == collection) & (calls.c.model == model)
        latest = (
            select(calls.c.answer)
            .where(ended & (calls.c.mode == _AGENT) & (calls.c.purpose == "answer"))
            .order_by(calls.c.created_at.desc(), calls.c.id.desc())
            .limit(limit)
            .subquery()
        )
        names = ("prompt_tokens", "cached_tokens", "completion_tokens")
        sums = (func.sum(calls.c[name]).label(name) for name in names)
        query = (
            select(func.count().label("calls"), *sums)
            .where(mine & calls.c.answer.in_(select(latest.c.answer)) & calls.c.purpose.in_(_RUN))
            .group_by(calls.c.answer)
        )
        with self._database.read() as connection:
            return tuple(
                RunRow(**{name: int(value) for name, value in row.items()}) for row in rows(connection, query)
            )

    def usage(self, tenant: str, wanted: UsageWanted) -> tuple[UsageRow, ...]:
        """What calls took, by day or by name, in that order.

        Where nothing is to be told apart it is one row, also for no calls at all.
        """
        query = select(*_figures()).where(_chosen(tenant, wanted))
        if wanted.by is not None:
            group = _group(wanted.by)
            query = query.add_columns(group.label("group")).group_by(group).order_by(group)
        with self._database.read() as connection:
            times = {row["group"]: row for row in rows(connection, _times(tenant, wanted))}
            return tuple(_usage_row(wanted.by, row, times) for row in rows(connection, query))

    def spent(self, tenant: str, key: str, since: datetime) -> tuple[SpentRow, ...]:
        """What an access key's calls took from this moment on, by model."""
        left = calls.c.usd.is_(None) & (calls.c.outcome == CANCELLED)
        query = (
            select(
                calls.c.model,
                func.coalesce(func.sum(calls.c.usd), 0.0).label("usd"),
                func.coalesce(func.sum(case((left, calls.c.planned_tokens))), 0).label("left_tokens"),
            )
            .where(_chosen(tenant, UsageWanted(since=since, key=key)))
            .group_by(calls.c.model)
        )
        with self._database.read() as connection:
            found = rows(connection, query)
        return tuple(SpentRow(row["model"], float(row["usd"]), int(row["left_tokens"])) for row in found)

    def forget_calls(self, before: datetime) -> int:
        """Drop what was called before this time, of all tenants; how many calls that were."""
        with self._database.write() as connection:
            return connection.execute(delete(calls).where(calls.c.created_at < before)).rowcount


def _held_documents(
    connection: Connection, made: Sequence[CallRecord]
) -> defaultdict[tuple[str, str], set[int]]:
    """By tenant and collection, which of the documents that were shown are still there.

    The collections stay locked, so that none is deleted before its details are written.
    """
    wanted: defaultdict[tuple[str, str], set[int]] = defaultdict(set)
    for call in made:
        if call.plan is not None:
            wanted[call.tenant, call.collection].update(call.plan.documents)
    held: defaultdict[tuple[str, str], set[int]] = defaultdict(set)
    for tenant, collection in sorted(place for place, numbers in wanted.items() if numbers):
        lock_collection(connection, tenant, collection)
        chosen = owned(versions, tenant, collection) & versions.c.number.in_(wanted[tenant, collection])
        found = rows(connection, select(versions.c.number).where(chosen))
        held[tenant, collection] = {row["number"] for row in found}
    return held


def _without_the_deleted(call: CallRecord, held: set[int]) -> CallRecord:
    gone = call.plan is not None and not held.issuperset(call.plan.documents)
    return replace(call, plan=None) if gone else call


def _chosen(tenant: str, wanted: UsageWanted) -> ColumnElement[bool]:
    chosen = calls.c.tenant == tenant
    if wanted.since is not None:
        chosen &= calls.c.created_at >= wanted.since
    if wanted.until is not None:
        chosen &= calls.c.created_at < wanted.until
    for name in ("collection", "key", "model"):
        if getattr(wanted, name) is not None:
            chosen &= calls.c[name] == getattr(wanted, name)
    return chosen


def _group(by: UsageKey) -> ColumnElement[Any]:
    if by != "day":
        return calls.c[by]
    # Written out: PostgreSQL does not see that two parameters are the same divisor.
    day = literal_column(str(_DAY // timedelta(microseconds=1)), BigInteger)
    return type_coerce(calls.c.created_at, BigInteger) // day


def _times(tenant: str, wanted: UsageWanted) -> Select[Any]:
    """The median of the answers' own calls and their 95th percentile, for each group.

    By rank, since SQLite knows no percentiles: the first time that so many in a hundred do not exceed.
    """
    group = literal("") if wanted.by is None else _group(wanted.by)
    own = _chosen(tenant, wanted) & _answers_own()
    alike = select(group.label("group"), calls.c.milliseconds).where(own).subquery()
    rank = func.row_number().over(partition_by=alike.c.group, order_by=alike.c.milliseconds)
    count = func.count().over(partition_by=alike.c.group)
    ranked = select(alike, rank.label("rank"), count.label("count")).subquery()
    percentiles = (
        func.max(case((ranked.c.rank == (ranked.c.count * hundredth + 99) // 100, ranked.c.milliseconds)))
        for hundredth in _HUNDREDTHS.values()
    )
    named = (chosen.label(name) for name, chosen in zip(_HUNDREDTHS, percentiles, strict=True))
    return select(ranked.c.group, *named).group_by(ranked.c.group)


def _answers_own() -> ColumnElement[bool]:
    return (calls.c.outcome == OK) & (calls.c.mode != "") & (calls.c.answer != "")


def _figures() -> list[ColumnElement[Any]]:
    whole = calls.c.outcome == OK
    return [
        func.count(distinct(case((_answers_own(), calls.c.answer)))).label("answers"),
        func.count().label("calls"),
        func.count(case((~whole, 1))).label("failed"),
        func.count(case((calls.c.usd.is_(None), 1))).label("unpriced"),
        *(func.coalesce(func.sum(calls.c[name]), 0).label(name) for name in _SUMS),
        *(func.sum(calls.c[name]).label(name) for name in _DOLLARS),
    ]


def _usage_row(
    by: UsageKey | None, row: Mapping[str, Any], times: Mapping[Any, Mapping[str, Any]]
) -> UsageRow:
    values = dict(row)
    group = values.pop("group", "")
    values |= {name: times[group][name] if group in times else None for name in _HUNDREDTHS}
    if by == "day":
        group = (_EPOCH + int(group) * _DAY).date().isoformat()
    if values["calls"] == 0:
        values |= dict.fromkeys(_DOLLARS, 0.0)
    return UsageRow(group=group, **values)


_FIELDS = tuple(field.name for field in fields(CallRecord))


def _row(call: CallRecord) -> dict[str, Any]:
    """The columns; names that come from a request may hold what a database refuses."""
    row = {name: getattr(call, name) for name in _FIELDS}
    named = {name: storable(value) for name, value in row.items() if isinstance(value, str)}
    return {**row, **named, "plan": encode_plan(call.plan)}


def _record(row: Mapping[str, Any]) -> CallRecord:
    values: dict[str, Any] = dict(row)
    values["plan"] = decode_plan(row["plan"])
    return CallRecord(**values)
