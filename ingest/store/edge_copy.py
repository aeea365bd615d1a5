"""A shard written anew beside the one that serves, whose place it takes at the end."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

import qdrant_edge as qdrant

from ingest.store.compacting import fresh_path, settle, swap
from ingest.store.edge_shard import load, make_indexes

if TYPE_CHECKING:
    from pathlib import Path

_FLUSHED = 40
"""Steps after which it is flushed, so that the last flush is not one of everything."""


class Copy:
    """An empty shard at first; whoever owns it holds the engine while asking."""

    def __init__(self, path: Path, dimensions: int) -> None:
        """Of the shard at ``path``; what a killed copy has left there goes."""
        settle(path)
        fresh_path(path).mkdir()
        self._path = path
        self._dimensions = dimensions
        self._shard = load(fresh_path(path), dimensions)
        self._steps = 0
        make_indexes(self._shard)

    def take(
        self, old: qdrant.EdgeShard, offset: qdrant.PointId | None, *, points: int
    ) -> qdrant.PointId | None:
        """Copy so many points from this one on, in the order of their ids; returns where to go on."""
        request = qdrant.ScrollRequest(offset=offset, limit=points, with_payload=True, with_vector=True)
        records, offset = old.scroll(request)
        if records:
            copied = [qdrant.Point(record.id, record.vector or {}, record.payload) for record in records]
            self._shard.update(qdrant.UpdateOperation.upsert_points(copied))
        self._steps += 1
        if self._steps % _FLUSHED == 0:
            self._shard.flush()
        return offset

    def update(self, operation: qdrant.UpdateOperation) -> None:
        """What is written to the old one meanwhile."""
        self._shard.update(operation)

    def replace(self, old: qdrant.EdgeShard) -> qdrant.EdgeShard:
        """Take the old one's place; returns the shard that serves now."""
        self._shard.flush()
        self._shard.close()
        old.flush()
        old.close()
        swap(self._path)
        return load(self._path, self._dimensions)

    def abandon(self) -> None:
        """Leave the old files in their place."""
        with suppress(Exception):  # the engine raises bare ones; this shard is thrown away
            self._shard.close()
        settle(self._path)
