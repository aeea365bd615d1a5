"""What deletion leaves in the files of the embedded store, and what is left once they are written anew."""

from __future__ import annotations

import os
import shutil
import signal
import struct
import sys
import threading
from contextlib import closing, contextmanager
from multiprocessing import get_context
from typing import TYPE_CHECKING

import numpy as np
import pytest

from ingest.errors import IndexUnavailable
from ingest.model import Scope
from ingest.store.compacting import LEAST, deleted_in, fresh_path, is_worth_it, needed_bytes, settle
from ingest.store.contract import Point, SparseVector
from ingest.store.edge import EdgeStore

if TYPE_CHECKING:
    from collections.abc import Callable, Generator
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


MANY = 32
"""Documents that take several steps to be copied."""


def crowded(folder: Path) -> EdgeStore:
    store = EdgeStore.open(folder, dimensions=WIDTH)
    for document in range(1, MANY + 1):
        store.upsert(SCOPE, [chunk(document, ordinal) for ordinal in range(CHUNKS)])
    store.flush()
    return store


class Turns:
    """Does something before each step of a compaction, outside of it."""

    def __init__(self, meanwhile: Callable[[int], object]) -> None:
        self.taken = 0
        self._meanwhile = meanwhile

    @contextmanager
    def __call__(self) -> Generator[None]:
        self.taken += 1
        self._meanwhile(self.taken)
        yield


def test_what_is_written_between_two_steps_lasts(tmp_path: Path) -> None:
    store = crowded(tmp_path / "index")

    def meanwhile(turn: int) -> None:
        store.delete_documents(SCOPE, [turn])
        store.upsert(SCOPE, [chunk(MANY + turn, ordinal) for ordinal in range(CHUNKS)])
        store.upsert(SCOPE, [chunk(MANY, CHUNKS + turn)])

    turns = Turns(meanwhile)
    store.compact(turns)

    assert turns.taken >= 5, "begin, three pages at least, swap"
    left = dict.fromkeys(range(turns.taken + 1, MANY + turns.taken + 1), CHUNKS)
    expected = left | {MANY: CHUNKS + turns.taken}
    assert store.counts(SCOPE) == expected
    store.close()
    with closing(EdgeStore.open(tmp_path / "index", dimensions=WIDTH)) as again:
        assert again.counts(SCOPE) == expected
        again.delete_documents(SCOPE, [MANY])
        assert MANY not in again.counts(SCOPE), "the log of the fresh files numbers on"


def test_hits_are_the_same_before_every_step_and_afterwards(tmp_path: Path) -> None:
    words = SparseVector(np.array([KEPT, 1_002, 1_003], np.uint32), np.ones(3, np.float32))
    found: list[list[tuple[int, int]]] = []

    def search(_: int = 0) -> None:
        both = (
            store.search_sparse(SCOPE, words, documents=None, limit=40),
            store.search_dense(SCOPE, direction(KEPT, 2), documents=None, limit=40),
        )
        found.extend([(hit.document, hit.ordinal) for hit in hits] for hits in both)

    with closing(crowded(tmp_path / "index")) as store:
        store.delete_documents(SCOPE, [SECRET])
        search()
        store.compact(Turns(search))
        search()
    assert len(found) >= 2 * 7
    assert {tuple(hits) for hits in found[0::2]} == {tuple(found[0])}
    assert {tuple(hits) for hits in found[1::2]} == {tuple(found[1])}


def test_closing_ends_it_and_the_old_files_stay(tmp_path: Path) -> None:
    store = crowded(tmp_path / "index")
    store.delete_documents(SCOPE, [SECRET])
    with pytest.raises(IndexUnavailable, match="closed"):
        store.compact(Turns(lambda turn: turn == 3 and store.close()))
    with pytest.raises(IndexUnavailable, match="closed"):
        store.compact()

    assert [path.name for path in tmp_path.iterdir()] == ["index"]
    with closing(EdgeStore.open(tmp_path / "index", dimensions=WIDTH)) as again:
        assert sum(again.counts(SCOPE).values()) == (MANY - 1) * CHUNKS
        assert again.deleted() == CHUNKS


def test_fresh_files_that_cannot_be_written_end_it_and_not_the_write(tmp_path: Path) -> None:
    with closing(crowded(tmp_path / "index")) as store:

        def lose_them(turn: int) -> None:
            if turn == 3:
                shutil.rmtree(fresh_path(tmp_path / "index"))
            store.upsert(SCOPE, [chunk(MANY + turn, 0)])

        turns = Turns(lose_them)
        with pytest.raises(IndexUnavailable):
            store.compact(turns)
        store.upsert(SCOPE, [chunk(SECRET, CHUNKS)])
        added = dict.fromkeys(range(MANY + 1, MANY + turns.taken + 1), 1)
        expected = dict.fromkeys(range(1, MANY + 1), CHUNKS) | {SECRET: CHUNKS + 1} | added
        assert store.counts(SCOPE) == expected
        store.compact()
        assert store.counts(SCOPE) == expected


