"""Reading untrusted files in a process that may crash, hang or eat memory without harm.

The child reads one file at a time and is replaced when a file has killed it. It trusts the parent; the
parent trusts what the child sends, so this guards against broken files, not against a reader taken over.
"""

from __future__ import annotations

import logging
import multiprocessing
import os
import signal
import sys
import threading
import traceback
from contextlib import suppress
from dataclasses import dataclass
from importlib import import_module
from multiprocessing.connection import wait
from typing import TYPE_CHECKING, Protocol, cast

from ingest.confinement import confine
from ingest.errors import UnreadableFile
from ingest.model import Document
from ingest.readers.options import ReadingOptions

if TYPE_CHECKING:
    from collections.abc import Callable
    from multiprocessing.connection import Connection
    from multiprocessing.context import SpawnProcess
    from typing import Self

    from ingest.confinement import Limit
    from ingest.errors import FailureReason
    from ingest.model import SourceFile

MEMORY_BYTES = 4 * 2**30
SECONDS = 120.0
_OPTIONS = ReadingOptions()
_START_SECONDS = 120.0
_GRACE_SECONDS = 5.0

_log = logging.getLogger(__name__)


class Parser(Protocol):
    """Turns a file into a document.

    Raises:
        UnreadableFile: with the reason; no file makes it raise anything else.
    """

    def parse(self, source: SourceFile) -> Document:
        """Read one file."""
        ...


class InlineParser:
    """Reads in this process: nothing to start, and as safe as the files are."""

    def __init__(
        self,
        reader: Callable[[SourceFile, ReadingOptions], Document],
        options: ReadingOptions = _OPTIONS,
    ) -> None:
        self._reader = reader
        self._options = options

    def parse(self, source: SourceFile) -> Document:
        """Read one file; see ``Parser``."""
        outcome = _attempt(lambda file: self._reader(file, self._options), source)
        if isinstance(outcome, Document):
            return outcome
        raise _refusal(outcome, source)


class ParsingProcess:
    """Reads in a child process; threads may share it and wait for each other.

    Args:
        reader: ``module:function``, from a ``SourceFile`` and options to a ``Document``.
        options: what every file is read with.
        memory_bytes: the child's address space.
        seconds: for one file.
    """

    def __init__(
        self,
        reader: str = "ingest.reading:read",
        options: ReadingOptions = _OPTIONS,
        *,
        memory_bytes: int = MEMORY_BYTES,
        seconds: float = SECONDS,
    ) -> None:
        self._reader = reader
        self._options = options
        self._memory_bytes = memory_bytes
        self._seconds = seconds
        self._turn = threading.Lock()
        self._child: _Child | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def limits(self) -> frozenset[Limit]:
        """What holds the child in check on this system; starts it if need be."""
        with self._turn:
            return self._running().limits

    def parse(self, source: SourceFile) -> Document:
        """Read one file; see ``Parser``.

        Raises:
            RuntimeError: the child does not even start.
        """
        with self._turn:
            outcome = self._exchange(self._running(), source)
        if isinstance(outcome, Document):
            return outcome
        raise _refusal(outcome, source)

    def close(self) -> None:
        """End the child; a later ``parse`` starts another."""
        with self._turn:
            self._drop(patience=_GRACE_SECONDS)

    def abort(self) -> None:
        """End what is being read now, from another thread; its ``parse`` raises."""
        child = self._child
        if child is not None:
            with suppress(ValueError):  # it has just ended by itself
                child.process.kill()

    def _running(self) -> _Child:
        if self._child is None:
            self._child = _start(self._reader, self._options, self._memory_bytes, self._seconds)
        return self._child

    def _exchange(self, child: _Child, source: SourceFile) -> Document | _Failure:
        try:
            child.pipe.send(source)
            if not child.pipe.poll(self._seconds):
                self._drop()
                return _Failure("time_limit", f"took longer than {self._seconds:g} seconds")
            outcome = cast("Document | _Failure", child.pipe.recv())
        except (EOFError, OSError):
            code = child.wait()
            self._drop()
            return _death(code, self._seconds)
        except BaseException:  # such as Ctrl-C: the answer to this file must not meet the next one
            self._drop()
            raise
        if isinstance(outcome, _Failure) and outcome.reason == "memory_limit":
            self._drop()  # what ran out of memory once has left it in pieces
        return outcome

    def _drop(self, *, patience: float = 0.0) -> None:
        if self._child is not None:
            self._child.stop(patience)
            self._child = None


