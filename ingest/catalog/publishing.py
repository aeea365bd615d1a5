"""Versions come to be: a number before the first chunk is stored, a ready record after the last one.

Many documents share one transaction and its statements: small files cost a row each, not a dozen queries.
"""

from __future__ import annotations

import secrets
from dataclasses import fields, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, delete, func, insert, select, update

from ingest.catalog.codec import encode_layout, encode_passages, encode_text
from ingest.catalog.collection import owned, require_collection
from ingest.catalog.database import CatalogPart, rows, storable
from ingest.catalog.records import VersionRecord
from ingest.catalog.schema import collections, contents, documents, failures, versions
from ingest.catalog.version import read_versions

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from sqlalchemy import Connection, Executable

    from ingest.catalog.records import CollectionRecord, FileFacts, NewVersion

_ID_BYTES = 8
_SAME_WORK = ("content_hash", "reader", "chunker", "embedder")
"""What must agree for a pending version to be gone on with: its points may then be in the index already."""
_PUBLISHED = ("state", "title", "reader", "characters", "pages", "passages", "chunks", "warnings")


class Publishing(CatalogPart):
    """The calls that begin versions and make them ready."""

    def begin_versions(self, collection: CollectionRecord, files: Sequence[FileFacts]) -> list[VersionRecord]:
        """Give files of different paths numbers in their order, and pending records, in one transaction.

        What a killed run left pending for the same path and bytes keeps its number, if the same reader,
        chunker and embedder go on with it.

        Raises:
            UnknownName: the collection has been deleted.
        """
        with self._database.write() as connection:
            row = require_collection(connection, collection.tenant, collection.name)
            ids = _settle_documents(connection, collection, files)
            left = _left_pending(connection, ids.values())
            ordinals = _last_ordinals(connection, ids.values())
            following = number = int(row["next_number"])
            begun: list[VersionRecord] = []
            for file in files:
                document = ids[file.path]
                resumed = left.get((document, *(getattr(file, name) for name in _SAME_WORK)))
                if resumed is not None:
                    begun.append(replace(resumed, **_facts(file)))
                    continue
                begun.append(_pending(collection, file, document, following, ordinals.get(document, 0) + 1))
                following += 1
            _many(connection, insert(versions), [_row(made) for made in begun if made.number >= number])
            _resume(connection, [made for made in begun if made.number < number])
            if following > number:
                _count_on(connection, collection, following)
        return begun

    def publish_versions(self, news: Sequence[NewVersion]) -> list[VersionRecord | None]:
        """Make pending versions of one collection ready, once their points are flushed.

        Returns:
            The ready versions in their order; None for one whose document was deleted.

        Contents, the new states, the old versions' and the end of the files' failures are one transaction.

        Raises:
            ValueError: a version is not pending, or a document is malformed.
        """
        if not news:
            return []
        owner = {"tenant": news[0].version.tenant, "collection": news[0].version.collection}
        ready = {new.version.number: _ready(new) for new in news}
        encoded = {new.version.number: owner | _content(new) for new in news}
        with self._database.write() as connection:
            states = _states(connection, owner, list(ready))
            for number, state in states.items():
                if state != "pending":
                    raise ValueError(f"D{number} is {state}, not pending")
            _record(connection, owner, [ready[number] for number in states])
            _many(connection, insert(contents), [encoded[number] for number in states])
        return [version if number in states else None for number, version in ready.items()]


def _count_on(connection: Connection, collection: CollectionRecord, following: int) -> None:
    counter = (collections.c.tenant == collection.tenant) & (collections.c.name == collection.name)
    connection.execute(update(collections).where(counter).values(next_number=following))


def _settle_documents(
    connection: Connection, collection: CollectionRecord, files: Sequence[FileFacts]
) -> dict[str, str]:
    """The documents at these paths by path, made where they are new; each where its file lies now."""
    at_paths = owned(documents, collection.tenant, collection.name)
    at_paths &= documents.c.path.in_([file.path for file in files])
    found = rows(connection, select(documents.c.id, documents.c.path, documents.c.location).where(at_paths))
    known = {row["path"]: row for row in found}
    ids = {path: str(row["id"]) for path, row in known.items()}
    new = [file for file in files if file.path not in known]
    ids |= {file.path: secrets.token_hex(_ID_BYTES) for file in new}
    owner = {"tenant": collection.tenant, "collection": collection.name, "created_at": datetime.now(UTC)}
    made = [owner | {"id": ids[file.path], "path": file.path, "location": file.location} for file in new]
    _many(connection, insert(documents), made)
    moved = [
        {"moved": ids[file.path], "location": file.location}
        for file in files
        if file.path in known and known[file.path]["location"] != file.location
    ]
    _many(connection, update(documents).where(documents.c.id == bindparam("moved")), moved)
    return ids


