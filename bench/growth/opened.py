"""A data folder in use: its catalog, and its index behind a process of its own, both clocked."""

from __future__ import annotations

import json
import os
import time
from contextlib import contextmanager
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

from bench.clocked import clocked_catalog
from bench.growth.processes import cpu
from bench.peers.protocol import Clock
from ingest.catalog.catalog import open_catalog
from service.edge_index import FACTORY
from service.index_process.client import RemoteIndex

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping, Sequence
    from pathlib import Path

    from ingest.catalog.catalog import Catalog
    from ingest.model import Scope
    from ingest.store.contract import Point

_ENDING_SECONDS = 120.0
_LISTING: Mapping[str, str] = MappingProxyType(
    dict.fromkeys(("known_files", "failures", "manifest", "locations", "placed", "retitled"), "list")
)


class ClockedRemote(RemoteIndex):
    """What both sides compute for a call: ``hop`` here and, in the index process, ``store`` or ``count``."""

    def __init__(self, data: Path, clock: Clock) -> None:
        super().__init__(data, FACTORY)
        self.pid: int = json.loads((data / "index.json").read_text(encoding="utf-8"))["pid"]
        self._clock = clock

    def upsert(self, scope: Scope, points: Sequence[Point]) -> None:
        with self._clocked("store"):
            super().upsert(scope, points)

    def flush(self) -> None:
        with self._clocked("store"):
            super().flush()

    def counts(self, scope: Scope) -> Mapping[int, int]:
        with self._clocked("count"):
            return super().counts(scope)

    def delete_documents(self, scope: Scope, documents: Sequence[int]) -> None:
        with self._clocked("store"):
            super().delete_documents(scope, documents)

    @contextmanager
    def _clocked(self, there: str) -> Generator[None]:
        before = cpu(self.pid)
        with self._clock.stage("hop"):
            yield
        self._clock.seconds[there] += cpu(self.pid) - before  # pyright: ignore[reportArgumentType] — seconds


@dataclass(frozen=True, slots=True)
class Opened:
    """A data folder that is open."""

    catalog: Catalog
    index: ClockedRemote
    clock: Clock
    started: float
    """Seconds until the index process answered."""


@contextmanager
def opened(data: Path) -> Generator[Opened]:
    """Open it, and wait at the end until its index process has ended."""
    data.mkdir(parents=True, exist_ok=True)
    os.environ["LECTERN_DATA"] = str(data)
    clock = Clock()
    with open_catalog(data / "catalog.sqlite") as catalog:
        began = time.perf_counter()
        index = ClockedRemote(data, clock)
        started = time.perf_counter() - began
        try:
            yield Opened(clocked_catalog(catalog, clock, _LISTING), index, clock, started)
        finally:
            index.close()
            _await_end(index.pid)


def _await_end(pid: int) -> None:
    deadline = time.monotonic() + _ENDING_SECONDS
    while _lives(pid) and time.monotonic() < deadline:
        time.sleep(0.05)


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
