"""What a child that reads untrusted files does with itself, and what its end says about a file."""

from __future__ import annotations

import ctypes
import multiprocessing
import os
import shutil
import signal
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from multiprocessing.connection import wait
from pathlib import Path
from typing import TYPE_CHECKING

from ingest.confinement import allow_cpu, confine

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

    from ingest.confinement import Limit
    from ingest.errors import FailureReason

GRACE_SECONDS = 5.0
"""How much later than the parent the system ends a child that hangs."""
OUT_OF_MEMORY = 112
"""The exit code of a child that has no memory left to say so."""
_BETWEEN_SIGNS = 0.2
"""Seconds between two signs of life."""
_MMAP_THRESHOLD = -3
_LARGE_BLOCK = 1 << 18
"""Bytes."""


@dataclass(frozen=True, slots=True)
class Sign:
    """A sign of life: so many parts of so many are read."""

    done: int
    total: int


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why there is nothing; ``trace`` is for the log, where nobody expected the failure."""

    reason: FailureReason
    detail: str
    trace: str = ""


def settle(folder: str, memory_bytes: int) -> frozenset[Limit]:
    """Confine this process for good, and let it die with its parent; returns the limits now in force.

    Args:
        folder: for its temporary files; its own.
        memory_bytes: of address space.
    """
    _stand_alone()
    _give_memory_back()
    _use_folder(folder)
    # Numeric libraries reserve address space for every core, and one file needs one thread.
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    limits = confine(memory_bytes)
    threading.Thread(target=_follow_parent, args=[folder], daemon=True).start()
    return limits


class Clock:
    """Lets the system end a reader that hangs where neither Python nor a vanished parent can stop it."""

    def __init__(self, pipe: Connection, seconds: float) -> None:
        self._pipe = pipe
        self._seconds = seconds
        self._told = 0.0

    def start(self) -> frozenset[Limit]:
        """Begin to count anew; returns the limits that hold from now on."""
        self._alarm(self._seconds + GRACE_SECONDS)
        return frozenset({"time", "cpu"} if allow_cpu(2 * self._seconds + GRACE_SECONDS) else {"time"})

    def stop(self) -> None:
        """Count no longer: an idle child may wait."""
        self._alarm(0)

    def tell(self, done: int, total: int) -> None:
        """Tell the parent how far the reader is, and begin to count anew."""
        now = time.monotonic()
        if done >= total or now - self._told >= min(_BETWEEN_SIGNS, self._seconds / 4):
            self._told = now
            self._pipe.send(Sign(done, total))
            self.start()

    def _alarm(self, seconds: float) -> None:
        if sys.platform != "win32":
            signal.setitimer(signal.ITIMER_REAL, seconds)


def death(code: int | None, seconds: float) -> Refusal:
    """What a dead child's exit code says about the file that it was reading."""
    if code == OUT_OF_MEMORY:
        return Refusal("memory_limit", "the text needs more memory than one file may take")
    if code is None or code >= 0:
        return Refusal("broken", f"the reader ended its process (exit code {code})")
    name = signal.Signals(-code).name
    if name == "SIGKILL":
        return Refusal("memory_limit", "the system killed the reader, most likely for its memory")
    if name in {"SIGALRM", "SIGXCPU"}:
        return Refusal("time_limit", overtime(seconds))
    return Refusal("broken", f"the reader crashed with {name}")


def overtime(seconds: float) -> str:
    """What is said of a file that takes too long."""
    return f"took longer than {seconds:g} seconds"


def _stand_alone() -> None:
    """Print nothing among the parent's results, leave Ctrl-C to it, and head a group to be killed with."""
    silence = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silence, 1)
    os.close(silence)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if sys.platform != "win32":
        os.setsid()


def _give_memory_back() -> None:
    """Let every large block go back to the system when it is freed, as glibc does only at first."""
    if sys.platform == "linux" and hasattr(libc := ctypes.CDLL(None), "mallopt"):
        libc.mallopt(_MMAP_THRESHOLD, _LARGE_BLOCK)


def _use_folder(folder: str) -> None:
    for name in ("TMPDIR", "TEMP", "TMP"):
        os.environ[name] = folder
    tempfile.tempdir = folder


def empty(folder: str) -> None:
    """Remove what a reader has left behind."""
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                shutil.rmtree(entry.path, ignore_errors=True)
            else:
                Path(entry.path).unlink(missing_ok=True)


def _follow_parent(folder: str) -> None:
    """Die with the parent, however it died, and with everything that was started."""
    parent = multiprocessing.parent_process()
    if parent is None:
        return
    wait([parent.sentinel])
    shutil.rmtree(folder, ignore_errors=True)
    if sys.platform != "win32":
        os.killpg(0, signal.SIGKILL)
    os._exit(1)
