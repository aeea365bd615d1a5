"""What a process takes: CPU by the nanosecond, memory by its kind, files by the blocks they hold."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

_BLOCK = 512
"""Bytes; what `st_blocks` counts."""
_KILO = 1_024


@dataclass(frozen=True, slots=True)
class Memory:
    """Of a process, in bytes."""

    own: int
    """Anonymous: nobody can take it away."""
    cached: int
    """Mapped pages of files: the system drops them where others want the room, and reads them again."""

    @property
    def resident(self) -> int:
        return self.own + self.cached


def memory(pid: int) -> Memory:
    """Of a process now."""
    held = {"RssAnon": 0, "RssFile": 0}
    for line in Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines():
        name, _, value = line.partition(":")
        if name in held:
            held[name] = int(value.split()[0]) * _KILO
    return Memory(held["RssAnon"], held["RssFile"])


def cpu(pid: int) -> float:
    """Seconds that the threads of a process which are there now have computed."""
    spent = 0
    for thread in Path(f"/proc/{pid}/task").iterdir():
        with suppress(OSError):  # it has ended in this moment
            spent += int((thread / "schedstat").read_text(encoding="ascii").split()[0])
    return spent / 1e9


def on_disk(folder: Path) -> int:
    """Bytes that files take, holes aside."""
    taken = 0
    for file in [folder, *folder.rglob("*")]:
        with suppress(OSError):
            taken += file.stat().st_blocks * _BLOCK
    return taken


def forget_cached(folder: Path) -> None:
    """Let the system drop what it keeps of the files of a folder: they are read from the disk again."""
    for file in folder.rglob("*"):
        if file.is_file():
            opened = os.open(file, os.O_RDONLY)
            try:
                os.fsync(opened)
                os.posix_fadvise(opened, 0, 0, os.POSIX_FADV_DONTNEED)
            finally:
                os.close(opened)
