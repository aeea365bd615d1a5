"""Who goes first in the index process: searches before writes, writes one after another.

The engine holds the interpreter lock while it works: what is written meanwhile is what a search waits for.
"""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Generator

LONGEST_WAIT = 0.1
"""Seconds that a write gives way to searches: where they never end, writes must go on, too."""


class Precedence:
    """Counts the searches that are under way; threads share it."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._searches = 0
        self._writing = threading.Lock()

    @contextmanager
    def searching(self) -> Generator[None]:
        """While a search is under way."""
        self._count(1)
        try:
            yield
        finally:
            self._count(-1)

    @contextmanager
    def writing(self) -> Generator[None]:
        """Alone among those who write, and where possible after the searches that are under way."""
        with self._writing:
            with self._changed:
                self._changed.wait_for(lambda: not self._searches, timeout=LONGEST_WAIT)
            yield

    def _count(self, change: int) -> None:
        with self._changed:
            self._searches += change
            self._changed.notify_all()
