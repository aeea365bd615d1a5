"""Reviews: the same questions about many documents, and the cells that are answered."""

from __future__ import annotations

import secrets
from dataclasses import asdict, fields
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, func, insert, literal, select, update
from sqlalchemy.exc import IntegrityError

from ingest.catalog.collection import among, require_collection
from ingest.catalog.database import CatalogPart, rows, storable
from ingest.catalog.job_records import Standing
from ingest.catalog.review_records import CellRecord, ReviewRecord, Spent
from ingest.catalog.schema import documents, review_cells, review_documents, reviews, versions
from ingest.catalog.version import read_versions
from ingest.errors import UnknownName

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from sqlalchemy import Connection, Select, Table
    from sqlalchemy.sql import ColumnElement

    from ingest.catalog.records import VersionRecord
    from ingest.catalog.review_records import ReviewState

_ID_BYTES = 8
_SPENT = tuple(field.name for field in fields(Spent))
_CELL = tuple(field.name for field in fields(CellRecord))
_RELEASED: dict[str, Any] = {"owner": "", "heartbeat": None, "cancelling": False}


class Reviews(CatalogPart):
    """The calls about reviews."""

    def add_review(
        self,
        tenant: str,
        collection: str,
        *,
        name: str,
        key: str = "",
        request: str,
        chosen: Sequence[str],
        unattended: bool,
    ) -> ReviewRecord:
        """Record a review of the documents of these ids; nobody runs it yet.

        Raises:
            UnknownName: there is no such collection, or a document was deleted in this moment.
        """
        row: dict[str, Any] = {
            "tenant": tenant,
            "id": secrets.token_hex(_ID_BYTES),
            "collection": collection,
            "name": name,
            "key": key,
            "state": "queued" if unattended else "interrupted",
            "request": request,
            "reason": "",
            "unattended": unattended,
            **_RELEASED,
            "created_at": datetime.now(UTC),
            "finished_at": None,
            **asdict(Spent()),
        }
        with self._database.write() as connection:
            require_collection(connection, tenant, collection)
            connection.execute(insert(reviews).values(row))
            _set_documents(connection, tenant, row["id"], chosen)
        return _record(row)

    def review(self, tenant: str, identity: str) -> ReviewRecord:
        """One review.

        Raises:
            UnknownName: there is none that this tenant may know of.
        """
        with self._database.read() as connection:
            found = rows(connection, select(reviews).where(_named(tenant, identity)))
        if not found:
            raise UnknownName("review", identity)
        return _record(found[0])

    def reviews(
        self,
        tenant: str | None = None,
        *,
        collections: Collection[str] | None = None,
        name: str | None = None,
        states: Sequence[ReviewState] = (),
        limit: int | None = None,
    ) -> tuple[ReviewRecord, ...]:
        """Reviews, the newest first; of all tenants where none is named, of all collections likewise."""
        chosen = among(reviews, collections)
        query = select(reviews).where(chosen).order_by(reviews.c.created_at.desc(), reviews.c.id.desc())
        wanted = {"tenant": tenant, "name": name}
        for column, value in wanted.items():
            if value is not None:
                query = query.where(reviews.c[column] == value)
        if states:
            query = query.where(reviews.c.state.in_(states))
        with self._database.read() as connection:
            return tuple(_record(row) for row in rows(connection, query.limit(limit)))

    def reviewed_versions(self, review: ReviewRecord) -> tuple[VersionRecord, ...]:
        """The current versions of its documents, by number; documents without one are left out."""
        members = select(review_documents.c.document).where(_of(review_documents, review))
        chosen = versions.c.document.in_(members) & (versions.c.state == "ready")
        with self._database.read() as connection:
            return read_versions(connection, chosen)

    def set_reviewed(self, review: ReviewRecord, request: str, chosen: Sequence[str]) -> None:
        """Let the review be about the documents of these ids; raises `UnknownName` if one is gone."""
        with self._database.write() as connection:
            asked = update(reviews).where(_named(review.tenant, review.id)).values(request=request)
            connection.execute(asked)
            connection.execute(delete(review_documents).where(_of(review_documents, review)))
            _set_documents(connection, review.tenant, review.id, chosen)

    def claim_review(self, owner: str, review: ReviewRecord | None = None) -> ReviewRecord | None:
        """Begin this review, or the one whose turn it is; None where another process was faster.

        Tenants take turns: it is the oldest of the one that a review was last run for the longest ago.
        """
        if review is None:
            wanted = _next()
        else:
            there = _named(review.tenant, review.id) & (reviews.c.state != "running")
            wanted = select(reviews).where(there)
        with self._database.write() as connection:
            found = rows(connection, wanted.with_for_update(of=reviews, skip_locked=True))
            if not found:
                return None
            begun = {"state": "running", "owner": owner, "reason": ""}
            begun |= {"heartbeat": self._database.moment(connection)}
            begun |= {"cancelling": False, "finished_at": None}
            mine = _named(found[0]["tenant"], found[0]["id"])
            connection.execute(update(reviews).where(mine).values(begun))
        return _record({**found[0], **begun})

    def review_standing(self, review: ReviewRecord) -> Standing:
        """Give a sign of life; whether the owner in this record still runs it, and is to stop."""
        with self._database.write() as connection:
            now = self._database.moment(connection)
            mine = update(reviews).where(_held(review)).values(heartbeat=now)
            if connection.execute(mine).rowcount == 0:
                return Standing(owned=False, cancelling=False)
            cancelling = connection.execute(select(reviews.c.cancelling).where(_held(review))).scalar_one()
        return Standing(owned=True, cancelling=cancelling)

    def release_review(self, review: ReviewRecord, state: ReviewState, reason: str = "") -> bool:
        """End what the owner in this record runs; False where it runs it no more."""
        values = {"state": state, "reason": storable(reason), "finished_at": datetime.now(UTC), **_RELEASED}
        with self._database.write() as connection:
            return connection.execute(update(reviews).where(_held(review)).values(values)).rowcount > 0

    def move_review(
        self, review: ReviewRecord, state: ReviewState, *, unattended: bool, key: str | None = None
    ) -> bool:
        """Change the state of a review that nobody runs; False where it has another by now.

        From then on the access key of the label ``key`` pays for it; None leaves it to the one before.
        """
        still = _named(review.tenant, review.id) & (reviews.c.state == review.state)
        values: dict[str, Any] = {"state": state, "unattended": unattended}
        if key is not None:
            values["key"] = key
        with self._database.write() as connection:
            still &= reviews.c.owner == ""
            return connection.execute(update(reviews).where(still).values(values)).rowcount > 0

    def ask_to_stop_review(self, review: ReviewRecord) -> bool:
        """Ask the process that runs the review to stop it; False where none does any more."""
        with self._database.write() as connection:
            asked = update(reviews).where(_held(review)).values(cancelling=True)
            return connection.execute(asked).rowcount > 0

    def delete_review(self, review: ReviewRecord) -> None:
        """Forget a review with its cells."""
        with self._database.write() as connection:
            connection.execute(delete(reviews).where(_named(review.tenant, review.id)))
        self._database.truncate_log()

    def save_cell(self, review: ReviewRecord, cell: CellRecord, spent: Spent) -> bool:
        """Keep a cell in place of an earlier one, and add what it took to the review's sum.

        Returns:
            False where the version that was read, or the review, was deleted meanwhile, or another process
            runs it by now: then only the sum is kept, if there is a review.
        """
        with self._database.write() as connection:
            _spend(connection, review, spent)
        try:
            with self._database.write() as connection:
                held = select(reviews.c.id).where(_held(review)).with_for_update(read=True)
                if connection.execute(held).scalar() is None:
                    return False
                same = _of(review_cells, review) & (review_cells.c.document == cell.document)
                connection.execute(
                    delete(review_cells).where(same & (review_cells.c.question == cell.question))
                )
                row = {**asdict(cell), "result": storable(cell.result)}
                row |= {"tenant": review.tenant, "review": review.id, "collection": review.collection}
                connection.execute(insert(review_cells).values(row))
        except IntegrityError:
            return False
        return True

    def review_cells(self, review: ReviewRecord, *, results: bool = True) -> tuple[CellRecord, ...]:
        """All its cells that are answered or have failed, those of older versions included.

        Args:
            review: the review.
            results: False leaves them out: only which cells there are, and how they stand.
        """
        columns = (
            review_cells.c[name] if results or name != "result" else literal("").label(name) for name in _CELL
        )
        query = select(*columns).where(_of(review_cells, review))
        with self._database.read() as connection:
            found = rows(connection, query.order_by(review_cells.c.number, review_cells.c.question))
        return tuple(CellRecord(**row) for row in found)

    def forget_failed_cells(self, review: ReviewRecord) -> None:
        """Let cells that failed be asked again."""
        with self._database.write() as connection:
            connection.execute(
                delete(review_cells).where(_of(review_cells, review) & (review_cells.c.state == "failed"))
            )


