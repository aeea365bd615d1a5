"""Writes the files of the index anew when much was deleted and nobody writes, between searches and writes."""

from __future__ import annotations

import threading
import time
import traceback
from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING, Protocol

from ingest.errors import IndexUnavailable
from ingest.index import Index

if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from contextlib import AbstractContextManager

    from service.index_process.precedence import Precedence

QUIET_SECONDS = 5.0
"""Without a write, before files are written anew: while points come, each would go into both."""
REST = 1.0
"""Between two steps, of the time that a step took: whoever comes meanwhile need not even wait for it."""


class ServedIndex(Index, Protocol):
    """The index that the process owns."""

    def compact(
        self, turn: Callable[[], AbstractContextManager[object]] = nullcontext, *, only_worth: bool = False
    ) -> None:
        """As `ingest.store.contract.Compactable.compact`."""
        ...


class Compacting:
    """The compaction of one index: one at a time."""

    def __init__(self, index: ServedIndex, precedence: Precedence, *, quiet: float = QUIET_SECONDS) -> None:
        self._index = index
        self._precedence = precedence
        self._quiet = quiet
        self._running = threading.Lock()
        self._written = threading.Event()
        self._last = time.monotonic()

    def written(self) -> None:
        """Somebody has written."""
        self._last = time.monotonic()
        self._written.set()

    def run(self) -> None:
        """Write the files anew whenever it is worth it and quiet; never returns."""
        while True:
            self._written.wait()
            while (left := self._last + self._quiet - time.monotonic()) > 0:
                time.sleep(left)
            self._written.clear()
            self.tidy()

    def tidy(self) -> None:
        """Write the files anew where it is worth it; why it failed goes to the log of the process."""
        with self._running:
            try:
                self._index.compact(self._turn, only_worth=True)
            except IndexUnavailable:  # the old files are as good as they were
                traceback.print_exc()

    def compact(self) -> None:
        """Write the files anew.

        Raises:
            IndexUnavailable: they could not be written; the old ones stay.
        """
        with self._running:
            self._index.compact(self._turn, only_worth=False)

    @contextmanager
    def _turn(self) -> Generator[None]:
        with self._precedence.writing():
            began = time.monotonic()
            yield
        time.sleep(REST * (time.monotonic() - began))