@dataclass(frozen=True, slots=True)
class _Failure:
    """Why there is no document; ``trace`` is for the log, where nobody expected the failure."""

    reason: FailureReason
    detail: str
    trace: str = ""


@dataclass(frozen=True, slots=True)
class _Child:
    process: SpawnProcess
    pipe: Connection
    limits: frozenset[Limit]

    def wait(self) -> int | None:
        """The exit code of a child that is ending."""
        self.process.join(_GRACE_SECONDS)
        return self.process.exitcode

    def stop(self, patience: float) -> None:
        """End it whatever it is doing; an idle child ends by itself within ``patience`` seconds."""
        self.pipe.close()
        self.process.join(patience)
        self.process.kill()
        self.process.join()
        self.process.close()


def _start(reader: str, options: ReadingOptions, memory_bytes: int, seconds: float) -> _Child:
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(
        target=_serve,
        args=(theirs, reader, options, memory_bytes, seconds),
        name="lectern-parser",
        daemon=True,
    )
    process.start()
    theirs.close()
    child = _Child(process, ours, frozenset())
    try:
        if ours.poll(_START_SECONDS):
            return _Child(process, ours, cast("frozenset[Limit]", ours.recv()))
    except EOFError:
        pass
    code = child.wait()
    child.stop(0)
    raise RuntimeError(f"the parsing process for {reader} did not start (exit code {code})")


def _death(code: int | None, seconds: float) -> _Failure:
    """What a dead child's exit code says about the file that it was reading."""
    if code is None or code >= 0:
        return _Failure("broken", f"the reader ended its process (exit code {code})")
    name = signal.Signals(-code).name
    if name == "SIGKILL":
        return _Failure("memory_limit", "the system killed the reader, most likely for its memory")
    if name == "SIGALRM":
        return _Failure("time_limit", f"took longer than {seconds:g} seconds")
    return _Failure("broken", f"the reader crashed with {name}")


def _refusal(failure: _Failure, source: SourceFile) -> UnreadableFile:
    if failure.trace:
        _log.error("Reading %s failed unexpectedly:\n%s", source.path, failure.trace)
    return UnreadableFile(failure.reason, failure.detail)


def _attempt(reader: Callable[[SourceFile], Document], source: SourceFile) -> Document | _Failure:
    try:
        return reader(source)
    except UnreadableFile as error:
        return _Failure(error.reason, error.detail)
    except MemoryError:
        return _Failure("memory_limit", "needs more memory than one file may take")
    except Exception as error:  # noqa: BLE001 — the edge of the process: any reader may fail in any way
        return _Failure("broken", f"the reader failed with {type(error).__name__}", traceback.format_exc())


def _serve(pipe: Connection, reader: str, options: ReadingOptions, memory_bytes: int, seconds: float) -> None:
    """The child: read what is asked for until the parent is gone."""
    _leave_terminal()
    # Numeric libraries reserve address space for every core, and one file needs one thread.
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    limits = confine(memory_bytes)
    threading.Thread(target=_follow_parent, daemon=True).start()
    module, _, name = reader.partition(":")
    function = cast("Callable[[SourceFile, ReadingOptions], Document]", getattr(import_module(module), name))
    pipe.send(limits | {"time"})
    while True:
        try:
            source = cast("SourceFile", pipe.recv())
            _alarm(seconds + _GRACE_SECONDS)
            _reply(pipe, _attempt(lambda file: function(file, options), source))
            _alarm(0)
        except (EOFError, BrokenPipeError):
            return


def _reply(pipe: Connection, outcome: Document | _Failure) -> None:
    try:
        pipe.send(outcome)
    except MemoryError:
        pipe.send(_Failure("memory_limit", "the text needs more memory than one file may take"))


def _leave_terminal() -> None:
    """Print nothing among the parent's results, and leave Ctrl-C to the parent."""
    silence = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silence, 1)
    os.close(silence)
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _alarm(seconds: float) -> None:
    """Let the system end a reader that hangs where neither Python nor a vanished parent can stop it."""
    if sys.platform != "win32":
        signal.setitimer(signal.ITIMER_REAL, seconds)


def _follow_parent() -> None:
    """Die with the parent, however it died."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)
