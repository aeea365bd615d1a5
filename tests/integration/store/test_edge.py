"""What only the embedded store can do wrong: lose data in a kill, share its folder, open another's."""

from __future__ import annotations

import subprocess
import sys
from contextlib import closing
from threading import Timer
from typing import TYPE_CHECKING

import numpy as np
import pytest

from ingest.errors import IndexUnavailable, StoreLocked, UnsupportedStore
from ingest.model import Scope
from ingest.store.contract import Point, SparseVector
from ingest.store.edge import EdgeStore

if TYPE_CHECKING:
    from pathlib import Path

SCOPE = Scope("default", "contracts")
BATCH = 40
"""Points of a document in the test of the kill."""

WRITER = """
import sys
from pathlib import Path
from tests.integration.store.test_edge import BATCH, SCOPE, chunk
from ingest.store.edge import EdgeStore

store = EdgeStore.open(Path(sys.argv[1]), dimensions=8)
document = max(store.counts(SCOPE), default=0)
while True:
    document += 1
    store.upsert(SCOPE, [chunk(document, ordinal) for ordinal in range(BATCH)])
    print(document, flush=True)
"""


def chunk(document: int, ordinal: int) -> Point:
    dense = np.zeros(8, dtype=np.float32)
    dense[ordinal % 8] = 1.0
    terms = SparseVector(np.array([document, 2**31 + ordinal], np.uint32), np.ones(2, np.float32))
    return Point(document, ordinal, ordinal, ordinal + 1, 1, 1, terms, dense)


def write_and_kill(folder: Path, acknowledged: int) -> int:
    """The last document whose batch was acknowledged before the kill."""
    command = [sys.executable, "-c", WRITER, str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout is not None
        lines = [next(writer.stdout) for _ in range(acknowledged)]
        writer.kill()
        lines += list(writer.stdout)
    return int([line for line in lines if line.endswith("\n")][-1])


def test_a_kill_loses_no_acknowledged_batch_and_leaves_no_half(tmp_path: Path) -> None:
    for acknowledged in (1, 7, 30):
        last = write_and_kill(tmp_path, acknowledged)
        with closing(EdgeStore.open(tmp_path, dimensions=8)) as store:
            counts = store.counts(SCOPE)
            assert set(counts.values()) == {BATCH}
            # The kill may have fallen between the write and its acknowledgement.
            assert set(counts) in ({*range(1, last + 1)}, {*range(1, last + 2)})
            terms = SparseVector(np.array([last], np.uint32), np.ones(1, np.float32))
            hits = store.search_sparse(SCOPE, terms, documents=None, limit=BATCH)
            assert [(hit.document, hit.ordinal) for hit in hits] == [(last, o) for o in range(BATCH)]


def test_a_second_opening_is_locked_out_until_the_first_closes(tmp_path: Path) -> None:
    with closing(EdgeStore.open(tmp_path, dimensions=8)) as store:
        store.upsert(SCOPE, [chunk(1, 0)])
        with pytest.raises(StoreLocked, match="another process"):
            EdgeStore.open(tmp_path, dimensions=8)
        assert store.counts(SCOPE) == {1: 1}
    with closing(EdgeStore.open(tmp_path, dimensions=8)) as store:
        assert store.counts(SCOPE) == {1: 1}


def test_a_process_that_is_about_to_let_go_is_waited_for(tmp_path: Path) -> None:
    store = EdgeStore.open(tmp_path, dimensions=8)
    store.upsert(SCOPE, [chunk(1, 0)])
    ending = Timer(0.3, store.close)
    ending.start()
    with closing(EdgeStore.open(tmp_path, dimensions=8)) as again:
        assert again.counts(SCOPE) == {1: 1}
    ending.join()


def test_other_dimensions_are_refused_and_change_nothing(tmp_path: Path) -> None:
    with closing(EdgeStore.open(tmp_path, dimensions=8)) as store:
        store.upsert(SCOPE, [chunk(1, 0)])
    with pytest.raises(UnsupportedStore, match="vector size"):
        EdgeStore.open(tmp_path, dimensions=512)
    with closing(EdgeStore.open(tmp_path, dimensions=8)) as store:
        assert store.counts(SCOPE) == {1: 1}


def test_a_broken_shard_is_refused_by_name(tmp_path: Path) -> None:
    EdgeStore.open(tmp_path, dimensions=8).close()
    (tmp_path / "edge_config.json").write_text("{", encoding="utf-8")
    with pytest.raises(UnsupportedStore, match="cannot be opened"):
        EdgeStore.open(tmp_path, dimensions=8)


def test_a_closed_store_answers_no_more_and_closes_twice(tmp_path: Path) -> None:
    store = EdgeStore.open(tmp_path, dimensions=8)
    store.close()
    store.close()
    for call in (lambda: store.counts(SCOPE), store.flush, lambda: store.upsert(SCOPE, [chunk(1, 0)])):
        with pytest.raises(IndexUnavailable):
            call()


def test_a_batch_of_many_bytes_is_written_whole(tmp_path: Path) -> None:
    points = [chunk(1, ordinal) for ordinal in range(10_000)]
    with closing(EdgeStore.open(tmp_path, dimensions=8)) as store:
        store.upsert(SCOPE, points)
        assert store.counts(SCOPE) == {1: 10_000}
