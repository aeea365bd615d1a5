"""Looks at all processes of this machine again and again, as Linux shows them."""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Iterator


def processes() -> Iterator[tuple[int, Path]]:
    """Their ids, and the folders that tell of them."""
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            yield int(entry.name), entry


class ProcessWatch(ABC):
    """A thread that looks, while it is entered."""

    def __init__(self, seconds: float) -> None:
        """``seconds`` lie between two looks."""
        self._seconds = seconds
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    @abstractmethod
    def look(self, pid: int, entry: Path) -> None:
        """At one process; may raise `OSError`, for it may just have ended."""

    def _watch(self) -> None:
        while not self._ended.wait(self._seconds):
            for pid, entry in processes():
                with suppress(OSError):
                    self.look(pid, entry)
