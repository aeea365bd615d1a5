"""An ingest that is stopped at any moment leaves the index as the catalog promises, and goes on later."""

from __future__ import annotations

import shutil
import threading
import time
from collections import Counter
from typing import TYPE_CHECKING

import pytest

from ingest.discovery import Discovery, judge_file
from ingest.errors import Cancelled
from ingest.groups import GROUP_CHARACTERS
from ingest.model import Document, SourceFile
from ingest.pipeline import Ingester
from ingest.readers.progress import ignore
from ingest.repairing import Repairer
from ingest.sandbox import ParsingProcess
from tests.fakes.embedder import WordEmbedder
from tests.fakes.files import TEXTS, write_texts
from tests.fakes.memory_index import MemoryIndex
from tests.integration.test_pipeline import opened

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from ingest.model import Scope
    from ingest.readers.progress import OnPage
    from ingest.store.contract import Point

LARGEST = 2**24


class WatchedIndex(MemoryIndex):
    """Counts what is written and deleted."""

    def __init__(self) -> None:
        super().__init__()
        self.touched = 0

    def upsert(self, scope: Scope, points: Sequence[Point]) -> None:
        self.touched += 1
        super().upsert(scope, points)

    def delete_documents(self, scope: Scope, documents: Sequence[int]) -> None:
        self.touched += 1
        super().delete_documents(scope, documents)


def stopping_at(ask: int, asked: list[int]) -> bool:
    asked.append(1)
    return len(asked) >= ask


def test_stopped_anywhere_nothing_is_half_done_and_the_next_run_ends_alike(tmp_path: Path) -> None:
    folder = tmp_path / "docs"
    long = "".join(f"The berth {n} is let for {n * 7} euros a week.\n\n" for n in range(560))
    write_texts(folder, {**{path: TEXTS[path] for path in ("lease.md", "policy.txt")}, "long.txt": long})
    with opened(folder, tmp_path / "calm") as calm:
        calm.ingest()
        wanted = calm.state()
    empty = tmp_path / "empty"
    with opened(folder, empty):
        pass

    stops = 0
    for ask in range(1, 200):
        index = WatchedIndex()
        shutil.copytree(empty, tmp_path / f"data-{ask}")  # making the tables takes longer than all the rest
        with opened(folder, tmp_path / f"data-{ask}", index) as workshop:
            ingester = Ingester(workshop.catalog, index, workshop.embedder, workshop.parser)
            asked: list[int] = []
            try:
                ingester.ingest(
                    "default",
                    "docs",
                    [folder],
                    largest=LARGEST,
                    on_progress=lambda _: None,
                    cancelled=lambda ask=ask, asked=asked: stopping_at(ask, asked),
                )
            except Cancelled:
                stops += 1
                index.touched = 0
                Repairer(workshop.catalog, index, workshop.embedder).repair(workshop.collection)
                assert index.touched == 0, ask
                workshop.ingest()
            else:
                break
            assert workshop.state() == wanted, ask
    assert stops > 10


class SlowParser:
    """Reads a long file at once, and the others until it is let go."""

    def __init__(self) -> None:
        self.begun, self.let_go = threading.Event(), threading.Event()
        self.reading = 0

    def parse(self, source: SourceFile, on_page: OnPage = ignore) -> Document:
        del on_page
        if source.path == "long.txt":
            return Document("The berth is let by the week. " * (GROUP_CHARACTERS // 20), "Long", ())
        self.reading += 1
        self.begun.set()
        assert self.let_go.wait(10)
        self.reading -= 1
        return Document("The berth is let.", "Short", ())


class LateIndex(MemoryIndex):
    """Writes once the parser reads the next file."""

    def __init__(self, parser: SlowParser) -> None:
        super().__init__()
        self._parser = parser
        self.written = False

    def upsert(self, scope: Scope, points: Sequence[Point]) -> None:
        assert self._parser.begun.wait(10)
        super().upsert(scope, points)
        self.written = True
        threading.Timer(0.3, self._parser.let_go.set).start()


def test_one_that_stops_while_it_writes_leaves_no_file_being_read(tmp_path: Path) -> None:
    parser = SlowParser()
    index = LateIndex(parser)
    write_texts(tmp_path, {"long.txt": "long", "short.txt": "short"})
    found = [judge_file(name, tmp_path / name, LARGEST) for name in ("long.txt", "short.txt")]
    with opened(tmp_path, tmp_path / "data") as workshop:
        ingester = Ingester(workshop.catalog, index, WordEmbedder(), parser)
        with pytest.raises(Cancelled) as stopped:
            ingester.ingest_found(
                "default",
                "docs",
                Discovery(found, Counter()),
                on_progress=lambda _: None,
                cancelled=lambda: index.written,
            )
        assert parser.reading == 0, stopped  # whose frames are still there


def test_what_hangs_in_a_reader_is_let_go_within_a_second(tmp_path: Path) -> None:
    hanging = tmp_path / "sleep"
    hanging.write_text("x")
    stop = threading.Event()
    with (
        opened(tmp_path, tmp_path / "data") as workshop,
        ParsingProcess("tests.fakes.readers:misbehave", seconds=60) as parser,
    ):
        assert parser.limits  # it has started

        def end() -> None:
            stop.set()
            parser.abort()

        threading.Timer(0.5, end).start()
        began = time.monotonic()
        with pytest.raises(Cancelled):
            Ingester(workshop.catalog, MemoryIndex(), WordEmbedder(), parser).ingest_found(
                "default",
                "docs",
                Discovery([SourceFile("sleep", hanging, "text/plain", 1, 1)], Counter()),
                on_progress=lambda _: None,
                cancelled=stop.is_set,
            )
        assert time.monotonic() - began < 5
        assert workshop.catalog.failures(workshop.collection) == {}
