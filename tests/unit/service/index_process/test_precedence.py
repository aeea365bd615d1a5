"""Searches go before writes, and writes one after another."""

from __future__ import annotations

import threading
import time

import pytest

from service.index_process.precedence import LONGEST_WAIT, Precedence


def test_a_write_waits_for_the_search_that_is_under_way() -> None:
    precedence, order = Precedence(), list[str]()

    def write() -> None:
        with precedence.writing():
            order.append("write")

    with precedence.searching():
        writer = threading.Thread(target=write)
        writer.start()
        time.sleep(LONGEST_WAIT / 4)
        order.append("search")
    writer.join(10)
    assert order == ["search", "write"]


def test_a_write_does_not_wait_for_ever() -> None:
    precedence = Precedence()
    with precedence.searching(), precedence.writing():
        pass


def test_a_search_never_waits_for_a_write() -> None:
    precedence = Precedence()
    with precedence.writing(), precedence.searching():
        pass


def test_one_writes_at_a_time() -> None:
    precedence, inside, most = Precedence(), list[int](), list[int]()

    def write() -> None:
        for _ in range(20):
            with precedence.writing():
                inside.append(1)
                most.append(len(inside))
                time.sleep(0.0005)
                inside.pop()

    writers = [threading.Thread(target=write) for _ in range(4)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(20)
    assert most == [1] * 80


def test_a_search_that_fails_is_over() -> None:
    precedence = Precedence()
    with pytest.raises(ZeroDivisionError), precedence.searching():
        raise ZeroDivisionError
    before = time.monotonic()
    with precedence.writing():
        assert time.monotonic() - before < LONGEST_WAIT
