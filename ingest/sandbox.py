"""Reading untrusted files in processes that may crash, hang or eat memory without harm.

A child reads one file at a time and is replaced when a file has killed it. It trusts the parent; the
parent trusts what the child sends, so this guards against broken files, not against a reader taken over.
"""

from __future__ import annotations

import contextlib
import logging
import multiprocessing
import os
import shutil
import signal
import sys
import tempfile
import threading
from dataclasses import dataclass
from multiprocessing.connection import wait
from queue import LifoQueue
from typing import TYPE_CHECKING, Protocol, cast

from ingest.errors import UnreadableFile
from ingest.model import Document
from ingest.parsing_child import GRACE_SECONDS, Order, Refusal, attempt, death, overtime, serve
from ingest.readers.options import ReadingOptions
from ingest.readers.progress import ignore
from ingest.rescue import as_text, rescued
from ingest.transfer import Shipment, receive_document

if TYPE_CHECKING:
    from collections.abc import Sequence
    from multiprocessing.connection import Connection
    from multiprocessing.context import SpawnProcess
    from typing import Self

    from ingest.confinement import Limit
    from ingest.model import SourceFile
    from ingest.parsing_child import Reader, Sign
    from ingest.readers.progress import OnPage

MEMORY_BYTES = 4 * 2**30
SECONDS = 120.0
_OPTIONS = ReadingOptions()
_START_SECONDS = 120.0

_log = logging.getLogger(__name__)


class Parser(Protocol):
    """Turns a file into a document.

    Raises:
        UnreadableFile: with the reason; no file makes it raise anything else.
    """

    def parse(self, source: SourceFile, on_page: OnPage = ignore) -> Document:
        """Read one file; ``on_page`` is told how many parts of it are read, and of how many."""
        ...


class InlineParser:
    """Reads in this process: nothing to start, and as safe as the files are."""

    def __init__(self, reader: Reader, options: ReadingOptions = _OPTIONS) -> None:
        self._reader = reader
        self._options = options

    def parse(self, source: SourceFile, on_page: OnPage = ignore) -> Document:
        """Read one file; see ``Parser``."""
        return _document(attempt(self._reader, source, self._options, on_page), source)


