"""``lectern ingest --watch``: a round now, and one after every change, until it is told to end."""

from __future__ import annotations

import os
import signal
import time
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, NoReturn

from ingest.errors import LecternError, TransientError
from service.commands.terminal import say
from service.watching import wait_for_changes

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Sequence
    from pathlib import Path

    from ingest.changes import Failure
    from ingest.report import Report

_FIRST_PAUSE = 1.0
_LONGEST_PAUSE = 30.0
"""Seconds between two tries of a round that may succeed later."""


def keep_ingesting(
    paths: Sequence[Path], own: Path, ingest: Callable[[bool], Report], tell: Callable[[Report], None]
) -> None:
    """Ingest in rounds until Ctrl-C, or a signal to end; ``ingest`` is told whether it may prune.

    What fails in a round is said in one line; what may succeed later is tried again, the rest after the
    next change. An empty folder may be a disk that is not mounted: nothing is pruned in such a round.

    Raises:
        LecternError: the first round fails for good.
    """
    with _ended_by_signal():
        for count, _ in enumerate(wait_for_changes(paths, own)):
            _round(paths, ingest, tell, first=count == 0)


def _round(
    paths: Sequence[Path],
    ingest: Callable[[bool], Report],
    tell: Callable[[Report], None],
    *,
    first: bool = False,
) -> None:
    pause = _FIRST_PAUSE
    while True:
        try:
            tell(ingest(first or all(map(_holds_something, paths))))
        except TransientError as error:
            _complain(error)
            time.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE)
        except (LecternError, OSError) as error:
            if first:
                raise
            _complain(error)
            return
        else:
            return


class Rounds:
    """What is told of each round."""

    def __init__(self) -> None:
        self._told: set[Failure] = set()

    def words_of(self, report: Report) -> str:
        """One line, and one for each failure that the round before did not have."""
        new = [failure for failure in report.failed if failure not in self._told]
        self._told = set(report.failed)
        failures = (f"          {each.path}: {each.reason}: {each.detail}" for each in new)
        return "\n".join((_line_of(report), *failures))


def _line_of(report: Report) -> str:
    """A round in one line: what is nought is left out."""
    counts = {
        "indexed": len(report.indexed),
        "moved": len(report.moved),
        "removed": len(report.removed),
        "gone": len(report.gone),
        "failed": len(report.failed),
        "unchanged": len(report.unchanged),
    }
    said = ", ".join(f"{count} {name}" for name, count in counts.items() if count)
    return f"{_now()}  {said or 'nothing found'}"


def _complain(error: Exception) -> None:
    say(f"{_now()}  lectern: {error}", err=True)


def _now() -> str:
    return datetime.now().astimezone().strftime("%H:%M:%S")


def _holds_something(path: Path) -> bool:
    if not os.path.isdir(path):  # noqa: PTH112 — unlike Path.is_dir() it never raises
        return True
    try:
        with os.scandir(path) as entries:
            return any(True for _ in entries)
    except OSError:
        return False


@contextmanager
def _ended_by_signal() -> Generator[None]:
    """End cleanly on Ctrl-C and on SIGTERM, wherever the work is; a shell may have had Ctrl-C ignored."""
    before = {number: signal.signal(number, _interrupt) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    except KeyboardInterrupt:
        pass
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _interrupt(_signal: int, _frame: object) -> NoReturn:
    raise KeyboardInterrupt