def test_without_room_for_it_nothing_is_begun(tmp_path: Path) -> None:
    path = tmp_path / "index"
    crowded(path).close()
    needed = needed_bytes(path)
    assert 2 * MANY * CHUNKS * WIDTH * 2 < needed < 2**28, "of the files' holes nothing is counted"
    with closing(EdgeStore.open(path, dimensions=WIDTH, free=lambda _: MANY * CHUNKS)) as store:
        turns = Turns(lambda _: None)
        with pytest.raises(IndexUnavailable, match="no room"):
            store.compact(turns)
        assert turns.taken == 1
        assert sum(store.counts(SCOPE).values()) == MANY * CHUNKS


def test_deleted_points_are_counted_until_the_files_are_written_anew(tmp_path: Path) -> None:
    store = filled(tmp_path / "index")
    assert store.deleted() == 0
    store.delete_documents(SCOPE, [SECRET, KEPT])
    store.delete_documents(SCOPE, [SECRET])
    assert store.deleted() == 2 * CHUNKS
    store.close()

    with closing(EdgeStore.open(tmp_path / "index", dimensions=WIDTH)) as again:
        assert again.deleted() == 2 * CHUNKS
        again.compact(only_worth=True)
        assert again.deleted() == 2 * CHUNKS, "too few of them"
        again.compact()
        assert again.deleted() == 0
        again.flush()
    with closing(EdgeStore.open(tmp_path / "index", dimensions=WIDTH)) as once_more:
        assert once_more.deleted() == 0


def test_what_was_deleted_meanwhile_still_counts(tmp_path: Path) -> None:
    with closing(crowded(tmp_path / "index")) as store:
        store.delete_documents(SCOPE, [SECRET])
        store.compact(Turns(lambda turn: turn == 3 and store.delete_documents(SCOPE, [KEPT])))
        assert store.deleted() == CHUNKS


def test_a_note_that_cannot_be_read_counts_nothing(tmp_path: Path) -> None:
    store = filled(tmp_path / "index")
    store.delete_documents(SCOPE, [SECRET])
    store.close()
    assert deleted_in(tmp_path / "index") == CHUNKS
    (tmp_path / "index" / "deleted.json").write_text("{")
    assert deleted_in(tmp_path / "index") == 0


@pytest.mark.parametrize(
    ("deleted", "left", "worth"),
    [
        (0, 0, False),
        (LEAST - 1, 0, False),
        (LEAST, 0, True),
        (LEAST, 2 * LEAST, True),
        (LEAST, 2 * LEAST + 2, False),
    ],
)
def test_when_it_is_worth_it(deleted: int, left: int, worth: bool) -> None:
    assert is_worth_it(deleted, left) is worth


def killed_in_turn(path: Path, turn: int) -> None:
    """Delete a document, flush, and die before a step of the compaction."""
    store = EdgeStore.open(path, dimensions=WIDTH)
    store.delete_documents(SCOPE, [SECRET])
    store.flush()

    def die(taken: int) -> None:
        store.upsert(SCOPE, [chunk(MANY + taken, 0)])
        store.flush()
        if taken == turn:
            os.kill(os.getpid(), signal.SIGKILL)

    store.compact(Turns(die))


@pytest.mark.skipif(sys.platform == "win32", reason="kills by a Unix signal")
@pytest.mark.parametrize("turn", [1, 2, 3, 5])
def test_a_process_killed_between_two_steps_loses_nothing(tmp_path: Path, turn: int) -> None:
    path = tmp_path / "index"
    crowded(path).close()
    process = get_context("spawn").Process(target=killed_in_turn, args=(path, turn))
    process.start()
    process.join(60)
    assert process.exitcode == -signal.SIGKILL

    with closing(EdgeStore.open(path, dimensions=WIDTH)) as store:
        kept = dict.fromkeys({*range(1, MANY + 1)} - {SECRET}, CHUNKS)
        assert store.counts(SCOPE) == kept | dict.fromkeys(range(MANY + 1, MANY + turn + 1), 1)
        assert store.deleted() == CHUNKS
        assert [found.name for found in tmp_path.iterdir()] == ["index"]
        store.compact()
        assert traces(path) == set()