class ParsingProcess:
    """Reads in a child process; threads may share it and wait for each other.

    Args:
        reader: ``module:function``, from a ``SourceFile``, options and ``on_page`` to a ``Document``.
        options: what every file is read with.
        memory_bytes: the child's address space.
        seconds: that may pass without a sign of life from the reader.
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
        self._aborted = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def limits(self) -> frozenset[Limit]:
        """What holds the child in check on this system; starts it if need be."""
        with self._turn:
            return self._running().limits

    @property
    def process_id(self) -> int | None:
        """Of the child, which is started if need be."""
        with self._turn:
            return self._running().process.pid

    def parse(self, source: SourceFile, on_page: OnPage = ignore) -> Document:
        """Read one file; a program that fails is read once more, as plain text. See ``Parser``.

        Raises:
            RuntimeError: the child does not even start.
        """
        with self._turn:
            self._aborted = False
            outcome = self._exchange(self._running(), source, on_page)
            if isinstance(outcome, Refusal) and not self._aborted:
                outcome = self._rescue(source, outcome, on_page)
        return _document(outcome, source)

    def close(self) -> None:
        """End the child; a later ``parse`` starts another."""
        with self._turn:
            self._drop(patience=GRACE_SECONDS)

    def abort(self) -> None:
        """End what is being read now, from another thread; its ``parse`` raises."""
        self._aborted = True
        child = self._child
        if child is not None:
            with contextlib.suppress(ValueError):  # it has just ended by itself
                child.process.kill()

    def _running(self) -> _Child:
        if self._child is None:
            self._child = _start(self._reader, self._options, self._memory_bytes, self._seconds)
        return self._child

    def _rescue(self, source: SourceFile, refusal: Refusal, on_page: OnPage) -> Document | Refusal:
        text = None if self._options.chosen else as_text(source, refusal.reason)
        if text is None:
            return refusal
        outcome = self._exchange(self._running(), text, on_page)
        if isinstance(outcome, Refusal):
            return refusal
        _log_failure(refusal, source)
        return rescued(outcome, refusal.detail)

    def _exchange(self, child: _Child, source: SourceFile, on_page: OnPage) -> Document | Refusal:
        try:
            outcome = child.read(source, on_page, self._seconds)
        except TimeoutError:
            self._drop()
            return Refusal("time_limit", overtime(self._seconds))
        except (EOFError, OSError):
            code = child.exit_code()
            self._drop()
            return death(code, self._seconds)
        except BaseException:  # such as Ctrl-C: the answer to this file must not meet the next one
            self._drop()
            raise
        if isinstance(outcome, Refusal) and outcome.reason == "memory_limit":
            self._drop()  # what ran out of memory once has left it in pieces
        return outcome

    def _drop(self, *, patience: float = 0.0) -> None:
        if self._child is not None:
            self._child.stop(patience)
            self._child = None


class ParsingPool:
    """Several parsing processes: as many threads as there are may read at the same time.

    A process starts when a file finds all others busy.
    """

    def __init__(self, processes: Sequence[ParsingProcess]) -> None:
        self._processes = processes
        self._idle = LifoQueue[ParsingProcess]()
        for process in reversed(processes):
            self._idle.put(process)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def parse(self, source: SourceFile, on_page: OnPage = ignore) -> Document:
        """Read one file in whichever process is free; see ``Parser``."""
        process = self._idle.get()
        try:
            return process.parse(source, on_page)
        finally:
            self._idle.put(process)

    def abort(self) -> None:
        """End whatever is being read now, from another thread; each ``parse`` raises."""
        for process in self._processes:
            process.abort()

    def close(self) -> None:
        """End all children; a later ``parse`` starts another."""
        for process in self._processes:
            process.close()


@dataclass(frozen=True, slots=True)
class _Child:
    process: SpawnProcess
    pipe: Connection
    folder: str
    limits: frozenset[Limit] = frozenset()

    def read(self, source: SourceFile, on_page: OnPage, seconds: float) -> Document | Refusal:
        """Let it read a file.

        Raises:
            TimeoutError: nothing came from it for so many seconds.
            EOFError, OSError: it died.
        """
        self.pipe.send(source)
        while True:
            self._wait(seconds)
            message = cast("Sign | Refusal | Shipment", self.pipe.recv())
            if isinstance(message, Refusal):
                return message
            if isinstance(message, Shipment):
                return receive_document(message, lambda: self._bytes(seconds))
            on_page(message.done, message.total)

    def exit_code(self) -> int | None:
        """The exit code of a child that is ending; what it started ends too."""
        wait([self.process.sentinel], GRACE_SECONDS)
        self._kill_group()
        self.process.join(GRACE_SECONDS)
        return self.process.exitcode

    def stop(self, patience: float) -> None:
        """End it whatever it is doing; an idle child ends by itself within ``patience`` seconds."""
        self.pipe.close()
        wait([self.process.sentinel], patience)
        self._kill_group()
        self.process.kill()
        self.process.join()
        self.process.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _wait(self, seconds: float) -> None:
        if not self.pipe.poll(seconds):
            raise TimeoutError

    def _bytes(self, seconds: float) -> bytes:
        self._wait(seconds)
        return self.pipe.recv_bytes()

    def _kill_group(self) -> None:
        """Kill the child with the programs that it has started."""
        if sys.platform != "win32" and self.process.pid is not None:
            with contextlib.suppress(OSError):  # it never headed a group, or nothing is left of it
                os.killpg(self.process.pid, signal.SIGKILL)


def _start(reader: str, options: ReadingOptions, memory_bytes: int, seconds: float) -> _Child:
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    folder = tempfile.mkdtemp(prefix="lectern-parser-")
    order = Order(reader, options, memory_bytes, seconds, folder)
    process = context.Process(target=serve, args=(theirs, order), name="lectern-parser", daemon=True)
    process.start()
    theirs.close()
    child = _Child(process, ours, folder)
    try:
        if ours.poll(_START_SECONDS):
            return _Child(process, ours, folder, cast("frozenset[Limit]", ours.recv()))
    except EOFError:
        pass
    code = child.exit_code()
    child.stop(0)
    raise RuntimeError(f"the parsing process for {reader} did not start (exit code {code})")


def _document(outcome: Document | Refusal, source: SourceFile) -> Document:
    if isinstance(outcome, Document):
        return outcome
    _log_failure(outcome, source)
    raise UnreadableFile(outcome.reason, outcome.detail)


def _log_failure(refusal: Refusal, source: SourceFile) -> None:
    if refusal.trace:
        _log.error("Reading %s failed unexpectedly:\n%s", source.path, refusal.trace)
