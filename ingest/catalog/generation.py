"""Generations: a collection's next index, built beside the one that serves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import select, update

from ingest.catalog.collection import NO_REINDEX, owned, require_collection, same_direction
from ingest.catalog.database import CatalogPart, rows
from ingest.catalog.schema import collections, versions

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy.sql import ColumnElement

    from ingest.catalog.records import CollectionRecord

_NEXT = ("generation", "embedder", "dimensions", "check_vector")


class Generations(CatalogPart):
    """The calls of a re-index. One is at work at a time, under the lock of the data directory."""

    def begin_generation(
        self,
        collection: CollectionRecord,
        *,
        embedder: str,
        dimensions: int,
        check_vector: bytes,
        chunker: str,
    ) -> int:
        """The generation to build: that of a killed run with the same embedder and chunker, else a new one.

        Numbers of generations are never used again: what another embedder left there is garbage.

        Raises:
            UnknownName: the collection has been deleted.
        """
        with self._database.write() as connection:
            row = require_collection(connection, collection.tenant, collection.name)
            begun: int | None = row["next_generation"]
            wanted = (embedder, dimensions, chunker)
            same = (row["next_embedder"], row["next_dimensions"], row["next_chunker"]) == wanted
            if begun is not None and same and same_direction(row["next_check_vector"], check_vector):
                return begun
            following = max(row["generation"], begun or 0) + 1
            values = {
                "next_generation": following,
                "next_embedder": embedder,
                "next_dimensions": dimensions,
                "next_check_vector": check_vector,
                "next_chunker": chunker,
            }
            connection.execute(update(collections).where(_named(collection)).values(values))
        return following

    def swap_generation(
        self, collection: CollectionRecord, generation: int, chunks: Mapping[int, int]
    ) -> tuple[int, ...]:
        """Let the new generation serve, in one transaction; ``chunks`` are the points built per version.

        Returns:
            Ready versions that are not among those built; where there are any, nothing has changed.

        Raises:
            UnknownName: the collection has been deleted.
        """
        ready = owned(versions, collection.tenant, collection.name) & (versions.c.state == "ready")
        with self._database.write() as connection:
            row = require_collection(connection, collection.tenant, collection.name)
            if row["next_generation"] != generation:
                raise ValueError(f"generation {generation} is not being built")
            found = rows(connection, select(versions.c.number).where(ready).order_by(versions.c.number))
            numbers = [number["number"] for number in found]
            missing = tuple(number for number in numbers if number not in chunks)
            if missing:
                return missing
            for number in numbers:
                made: dict[str, Any] = {"embedder": row["next_embedder"], "chunker": row["next_chunker"]}
                version = update(versions).where(ready & (versions.c.number == number))
                connection.execute(version.values(made | {"chunks": chunks[number]}))
            swapped = {name: row[f"next_{name}"] for name in _NEXT}
            connection.execute(
                update(collections).where(_named(collection)).values({**swapped, **NO_REINDEX})
            )
        return ()


def _named(collection: CollectionRecord) -> ColumnElement[bool]:
    return (collections.c.tenant == collection.tenant) & (collections.c.name == collection.name)
