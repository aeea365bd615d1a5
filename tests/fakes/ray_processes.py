"""The processes of a Ray that an engine has started here."""

from __future__ import annotations

import os
import re
import signal
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from tests.process_watch import ProcessWatch, processes

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_STAGE = re.compile(r"ray::MapWorker\(Map\((\w+)\)\)")
_EVERY = 0.05


def workers() -> Iterator[tuple[int, str, bool]]:
    """Process id and stage of every worker, and whether it works right now."""
    for pid, entry in processes():
        with suppress(OSError):  # it has just ended
            if worker := _worker(entry):
                yield pid, *worker


def folders() -> set[str]:
    """Those of Ray, and of files on their way, that are there now."""
    return {entry.name for entry in Path("/tmp").iterdir() if entry.name.startswith(("lectern-ray-",))}


class Killer(ProcessWatch):
    """Kills so many workers of each stage as soon as they are seen at work, or at all where that is brief."""

    def __init__(self, wanted: Mapping[str, int], others: set[int]) -> None:
        """``others`` are not ours."""
        super().__init__(_EVERY)
        self.wanted = dict(wanted)
        self._others = others

    def look(self, pid: int, entry: Path) -> None:
        stage, works = _worker(entry) or ("", False)
        if self.wanted.get(stage, 0) and pid not in self._others and (works or stage == "Shipping"):
            os.kill(pid, signal.SIGKILL)
            self._others.add(pid)
            self.wanted[stage] -= 1


def _worker(entry: Path) -> tuple[str, bool] | None:
    """Stage of a process, and whether it works right now; None for one that is no worker."""
    title = (entry / "cmdline").read_text(encoding="utf-8", errors="replace")
    found = _STAGE.match(title)
    return (found[1], ".submit" in title) if found else None
