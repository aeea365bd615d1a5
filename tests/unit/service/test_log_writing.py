from __future__ import annotations

import logging
import os
import re
import threading
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from service.log_writing import LogWriter
from service.logs import Lines

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

PATIENCE = 60


@contextmanager
def logging_to(writer: LogWriter) -> Generator[logging.Logger]:
    """What is said in the block is written once it is over, unless nobody reads it."""
    logger = logging.getLogger("service.log_writing.tests")
    logger.setLevel(logging.INFO)
    logger.propagate = False
    logger.addHandler(writer)
    try:
        yield logger
    finally:
        logger.removeHandler(writer)
        writer.close()


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    reading, writing = os.pipe()
    yield reading, writing
    os.close(reading)
    os.close(writing)


def say(logger: logging.Logger, count: int) -> None:
    """So many lines, which must come to an end."""

    def all_of_it() -> None:
        for number in range(count):
            logger.info("line %d %s", number, "x" * 80)

    saying = threading.Thread(target=all_of_it, daemon=True)
    saying.start()
    saying.join(PATIENCE)
    assert not saying.is_alive(), "whoever logs waits for whoever reads"


def await_lost(writer: LogWriter, count: int) -> None:
    deadline = time.monotonic() + PATIENCE
    while writer.lost < count:
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_all_is_written_in_its_order(tmp_path: Path) -> None:
    with (tmp_path / "log").open("wb") as log, logging_to(LogWriter(log.fileno())) as logger:
        say(logger, 2_000)

    lines = (tmp_path / "log").read_text(encoding="utf-8").splitlines()
    assert lines == [f"line {number} {'x' * 80}" for number in range(2_000)]


def test_nobody_waits_for_a_reader_and_what_is_lost_is_counted(pipe: tuple[int, int]) -> None:
    reading, writing = pipe
    writer = LogWriter(writing, most_bytes=20_000)
    writer.setFormatter(Lines("text", content=False))
    with logging_to(writer) as logger:
        say(logger, 5_000)

    numbers: list[int] = []
    lost = 0
    with open(reading, encoding="utf-8", closefd=False) as log:
        while len(numbers) + lost < 5_000:
            line = log.readline()
            if told := re.search(r"(\d+) lines of this log are lost", line):
                lost += int(told[1])
            else:
                numbers.append(int(line.split(" line ")[1].split()[0]))
    assert lost > 3_000  # a pipe holds some hundred
    assert numbers == sorted(numbers)
    assert numbers[0] == 0
    assert len(numbers) + lost == 5_000


def test_a_pipe_that_lets_nobody_wait_is_asked_again(pipe: tuple[int, int]) -> None:
    reading, writing = pipe
    os.set_blocking(writing, False)
    with logging_to(LogWriter(writing)) as logger:
        say(logger, 3_000)  # four times what it holds
        with open(reading, encoding="utf-8", closefd=False) as log:
            numbers = [int(log.readline().split()[1]) for _ in range(3_000)]
    assert numbers == list(range(3_000))


def test_a_closed_file_ends_nothing() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with logging_to(LogWriter(writing)) as logger:
        say(logger, 10)
    os.close(writing)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="is a disk that is full")
def test_what_a_full_disk_does_not_take_is_counted(tmp_path: Path) -> None:
    with Path("/dev/full").open("wb", buffering=0) as full, (tmp_path / "log").open("wb") as log:
        writer = LogWriter(full.fileno())
        with logging_to(writer) as logger:
            say(logger, 20)
            await_lost(writer, 20)
            os.dup2(log.fileno(), full.fileno())  # there is room again
            say(logger, 1)

    first, told = (tmp_path / "log").read_text(encoding="utf-8").splitlines()
    assert first == f"line 0 {'x' * 80}"
    assert told.startswith("20 lines of this log are lost")


def test_after_half_a_line_the_next_begins_anew(tmp_path: Path) -> None:
    reading, writing = os.pipe()
    with (tmp_path / "log").open("wb") as log:
        writer = LogWriter(writing)
        with logging_to(writer) as logger:
            logger.info("x" * 1_000_000)
            os.read(reading, 1)
            os.close(reading)
            await_lost(writer, 1)
            os.dup2(log.fileno(), writing)
            say(logger, 1)
    os.close(writing)

    begun, first, told = (tmp_path / "log").read_text(encoding="utf-8").splitlines()
    assert begun == ""
    assert first == f"line 0 {'x' * 80}"
    assert told.startswith("1 lines of this log are lost")


def test_long_lines_do_not_fill_the_memory(pipe: tuple[int, int]) -> None:
    writer = LogWriter(pipe[1], most_bytes=2_000_000)
    with logging_to(writer) as logger:
        for _ in range(50):
            logger.info("x" * 1_000_000)
        assert writer.lost >= 48


def test_what_is_said_after_its_end_starts_nothing(tmp_path: Path) -> None:
    with (tmp_path / "log").open("wb") as log:
        writer = LogWriter(log.fileno())
        with logging_to(writer) as logger:
            say(logger, 1)
        before = {*threading.enumerate()}
        logger.addHandler(writer)
        say(logger, 1)
        logger.removeHandler(writer)
        assert {*threading.enumerate()} <= before

    assert (tmp_path / "log").read_text(encoding="utf-8").count("line 0") == 1


def test_a_line_that_cannot_be_made_is_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logging, "raiseExceptions", False)
    with (tmp_path / "log").open("wb") as log, logging_to(LogWriter(log.fileno())) as logger:
        logger.info("%d", *("no number",))
        logger.info("the next")

    assert (tmp_path / "log").read_text(encoding="utf-8") == "the next\n"


def test_what_no_encoding_holds_is_spelt(tmp_path: Path) -> None:
    with (tmp_path / "log").open("wb") as log:
        writer = LogWriter(log.fileno())
        # Not by way of a logger: pytest would look at it, and could not report it.
        writer.handle(logging.makeLogRecord({"msg": "half \ud83d"}))
        writer.close()

    assert (tmp_path / "log").read_text(encoding="utf-8") == "half \\ud83d\n"
