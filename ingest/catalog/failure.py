"""Failures: a broken file is reported in every run, and parsed in one."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from sqlalchemy import delete, insert, select

from ingest.catalog.collection import owned, require_collection
from ingest.catalog.database import CatalogPart, rows, storable
from ingest.catalog.records import FailureRecord
from ingest.catalog.schema import failures

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ingest.catalog.records import CollectionRecord
    from ingest.errors import FailureReason


class Failures(CatalogPart):
    """The calls about failures."""

    def record_failure(
        self,
        collection: CollectionRecord,
        path: str,
        reason: FailureReason,
        detail: str,
        *,
        size: int,
        modified_ns: int,
        content_hash: str = "",
        reader: str = "",
        location: str = "",
    ) -> FailureRecord:
        """Keep why a file failed; replaces what was kept for this path.

        Raises:
            UnknownName: the collection has been deleted.
        """
        record = FailureRecord(
            path=path,
            reason=reason,
            detail=storable(detail),
            content_hash=content_hash,
            size=size,
            modified_ns=modified_ns,
            reader=reader,
            failed_at=datetime.now(UTC),
            location=location,
        )
        owner = {"tenant": collection.tenant, "collection": collection.name}
        at_path = owned(failures, collection.tenant, collection.name) & (failures.c.path == path)
        with self._database.write() as connection:
            require_collection(connection, collection.tenant, collection.name)
            connection.execute(delete(failures).where(at_path))
            connection.execute(insert(failures).values(**owner, **asdict(record)))
        return record

    def failures(self, collection: CollectionRecord) -> dict[str, FailureRecord]:
        """Every file that failed, in order of path."""
        columns = [failures.c[name] for name in FailureRecord.__slots__]
        mine = owned(failures, collection.tenant, collection.name)
        with self._database.read() as connection:
            found = rows(connection, select(*columns).where(mine).order_by(failures.c.path))
        return {row["path"]: FailureRecord(**row) for row in found}

    def forget_failures(self, collection: CollectionRecord, paths: Sequence[str]) -> None:
        """Drop what is kept for files that are no longer there."""
        mine = owned(failures, collection.tenant, collection.name)
        with self._database.write() as connection:
            for path in paths:
                connection.execute(delete(failures).where(mine & (failures.c.path == path)))