def _set_documents(connection: Connection, tenant: str, review: str, chosen: Iterable[str]) -> None:
    wanted = list(dict.fromkeys(chosen))
    mine = (documents.c.tenant == tenant) & documents.c.id.in_(wanted)
    there = {row["id"] for row in rows(connection, select(documents.c.id).where(mine))}
    for document in wanted:
        if document not in there:
            raise UnknownName("document", document)
    made = [{"tenant": tenant, "review": review, "document": document} for document in wanted]
    if made:
        connection.execute(insert(review_documents), made)


def _next() -> Select[Any]:
    """The review whose turn it is: one that runs gives signs of life, one that ran has its end."""
    ran = func.max(func.coalesce(reviews.c.heartbeat, reviews.c.finished_at)).label("ran")
    last = select(reviews.c.tenant, ran).group_by(reviews.c.tenant).subquery()
    turns = (last.c.ran.nulls_first(), reviews.c.created_at, reviews.c.id)
    whose = last.c.tenant == reviews.c.tenant
    return select(reviews).join(last, whose).where(reviews.c.state == "queued").order_by(*turns).limit(1)


def _spend(connection: Connection, review: ReviewRecord, spent: Spent) -> None:
    sums = {name: reviews.c[name] + getattr(spent, name) for name in _SPENT}
    connection.execute(update(reviews).where(_named(review.tenant, review.id)).values(sums))


def _named(tenant: str, identity: str) -> ColumnElement[bool]:
    return (reviews.c.tenant == tenant) & (reviews.c.id == identity)


def _held(review: ReviewRecord) -> ColumnElement[bool]:
    mine = _named(review.tenant, review.id)
    return mine & (reviews.c.state == "running") & (reviews.c.owner == review.owner)


def _of(table: Table, review: ReviewRecord) -> ColumnElement[bool]:
    return (table.c.tenant == review.tenant) & (table.c.review == review.id)


def _record(row: Mapping[str, Any]) -> ReviewRecord:
    values = dict(row)
    spent = Spent(**{name: values.pop(name) for name in _SPENT})
    return ReviewRecord(**values, spent=spent)
