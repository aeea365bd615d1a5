from __future__ import annotations

import ctypes
import os
import signal
import time
from typing import TYPE_CHECKING

import pytest

from ingest.readers.apart import CAN_COPY, do_apart

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.skipif(not CAN_COPY, reason="this system copies no processes")


def test_the_result_comes_back_and_changes_do_not() -> None:
    kept: list[int] = []

    def work() -> tuple[int, list[int]]:
        kept.append(1)
        return os.getpid(), kept

    process, changed = do_apart(work, seconds=5) or (0, [])
    assert process not in (0, os.getpid())
    assert (changed, kept) == ([1], [])


def test_large_results_come_back_whole() -> None:
    assert do_apart(lambda: b"x" * 5_000_000, seconds=5) == b"x" * 5_000_000


def test_failures_are_raised_here() -> None:
    with pytest.raises(ZeroDivisionError):
        do_apart(lambda: 1 // 0, seconds=5)


def spin() -> None:
    while True:
        pass


def hold_the_interpreter() -> None:
    ctypes.PyDLL(None).sleep(600)


def eat_memory() -> bytes:
    raise MemoryError


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


@pytest.mark.parametrize("work", [spin, hold_the_interpreter, eat_memory, die])
def test_what_runs_wild_has_no_result(work: Callable[[], object]) -> None:
    began = time.monotonic()
    assert do_apart(work, seconds=0.2) is None
    assert time.monotonic() - began < 5
