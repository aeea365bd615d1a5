"""How often replies are read while many are being written: each step costs, however little it brings.

A model writes a word at a time, and to read, prove and pass on one word takes nearly as long as ten that have
arrived together. So all replies share so many steps a second: a few are read as they come, and of many each
rests between two steps while its words gather. The first word of a reply never waits.
"""

from __future__ import annotations

import asyncio
from contextlib import contextmanager
from threading import Lock
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Generator

STEPS = 800
"""A second, of all replies. At 30 words a second of each, the first 24 of them are read word by word."""
LONGEST_REST = 0.25
"""Seconds: later, people see words come in bursts."""
_SHORTEST_REST = 0.005
"""Seconds, that hold back nothing which comes at the speed of a model; a shorter one costs what it saves."""


class Pace:
    """Of the replies that a process reads, in whatever event loops."""

    def __init__(self, steps: float = STEPS) -> None:
        """``steps`` a second at most, once there are so many replies that they could take more."""
        self._steps = steps
        self._replies = 0
        self._lock = Lock()

    @property
    def seconds(self) -> float:
        """That a reply rests between two steps now."""
        seconds = self._replies / self._steps
        return 0.0 if seconds < _SHORTEST_REST else min(seconds, LONGEST_REST)

    @contextmanager
    def reading(self) -> Generator[None]:
        """A reply is being read while the block runs."""
        with self._lock:
            self._replies += 1
        try:
            yield
        finally:
            with self._lock:
                self._replies -= 1

    async def rest(self) -> None:
        """Between two steps."""
        if seconds := self.seconds:
            await asyncio.sleep(seconds)
