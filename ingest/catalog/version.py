"""Versions: what is known of them by number, by file and by state."""

from __future__ import annotations

import os
from functools import lru_cache
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, delete, exists, func, or_, select, update

from ingest.catalog.collection import end_sessions, owned, owned_among, owned_by_asked
from ingest.catalog.database import CatalogPart, rows
from ingest.catalog.records import KnownFile, VersionRecord
from ingest.catalog.schema import collections, documents, failures, versions
from ingest.errors import Gone, UnknownName

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from sqlalchemy import Connection, Select
    from sqlalchemy.sql import ColumnElement

    from ingest.catalog.records import CollectionRecord

MOST_NAMED = 1_000
"""Paths, or hashes, that one statement may name."""
_AT_ONCE = 256
"""Rows that are made at a time where a collection is walked through: too few to let garbage be collected."""
_ID_BYTES = 8
_TITLES = 16
"""Sets of words that titles are searched for: the program has few."""


def version_query() -> Select[*tuple[Any, ...]]:
    """Versions with the paths of their documents: the columns of a `VersionRecord`."""
    return select(versions, documents.c.path).join_from(versions, documents)


def versions_where(chosen: ColumnElement[bool]) -> Select[*tuple[Any, ...]]:
    """A query of the chosen versions, by number."""
    return version_query().where(chosen).order_by(versions.c.number)


_READY = owned_by_asked(versions) & (versions.c.state == "ready")
_NUMBERED = versions_where(
    owned_by_asked(versions) & versions.c.number.in_(bindparam("numbers", expanding=True))
)
_ONE = versions_where(owned_by_asked(versions) & (versions.c.number == bindparam("number")))
_IN_STATE = versions_where(owned_by_asked(versions) & (versions.c.state == bindparam("state")))
_READY_KINDS = (
    select(versions.c.media_type, func.count().label("held")).where(_READY).group_by(versions.c.media_type)
)
_READY_PATHS = (
    select(documents.c.path, versions.c.number)
    .join_from(versions, documents)
    .where(_READY)
    .order_by(versions.c.number)
)
_READY_CHARACTERS = select(func.sum(versions.c.characters).label("characters")).where(_READY)


@lru_cache(maxsize=_TITLES)
def _titled(words: tuple[str, ...]) -> Select[*tuple[Any, ...]]:
    columns = (versions.c.title, documents.c.path)
    holds = or_(*(column.icontains(word, autoescape=True) for column in columns for word in words))
    wanted = (versions.c.state == "pending") | ((versions.c.state == "ready") & holds)
    chosen = owned_by_asked(versions) & (versions.c.number > bindparam("after")) & wanted
    return select(versions.c.number, versions.c.state).join_from(versions, documents).where(chosen)


