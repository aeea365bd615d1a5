"""What deletion leaves in the files of the embedded store, and what is left once they are written anew."""

from __future__ import annotations

import struct
import threading
from contextlib import closing
from typing import TYPE_CHECKING

import numpy as np
import pytest

from ingest.model import Scope
from ingest.store.compacting import fresh_path, settle
from ingest.store.contract import Point, SparseVector
from ingest.store.edge import EdgeStore

if TYPE_CHECKING:
    from pathlib import Path

SCOPE = Scope("default", "contracts")
WIDTH = 64
SECRET, KEPT = 7, 8
"""Documents: one is deleted."""
CANARY = 0xDEADBEE1
"""The number of a word that only the secret holds."""
DOCUMENTS, CHUNKS = 12, 20


def direction(document: int, ordinal: int) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    return np.random.default_rng(document * 1_000 + ordinal).normal(size=WIDTH).astype(np.float32)


def chunk(document: int, ordinal: int) -> Point:
    numbers = [document, ordinal + 1_000, CANARY] if document == SECRET else [document, ordinal + 1_000]
    terms = SparseVector(np.array(numbers, np.uint32), np.ones(len(numbers), np.float32))
    return Point(document, ordinal, ordinal, ordinal + 1, 1, 1, terms, direction(document, ordinal))


def filled(folder: Path) -> EdgeStore:
    store = EdgeStore.open(folder, dimensions=WIDTH)
    for document in range(1, DOCUMENTS + 1):
        store.upsert(SCOPE, [chunk(document, ordinal) for ordinal in range(CHUNKS)])
    store.flush()
    return store


def traces(folder: Path) -> set[str]:
    """What of the secret stands in the files: its word in the log, its direction among the vectors."""
    one = direction(SECRET, 3)
    patterns = {
        "word": struct.pack(">I", CANARY),
        "vector": (one / np.linalg.norm(one))[10:20].astype("<f2").tobytes(),
    }
    files = [path.read_bytes() for path in folder.parent.rglob("*") if path.is_file()]
    return {name for name, pattern in patterns.items() if any(pattern in content for content in files)}


def test_deleted_points_leave_traces_until_the_files_are_written_anew(tmp_path: Path) -> None:
    with closing(filled(tmp_path / "index")) as store:
        store.delete_documents(SCOPE, [SECRET])
        store.flush()
        assert traces(tmp_path / "index") == {"word", "vector"}
        before = store.search_dense(SCOPE, direction(KEPT, 2), documents=None, limit=5)

        store.compact()

        assert traces(tmp_path / "index") == set()
        assert [path.name for path in tmp_path.iterdir()] == ["index"]
        after = store.search_dense(SCOPE, direction(KEPT, 2), documents=None, limit=5)
        assert [(hit.document, hit.ordinal) for hit in after] == [(h.document, h.ordinal) for h in before]
        assert np.allclose([hit.score for hit in after], [hit.score for hit in before], atol=1e-3)


def test_what_is_written_after_that_lasts(tmp_path: Path) -> None:
    store = filled(tmp_path / "index")
    store.delete_documents(SCOPE, [SECRET])
    store.compact()
    store.upsert(SCOPE, [chunk(DOCUMENTS + 1, 0)])
    store.delete_documents(SCOPE, [KEPT])
    expected = dict.fromkeys({*range(1, DOCUMENTS + 1)} - {SECRET, KEPT}, CHUNKS) | {DOCUMENTS + 1: 1}
    assert store.counts(SCOPE) == expected
    store.close()

    with closing(EdgeStore.open(tmp_path / "index", dimensions=WIDTH)) as again:
        assert again.counts(SCOPE) == expected


def test_searches_find_everything_while_the_files_are_written_anew(tmp_path: Path) -> None:
    over = threading.Event()
    found: list[int] = []

    with closing(filled(tmp_path / "index")) as store:

        def search() -> None:
            while not over.is_set():
                found.append(len(store.search_dense(SCOPE, direction(KEPT, 2), documents=None, limit=CHUNKS)))

        searchers = [threading.Thread(target=search) for _ in range(3)]
        for searcher in searchers:
            searcher.start()
        for _ in range(5):
            store.compact()
        over.set()
        for searcher in searchers:
            searcher.join()

    assert set(found) == {CHUNKS}


@pytest.mark.parametrize("moment", ["half written", "old one moved away", "new one in its place"])
def test_a_kill_leaves_one_whole_shard(tmp_path: Path, moment: str) -> None:
    path = tmp_path / "index"
    filled(path).close()
    stale = path.with_name(f".{path.name}.stale")
    if moment == "half written":
        fresh_path(path).mkdir()
        (fresh_path(path) / "edge_config.json").write_text("{")
    else:
        filled(fresh_path(path)).close()
        path.rename(stale)
    if moment == "new one in its place":
        fresh_path(path).rename(path)

    with closing(EdgeStore.open(path, dimensions=WIDTH)) as store:
        assert sum(store.counts(SCOPE).values()) == DOCUMENTS * CHUNKS
    settle(path)
    assert [found.name for found in tmp_path.iterdir()] == ["index"]