def _left_pending(connection: Connection, ids: Iterable[str]) -> dict[tuple[str, ...], VersionRecord]:
    """What killed runs left pending of these documents, by document and the work that was under way."""
    pending = versions.c.document.in_(list(ids)) & (versions.c.state == "pending")
    return {
        (left.document, *(getattr(left, name) for name in _SAME_WORK)): left
        for left in reversed(read_versions(connection, pending))  # of two alike, the first
    }


def _last_ordinals(connection: Connection, ids: Iterable[str]) -> dict[str, int]:
    last = func.max(versions.c.ordinal).label("last")
    of_these = versions.c.document.in_(list(ids))
    query = select(versions.c.document, last).where(of_these).group_by(versions.c.document)
    return {row["document"]: row["last"] for row in rows(connection, query)}


def _pending(
    collection: CollectionRecord, file: FileFacts, document: str, number: int, ordinal: int
) -> VersionRecord:
    return VersionRecord(
        tenant=collection.tenant,
        collection=collection.name,
        number=number,
        document=document,
        ordinal=ordinal,
        state="pending",
        title="",
        characters=0,
        pages=0,
        passages=0,
        chunks=0,
        created_at=datetime.now(UTC),
        **_facts(file),
    )


def _resume(connection: Connection, resumed: Sequence[VersionRecord]) -> None:
    """The file of a version that is gone on with may have a new time."""
    for version in resumed:
        values = {name: getattr(version, name) for name in ("size", "modified_ns", "media_type")}
        this = owned(versions, version.tenant, version.collection) & (versions.c.number == version.number)
        connection.execute(update(versions).where(this).values(**values))


def _states(connection: Connection, owner: Mapping[str, str], numbers: Sequence[int]) -> dict[int, str]:
    """The states of the versions that are there, locked."""
    these = owned(versions, **owner) & versions.c.number.in_(numbers)
    query = select(versions.c.number, versions.c.state).where(these).order_by(versions.c.number)
    return {row["number"]: row["state"] for row in rows(connection, query.with_for_update())}


def _content(new: NewVersion) -> dict[str, Any]:
    return {
        "number": new.version.number,
        "text": encode_text(new.document.text),
        "passages": encode_passages(new.passages),
        "layout": encode_layout(new.document),
    }


def _ready(new: NewVersion) -> VersionRecord:
    document = new.document
    return replace(
        new.version,
        state="ready",
        title=storable(document.title),
        reader=document.reader or new.version.reader,
        characters=len(document.text),
        pages=len(document.pages),
        passages=len(new.passages),
        chunks=new.chunks,
        warnings=tuple(storable(words) for words in document.warnings),
    )


def _record(connection: Connection, owner: Mapping[str, str], ready: Sequence[VersionRecord]) -> None:
    """Make versions current in place of older ones; what had failed at their paths has not any more."""
    ids = [version.document for version in ready]
    replaced = versions.c.document.in_(ids) & (versions.c.state == "ready")
    connection.execute(update(versions).where(replaced).values(state="superseded"))
    this = owned(versions, **owner) & (versions.c.number == bindparam("this"))
    published = [
        {"this": version.number} | {name: getattr(version, name) for name in _PUBLISHED} for version in ready
    ]
    _many(connection, update(versions).where(this), published)
    current = [{"this": version.document, "current": version.number, "retitled": False} for version in ready]
    _many(connection, update(documents).where(documents.c.id == bindparam("this")), current)
    healed = failures.c.path.in_([version.path for version in ready])
    connection.execute(delete(failures).where(owned(failures, **owner) & healed))


def _many(connection: Connection, statement: Executable, parameters: Sequence[Mapping[str, Any]]) -> None:
    """Execute once for each row; never for none."""
    if parameters:
        connection.execute(statement, parameters)


def _facts(file: FileFacts) -> dict[str, Any]:
    """What a version keeps of its file; where that lies stands with the document."""
    return {field.name: getattr(file, field.name) for field in fields(file) if field.name != "location"}


def _row(version: VersionRecord) -> dict[str, Any]:
    """The columns of a version; its path stands with the document."""
    return {field.name: getattr(version, field.name) for field in fields(version) if field.name != "path"}