class Versions(CatalogPart):
    """The calls about versions."""

    def known_files(
        self,
        collection: CollectionRecord,
        *,
        paths: Collection[str] | None = None,
        folders: Collection[str] = (),
    ) -> dict[str, KnownFile]:
        """Files of the collection by path; superseded versions are left out.

        Where ``paths`` are given, those alone, and those whose files are, or lie in, one of ``folders``.
        """
        mine = owned(documents, collection.tenant, collection.name)
        wanted = [mine] if paths is None else self._among(collection.tenant, collection.name, paths, folders)
        query = select(*_KNOWN).join_from(documents, versions).where(versions.c.state != "superseded")
        with self._database.read() as connection:
            found = [KnownFile(*row) for chosen in wanted for row in connection.execute(query.where(chosen))]
        found.sort(key=attrgetter("state", "number"))  # "pending" sorts first: "ready" wins
        return {file.path: file for file in found}

    def known_copies(self, collection: CollectionRecord, hashes: Collection[str]) -> list[KnownFile]:
        """The files of ready versions that have one of these content hashes."""
        ready = owned_among(versions, collection.tenant, collection.name) & (versions.c.state == "ready")
        query = select(*_KNOWN).join_from(versions, documents).where(ready)
        with self._database.read() as connection:
            found = [
                KnownFile(*row)
                for chosen in _one_of(versions.c.content_hash, hashes)
                for row in connection.execute(query.where(chosen))
            ]
        return sorted(found, key=attrgetter("number"))

    def locations(self, tenant: str, collection: str) -> dict[str, str]:
        """For every path that a document or a failed file goes by, where the file lies."""
        with self._database.read() as connection:
            return {
                path: location
                for table in (failures, documents)  # a document wins
                for path, location in _pairs(
                    connection,
                    select(table.c.path, table.c.location).where(owned(table, tenant, collection)),
                )
            }

    def placed(
        self, tenant: str, collection: str, lying: Collection[str], paths: Iterable[str]
    ) -> dict[str, str]:
        """Of `locations` those that are one of ``lying``, or whose path is one of ``paths``; or some more."""
        failed = select(failures.c.path, failures.c.location).where(owned(failures, tenant, collection))
        query = select(documents.c.path, documents.c.location)
        with self._database.read() as connection:
            known = dict(_pairs(connection, failed))
            for chosen in self._among(tenant, collection, {*paths, *known}, lying, below=False):
                known.update(_pairs(connection, query.where(chosen)))
        return known

    def _among(
        self,
        tenant: str,
        collection: str,
        paths: Iterable[str],
        lying: Collection[str],
        *,
        below: bool = True,
    ) -> Iterator[ColumnElement[bool]]:
        """One after the other what finds the documents at these paths and locations, and below those."""
        mine, found = owned(documents, tenant, collection), owned_among(documents, tenant, collection)
        yield from (mine & chosen for chosen in _one_of(documents.c.path, paths))
        yield from (found & chosen for chosen in _one_of(documents.c.location, lying))
        for folder in lying if below else ():
            inside = folder.rstrip(os.sep) + os.sep
            yield found & self._database.begins_with(documents.c.location, inside)

    def discard_version(self, version: VersionRecord) -> None:
        """Forget a pending version; its number stays burnt. Its points must be deleted before."""
        orphaned = (documents.c.id == version.document) & ~exists().where(
            versions.c.document == documents.c.id
        )
        with self._database.write() as connection:
            _require_pending(connection, version)
            connection.execute(delete(versions).where(_is(version)))
            connection.execute(delete(documents).where(orphaned))

    def touch(
        self, version: VersionRecord | KnownFile, *, size: int, modified_ns: int, location: str
    ) -> None:
        """Record that the same bytes have a new time or place: the next run need not hash them."""
        statement = (
            update(versions)
            .where((versions.c.document == version.document) & (versions.c.number == version.number))
            .values(size=size, modified_ns=modified_ns)
        )
        with self._database.write() as connection:
            connection.execute(statement)
            _move(connection, version.document, location)

    def pending_versions(self, collection: CollectionRecord) -> tuple[VersionRecord, ...]:
        """What a run began and did not end, by number."""
        return self._in_state(collection, "pending")

    def ready_versions(self, collection: CollectionRecord) -> tuple[VersionRecord, ...]:
        """The current version of every document, by number."""
        return self._in_state(collection, "ready")

    def ready_kinds(self, collection: CollectionRecord) -> dict[str, int]:
        """How many current versions there are of each media type: of a large collection cheaper than all."""
        with self._database.read() as connection:
            found = rows(connection, _READY_KINDS, tenant=collection.tenant, collection=collection.name)
        return {row["media_type"]: row["held"] for row in found}

    def ready_paths(self, collection: CollectionRecord) -> dict[str, int]:
        """The number of every current version by its document's path: cheaper than their records."""
        with self._database.read() as connection:
            found = rows(connection, _READY_PATHS, tenant=collection.tenant, collection=collection.name)
            return {row["path"]: row["number"] for row in found}

    def ready_characters(self, collection: CollectionRecord) -> int:
        """Code points of all current versions."""
        with self._database.read() as connection:
            (row,) = rows(connection, _READY_CHARACTERS, tenant=collection.tenant, collection=collection.name)
        return int(row["characters"] or 0)

    def numbered(self, tenant: str, collection: str, numbers: Collection[int]) -> dict[int, VersionRecord]:
        """The versions behind these numbers, in whatever state, in one query; unknown ones are left out."""
        asked = {"tenant": tenant, "collection": collection, "numbers": list(numbers)}
        with self._database.read() as connection:
            found = records_of(rows(connection, _NUMBERED, **asked))
        return {version.number: version for version in found}

    def titled_numbers(
        self, collection: CollectionRecord, words: Sequence[str], *, after: int
    ) -> tuple[list[int], list[int]]:
        """Numbers above ``after``: of ready versions whose title or path holds any word; of all pending ones.

        Only Latin letters may differ in case: what SQLite can tell.
        """
        asked = {"tenant": collection.tenant, "collection": collection.name, "after": after}
        with self._database.read() as connection:
            found = rows(connection, _titled(tuple(words)), **asked)
        ready, pending = (
            [row["number"] for row in found if row["state"] == state] for state in ("ready", "pending")
        )
        return ready, pending

    def superseded_versions(self, collection: CollectionRecord) -> tuple[VersionRecord, ...]:
        """Old versions that are still resolvable, by number; none of their points belongs in the index."""
        return self._in_state(collection, "superseded")

    def versions_of(self, tenant: str, document: str) -> tuple[VersionRecord, ...]:
        """Ready and superseded versions of a document, the oldest first; none where it is not known."""
        chosen = (versions.c.tenant == tenant) & (versions.c.document == document)
        with self._database.read() as connection:
            return read_versions(connection, chosen & (versions.c.state != "pending"))

    def purge_superseded(self, collection: CollectionRecord) -> tuple[int, ...]:
        """Forget the text of old versions for good; their numbers answer `Gone` from now on.

        The conversations that have shown any of them end.
        """
        old = owned(versions, collection.tenant, collection.name) & (versions.c.state == "superseded")
        with self._database.write() as connection:
            found = rows(connection, select(versions.c.number).where(old).order_by(versions.c.number))
            numbers = tuple(row["number"] for row in found)
            end_sessions(connection, collection.tenant, collection.name, numbers)
            connection.execute(delete(versions).where(old))
        self._database.truncate_log()
        return numbers

    def manifest(self, collection: CollectionRecord) -> dict[int, int]:
        """Ready version number → chunks the index must hold; any other number there is a leftover."""
        ready = owned(versions, collection.tenant, collection.name) & (versions.c.state == "ready")
        with self._database.read() as connection:
            return dict(_pairs(connection, select(versions.c.number, versions.c.chunks).where(ready)))

    def version(self, tenant: str, collection: str, number: int) -> VersionRecord:
        """The version behind ``D7``, in whatever state.

        Raises:
            UnknownName: the number was never given.
            Gone: it was, and its document has been deleted.
        """
        with self._database.read() as connection:
            found = rows(connection, _ONE, tenant=tenant, collection=collection, number=number)
            if not found:
                raise absence(connection, tenant, collection, number)
        return records_of(found)[0]

    def _in_state(self, collection: CollectionRecord, state: str) -> tuple[VersionRecord, ...]:
        asked = {"tenant": collection.tenant, "collection": collection.name, "state": state}
        with self._database.read() as connection:
            return records_of(rows(connection, _IN_STATE, **asked))


