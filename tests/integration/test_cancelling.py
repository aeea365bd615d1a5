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
from tests.fakes.memory_index import Killed, MemoryIndex, MortalIndex
from tests.integration.test_pipeline import opened

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from ingest.model import Scope
    from ingest.readers.progress import OnPage
    from ingest.sandbox import Parser
    from ingest.store.contract import Point
    from tests.fakes.workshop import Workshop

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


class Reader:
    """Makes of any file what its name says: paragraphs of its own."""

    def __init__(self, name: str, words: int) -> None:
        self._name = name
        self._paragraph = "The berth is let by the week. " * words

    def parse(self, source: SourceFile, on_page: OnPage = ignore) -> Document:
        del on_page
        text = "\n\n".join(f"{n}. {self._paragraph}" for n in range(700))
        return Document(text, source.path, (), reader=self._name)


def bring(workshop: Workshop, index: MemoryIndex, parser: Parser) -> None:
    found = Discovery([judge_file("lease.txt", workshop.folder / "lease.txt", LARGEST)], Counter())
    ingester = Ingester(workshop.catalog, index, WordEmbedder(), parser)
    ingester.ingest_found("default", "docs", found, on_progress=lambda _: None)


def places(workshop: Workshop, index: MemoryIndex) -> set[tuple[int, int]]:
    scope = workshop.collection.scope
    return {(point.start, point.end) for (where, *_), point in index.points.items() if where == scope}


def test_another_reader_does_not_go_on_where_one_was_killed(tmp_path: Path) -> None:
    """As a program that is read as plain text the second time, since its parser found no memory."""
    write_texts(tmp_path, {"lease.txt": "the same bytes"})
    with opened(tmp_path, tmp_path / "calm") as workshop:
        calm = MemoryIndex()
        bring(workshop, calm, Reader("second/1", 7))
        wanted = places(workshop, calm)
    with opened(tmp_path, tmp_path / "data") as workshop:
        index = MortalIndex(5, "after")
        with pytest.raises(Killed):
            bring(workshop, index, Reader("first/1", 4))
        half = places(workshop, index)
        bring(workshop, index, Reader("second/1", 7))
        assert half
        assert not half <= wanted
        assert places(workshop, index) == wanted


def test_a_repair_is_stopped_before_it_embeds_and_gone_on_with(tmp_path: Path) -> None:
    write_texts(tmp_path / "docs", {f"{n}.txt": f"The berth {n} is let." for n in range(6)})
    with opened(tmp_path / "docs", tmp_path / "data") as workshop:
        workshop.ingest()
        embedder, asked = WordEmbedder(), list[int]()
        repairer = Repairer(workshop.catalog, MemoryIndex(), embedder)  # all points are lost

        def leave_twice() -> None:
            asked.append(len(embedder.texts))
            if len(asked) > 4:
                raise Cancelled("the ingest was stopped")

        with pytest.raises(Cancelled):
            repairer.repair(workshop.collection, leave_twice)
        assert asked == [0, 0, 1, 1, 2]
        repairer.repair(workshop.collection)
        assert len(embedder.texts) == 6


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
