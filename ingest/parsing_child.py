"""The child of `ingest.sandbox`: reads what it is asked for until its parent is gone."""

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
import traceback
from dataclasses import dataclass, replace
from importlib import import_module
from multiprocessing.connection import wait
from pathlib import Path
from typing import TYPE_CHECKING, cast

from ingest.confinement import allow_cpu, confine
from ingest.elements import Elements
from ingest.errors import UnreadableFile
from ingest.transfer import send_document

if TYPE_CHECKING:
    from collections.abc import Callable
    from multiprocessing.connection import Connection

    from ingest.confinement import Limit
    from ingest.errors import FailureReason
    from ingest.model import Document, SourceFile
    from ingest.readers.options import ReadingOptions
    from ingest.readers.progress import OnPage

    Reader = Callable[[SourceFile, ReadingOptions, OnPage], Document]

GRACE_SECONDS = 5.0
"""How much later than the parent the system ends a child that hangs."""
_BETWEEN_SIGNS = 0.2
"""Seconds between two signs of life."""
_OUT_OF_MEMORY = 112
_MMAP_THRESHOLD = -3
_LARGE_BLOCK = 1 << 18
"""Bytes."""


@dataclass(frozen=True, slots=True)
class Order:
    """What the child is to read with, and within which bounds."""

    reader: str
    """``module:function``."""
    options: ReadingOptions
    memory_bytes: int
    seconds: float
    folder: str
    """For temporary files; the child's own."""


@dataclass(frozen=True, slots=True)
class Sign:
    """A sign of life: so many parts of so many are read."""

    done: int
    total: int


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why there is no document; ``trace`` is for the log, where nobody expected the failure."""

    reason: FailureReason
    detail: str
    trace: str = ""


def attempt(
    reader: Reader, source: SourceFile, options: ReadingOptions, on_page: OnPage
) -> Document | Refusal:
    """Read a file, whatever it makes the reader do."""
    try:
        document = reader(source, options, on_page)
        return replace(document, elements=Elements.of(document.elements, document.text))
    except UnreadableFile as error:
        return Refusal(error.reason, error.detail)
    except MemoryError:
        return Refusal("memory_limit", "needs more memory than one file may take")
    except Exception as error:  # noqa: BLE001 — the edge of the process: any reader may fail in any way
        return Refusal("broken", f"the reader failed with {type(error).__name__}", traceback.format_exc())


def serve(pipe: Connection, order: Order) -> None:
    """Be the child."""
    _stand_alone()
    _give_memory_back()
    _use_folder(order.folder)
    # Numeric libraries reserve address space for every core, and one file needs one thread.
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    limits = confine(order.memory_bytes)
    threading.Thread(target=_follow_parent, args=[order.folder], daemon=True).start()
    module, _, name = order.reader.partition(":")
    reader = cast("Reader", getattr(import_module(module), name))
    clock = _Clock(pipe, order.seconds)
    pipe.send(limits | clock.start())
    while True:
        try:
            source = cast("SourceFile", pipe.recv())
            clock.start()
            _reply(pipe, attempt(reader, source, order.options, clock.tell))
            clock.stop()
            _empty(order.folder)
        except (EOFError, BrokenPipeError):
            return


class _Clock:
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


def _reply(pipe: Connection, outcome: Document | Refusal) -> None:
    if isinstance(outcome, Refusal):
        pipe.send(outcome)
        return
    try:
        send_document(pipe, outcome)
    except MemoryError:
        os._exit(_OUT_OF_MEMORY)  # the parent may have half of it


def death(code: int | None, seconds: float) -> Refusal:
    """What a dead child's exit code says about the file that it was reading."""
    if code == _OUT_OF_MEMORY:
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


def _empty(folder: str) -> None:
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
