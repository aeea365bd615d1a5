"""What processes take: CPU seconds and memory, as Linux counts them."""

from __future__ import annotations

import os
import statistics
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Self

_TICKS = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")
_MEGABYTE = 2**20


@dataclass(frozen=True, slots=True)
class Taken:
    """By one process up to a moment."""

    at: float
    """Seconds of a monotonic clock."""
    cpu: float
    """Seconds."""
    memory: float
    """Resident megabytes."""


def taken(pid: int) -> Taken:
    """By a process so far, threads included, children not.

    Raises:
        OSError: it is gone.
    """
    folder = Path("/proc") / str(pid)
    fields = (folder / "stat").read_text().rpartition(")")[2].split()
    pages = int((folder / "statm").read_text().split()[1])
    return Taken(time.monotonic(), (int(fields[11]) + int(fields[12])) / _TICKS, pages * _PAGE / _MEGABYTE)


@dataclass
class Watch:
    """Looks at processes once a second while it is entered."""

    pids: Mapping[str, int]
    seen: dict[str, list[Taken]] = field(default_factory=dict[str, list[Taken]])
    _over: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> Self:
        self._look()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()
        self._look()

    def cpu(self, name: str) -> float:
        """Seconds that a process has taken meanwhile."""
        return self.seen[name][-1].cpu - self.seen[name][0].cpu

    def growth(self, name: str) -> float:
        """Megabytes a minute in the second half of the time, see `slope`."""
        seen = self.seen[name]
        return slope(seen[len(seen) // 2 :])

    def _watch(self) -> None:
        while not self._over.wait(1.0):
            self._look()

    def _look(self) -> None:
        for name, pid in self.pids.items():
            self.seen.setdefault(name, []).append(taken(pid))


def slope(seen: list[Taken]) -> float:
    """Megabytes a minute by which memory grows, as least squares see it."""
    if len(seen) < 2 or seen[0].at == seen[-1].at:
        return 0.0
    line = statistics.linear_regression([one.at for one in seen], [one.memory for one in seen])
    return 60 * line.slope