_KNOWN = (
    documents.c.path,
    documents.c.id,
    *(versions.c[name] for name in ("number", "state", "size", "modified_ns", "content_hash")),
    *(versions.c[name] for name in ("reader", "chunker", "embedder")),
    documents.c.location,
    *(versions.c[name] for name in ("media_type", "title")),
)
"""The columns of a `KnownFile`, in its order: to name them takes more time than to read them."""


def _pairs(connection: Connection, query: Select[*tuple[Any, ...]]) -> Iterator[tuple[Any, Any]]:
    """What a query of two columns finds, row by row."""
    for part in connection.execute(query).partitions(_AT_ONCE):
        yield from ((row[0], row[1]) for row in part)


def _one_of(column: ColumnElement[str], values: Iterable[str]) -> Iterator[ColumnElement[bool]]:
    """That a column holds one of these: as many at a time as every database takes in one statement."""
    ordered = sorted(values)
    for first in range(0, len(ordered), MOST_NAMED):
        yield column.in_(ordered[first : first + MOST_NAMED])


def read_versions(connection: Connection, chosen: ColumnElement[bool]) -> tuple[VersionRecord, ...]:
    """The chosen versions, by number."""
    return records_of(rows(connection, versions_where(chosen)))


def records_of(found: Iterable[Mapping[str, Any]]) -> tuple[VersionRecord, ...]:
    """Rows of `version_query` as values."""
    return tuple(VersionRecord(**row) for row in found)


def absence(connection: Connection, tenant: str, collection: str, number: int) -> Gone | UnknownName:
    """Why there is nothing under this number: a number below the counter was given once."""
    named = (collections.c.tenant == tenant) & (collections.c.name == collection)
    following = connection.execute(select(collections.c.next_number).where(named)).scalar() or 0
    return (Gone if 0 < number < following else UnknownName)("document", f"D{number}")


def _is(version: VersionRecord) -> ColumnElement[bool]:
    return owned(versions, version.tenant, version.collection) & (versions.c.number == version.number)


def _move(connection: Connection, document: str, location: str) -> None:
    connection.execute(update(documents).where(documents.c.id == document).values(location=location))


def _require_pending(connection: Connection, version: VersionRecord) -> None:
    state = connection.execute(select(versions.c.state).where(_is(version)).with_for_update()).scalar()
    if state is None:
        raise Gone("document", f"D{version.number}")
    if state != "pending":
        raise ValueError(f"D{version.number} is {state}, not pending")
