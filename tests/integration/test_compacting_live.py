"""The index process writes its files anew while it is searched, written to and killed."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from typing import TYPE_CHECKING

import numpy as np
import pytest

from ingest.index import Question
from ingest.model import Scope
from ingest.store.compacting import LEAST, deleted_in
from ingest.store.contract import Point, SparseVector
from ingest.terms import Analyzer
from service.index_process.address import Place
from service.index_process.client import RemoteIndex
from service.index_process.compacting import QUIET_SECONDS
from tests.fakes.word_index import FACTORY

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="kills processes by Unix signals")

SCOPE = Scope("default", "contracts")
QUESTION = Question("who signs the charter?")
TERMS = sorted(Analyzer().document_terms("signs charter"))
KEPT, DELETED = 4, 20
"""Documents."""
CHUNKS = 300
PATIENCE = 60


def points(document: int) -> list[Point]:
    generator = np.random.default_rng(document)
    return [
        Point(
            document,
            ordinal,
            ordinal,
            ordinal + 1,
            1,
            1,
            SparseVector(np.array(TERMS, np.uint32), generator.random(len(TERMS), np.float32) + 0.5),
            generator.normal(size=8).astype(np.float32),
        )
        for ordinal in range(CHUNKS)
    ]


@pytest.fixture
def data(tmp_path: Path) -> Iterator[Path]:
    """A data directory; no process outlives its test."""
    folder = tmp_path / "data"
    yield folder
    until(lambda: not Place(folder).note.exists())


@pytest.fixture
def index(data: Path) -> Iterator[RemoteIndex]:
    with RemoteIndex(data, FACTORY, grace=0) as opened:
        for document in range(1, KEPT + DELETED + 1):
            opened.upsert(SCOPE, points(document))
        opened.flush()
        yield opened


def until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def hits(index: RemoteIndex) -> list[tuple[int, int]]:
    found = index.search(SCOPE, QUESTION, documents=range(1, KEPT + 1), limit=50)
    return [(hit.document, hit.ordinal) for hit in found]


def pid(data: Path) -> int:
    noted = Place(data).read()
    assert noted is not None
    return noted.pid


def forget(index: RemoteIndex) -> list[tuple[int, int]]:
    """Delete most documents; the hits that are left."""
    index.delete_documents(SCOPE, range(KEPT + 1, KEPT + DELETED + 1))
    index.flush()
    assert index.deleted() == DELETED * CHUNKS
    return hits(index)


def test_searches_find_the_same_and_writes_last_meanwhile(index: RemoteIndex) -> None:
    expected, over = forget(index), threading.Event()
    found, written = list[list[tuple[int, int]]](), list[int]()

    def search() -> None:
        while not over.is_set():
            found.append(hits(index))

    def write() -> None:
        for document in range(101, 2_000):
            index.upsert(Scope("default", "letters"), points(document)[:9])
            written.append(document)
            if over.is_set():
                return

    others = [threading.Thread(target=work) for work in (search, search, write)]
    for other in others:
        other.start()
    until(lambda: len(written) > 1)
    for _ in range(3):
        index.compact()
    over.set()
    for other in others:
        other.join(PATIENCE)

    assert len(found) > 3
    assert all(each == expected for each in found)
    assert index.counts(Scope("default", "letters")) == dict.fromkeys(written, 9)
    assert index.counts(SCOPE) == dict.fromkeys(range(1, KEPT + 1), CHUNKS)
    assert index.deleted() == 0
    assert index.starts == 1


@pytest.mark.parametrize("seconds", [0.0, 0.05, 0.15, 0.3])
def test_a_kill_in_the_middle_loses_nothing(data: Path, index: RemoteIndex, seconds: float) -> None:
    expected = forget(index)
    compaction = threading.Thread(target=index.compact)
    compaction.start()
    time.sleep(seconds)
    os.kill(pid(data), signal.SIGKILL)
    compaction.join(PATIENCE)

    assert hits(index) == expected
    assert index.counts(SCOPE) == dict.fromkeys(range(1, KEPT + 1), CHUNKS)
    index.compact()
    assert index.deleted() == 0
    assert hits(index) == expected
    assert not list(data.glob(".index*"))


def test_it_happens_by_itself_once_nobody_writes(index: RemoteIndex) -> None:
    assert DELETED * CHUNKS >= LEAST
    expected = forget(index)
    assert index.deleted() > 0
    began = time.monotonic()
    until(lambda: index.deleted() == 0)
    assert time.monotonic() - began > QUIET_SECONDS / 2
    assert hits(index) == expected


def test_or_when_the_last_client_has_gone(data: Path) -> None:
    with RemoteIndex(data, FACTORY, grace=0) as index:
        for document in range(1, KEPT + DELETED + 1):
            index.upsert(SCOPE, points(document))
        expected = forget(index)
    until(lambda: not Place(data).note.exists())
    assert deleted_in(data / "index") == 0
    with RemoteIndex(data, FACTORY, grace=0) as index:
        assert hits(index) == expected
