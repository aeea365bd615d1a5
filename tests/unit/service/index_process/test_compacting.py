"""When the files of the index are written anew, and that each step waits for its turn."""

from __future__ import annotations

import threading
import time
from contextlib import nullcontext
from typing import TYPE_CHECKING

import pytest

from ingest.errors import IndexUnavailable
from service.index_process.compacting import Compacting
from service.index_process.precedence import Precedence
from tests.fakes.memory_index import MemoryIndex

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

QUIET = 0.2


class SteppingIndex(MemoryIndex):
    """Takes three turns, and notes when it began; broken, it fails in the second one."""

    def __init__(self, *, broken: bool = False) -> None:
        super().__init__()
        self.begun: list[tuple[float, bool]] = []
        self.steps = 0
        self._broken = broken

    def compact(
        self, turn: Callable[[], AbstractContextManager[object]] = nullcontext, *, only_worth: bool = False
    ) -> None:
        self.begun.append((time.monotonic(), only_worth))
        for step in range(3):
            with turn():
                if self._broken and step == 1:
                    raise IndexUnavailable("the disk is full")
                self.steps += 1


def until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_it_begins_once_nobody_has_written_for_a_while() -> None:
    index = SteppingIndex()
    compacting = Compacting(index, Precedence(), quiet=QUIET)
    threading.Thread(target=compacting.run, daemon=True).start()
    last = 0.0
    for _ in range(5):
        compacting.written()
        last = time.monotonic()
        time.sleep(QUIET / 4)
    until(lambda: index.steps == 3)
    assert index.begun[0][0] >= last + QUIET - 0.01
    assert [only_worth for _, only_worth in index.begun] == [True]

    time.sleep(2 * QUIET)
    assert len(index.begun) == 1, "nobody has written since"
    compacting.written()
    until(lambda: len(index.begun) == 2)


def test_a_failure_of_its_own_is_told_to_the_log_and_one_of_a_request_to_the_caller(
    capsys: pytest.CaptureFixture[str],
) -> None:
    compacting = Compacting(SteppingIndex(broken=True), Precedence())
    compacting.tidy()
    assert "the disk is full" in capsys.readouterr().err
    with pytest.raises(IndexUnavailable, match="the disk is full"):
        compacting.compact()


def test_a_request_has_everything_written_anew() -> None:
    index = SteppingIndex()
    Compacting(index, Precedence()).compact()
    assert [only_worth for _, only_worth in index.begun] == [False]


def test_writes_find_their_turn_between_two_steps() -> None:
    precedence, index = Precedence(), SteppingIndex()
    steps_seen: list[int] = []

    def write() -> None:
        while index.steps < 3:
            with precedence.writing():
                steps_seen.append(index.steps)

    writer = threading.Thread(target=write)
    with precedence.writing():
        compaction = threading.Thread(target=Compacting(index, precedence).compact)
        compaction.start()
        writer.start()
        time.sleep(0.05)
        assert index.steps == 0, "a step waits for the write"
    compaction.join(20)
    writer.join(20)
    assert index.steps == 3
