"""The processes of a Ray that an engine has started here."""

from __future__ import annotations

import os
import re
import signal
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_STAGE = re.compile(r"ray::MapWorker\(Map\((\w+)\)\)")
_EVERY = 0.05


def workers() -> Iterator[tuple[int, str, bool]]:
    """Process id and stage of every worker, and whether it works right now."""
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and (title := _title(entry)) and (found := _STAGE.match(title)):
            yield int(entry.name), found[1], ".submit" in title


def folders() -> set[str]:
    """Those of Ray, and of files on their way, that are there now."""
    return {entry.name for entry in Path("/tmp").iterdir() if entry.name.startswith(("lectern-ray-",))}


class Killer:
    """Kills so many workers of each stage as soon as they are seen at work, or at all where that is brief."""

    def __init__(self, wanted: Mapping[str, int], others: set[int]) -> None:
        """``others`` are not ours."""
        self.wanted = dict(wanted)
        self._others = others
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._ended.wait(_EVERY):
            for pid, stage, works in workers():
                if self.wanted.get(stage, 0) and pid not in self._others and (works or stage == "Shipping"):
                    self._others.add(pid)
                    self.wanted[stage] -= 1
                    os.kill(pid, signal.SIGKILL)


def _title(entry: Path) -> str:
    try:
        return (entry / "cmdline").read_text(encoding="utf-8", errors="replace")
    except OSError:  # it has just ended
        return ""
