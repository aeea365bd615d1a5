"""Reading untrusted files in processes that may crash, hang or eat memory without harm.

A child reads one file at a time and is replaced when a file has killed it. It trusts the parent; the
parent trusts what the child sends, so this guards against broken files, not against a reader taken over.
"""

from __future__ import annotations

import contextlib
import logging
import threading
from queue import LifoQueue
from typing import TYPE_CHECKING, Protocol, cast

from ingest.child import GRACE_SECONDS, Refusal, death, overtime
from ingest.confined import start
from ingest.costs import Cost
from ingest.errors import UnreadableFile
from ingest.model import Document
from ingest.parsing_child import Order, attempt, serve
from ingest.readers.options import ReadingOptions
from ingest.readers.progress import ignore
from ingest.rescue import as_text, rescued
from ingest.transfer import Shipment, receive_document

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Sequence
    from typing import Self

    from ingest.child import Sign
    from ingest.confined import ConfinedChild
    from ingest.confinement import Limit
    from ingest.model import SourceFile
    from ingest.parsing_child import Reader
    from ingest.readers.progress import OnPage

MEMORY_BYTES = 4 * 2**30
SECONDS = 120.0
_OPTIONS = ReadingOptions()


def _uncounted(_: Cost) -> None:
    """Nobody asks what it cost."""


_log = logging.getLogger(__name__)


class Parser(Protocol):
    """Turns a file into a document.

    Raises:
        UnreadableFile: with the reason; no file makes it raise anything else.
        NotStarted: this machine starts nothing to read with, whatever the file.
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
        spent: is told the CPU time that the child took for each file that did not kill it.
    """

    def __init__(
        self,
        reader: str = "ingest.reading:read",
        options: ReadingOptions = _OPTIONS,
        *,
        memory_bytes: int = MEMORY_BYTES,
        seconds: float = SECONDS,
        spent: Callable[[Cost], None] = _uncounted,
    ) -> None:
        self._reader = reader
        self._options = options
        self._memory_bytes = memory_bytes
        self._seconds = seconds
        self._spent = spent
        self._turn = threading.Lock()
        self._child: ConfinedChild | None = None
        self._guard = threading.Lock()
        self._reading = self._aborted = False

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
            NotStarted: the child does not even start.
        """
        with self._turn, self._abortable():
            outcome = self._exchange(self._running(), source, on_page)
            if isinstance(outcome, Refusal) and not self._aborted:
                outcome = self._rescue(source, outcome, on_page)
        return _document(outcome, source)

    def close(self) -> None:
        """End the child; a later ``parse`` starts another."""
        with self._turn:
            self._drop(patience=GRACE_SECONDS)

    def abort(self) -> None:
        """End what is being read now, from another thread; its ``parse`` raises. What comes next is read."""
        with self._guard:
            if not self._reading:
                return
            self._aborted = True
            child = self._child
            if child is not None:
                with contextlib.suppress(ValueError):  # it has just ended by itself
                    child.process.kill()

    @contextlib.contextmanager
    def _abortable(self) -> Generator[None]:
        """While the block runs, another thread may kill the child; the next file has another one."""
        with self._guard:
            self._reading, self._aborted = True, False
        try:
            yield
        finally:
            with self._guard:
                self._reading = False
            if self._aborted:  # it may have answered before it died
                self._drop()

    def _running(self) -> ConfinedChild:
        if self._child is not None and not self._child.process.is_alive():
            self._drop()  # killed while it was idle, such as by a system without memory: no file's doing
        if self._child is None:
            limits = (self._memory_bytes, self._seconds)
            self._child = start(
                serve,
                lambda folder: Order(self._reader, self._options, *limits, folder),
                label="lectern-parser",
                name=f"the parsing process for {self._reader}",
            )
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

    def _exchange(self, child: ConfinedChild, source: SourceFile, on_page: OnPage) -> Document | Refusal:
        try:
            outcome = _read(child, source, on_page, self._seconds, self._spent)
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


def _read(
    child: ConfinedChild,
    source: SourceFile,
    on_page: OnPage,
    seconds: float,
    spent: Callable[[Cost], None],
) -> Document | Refusal:
    """Let a child read a file.

    Raises:
        TimeoutError: nothing came from it for so many seconds.
        EOFError, OSError: it died.
    """
    child.pipe.send(source)
    while True:
        child.wait(seconds)
        message = cast("Sign | Cost | Refusal | Shipment", child.pipe.recv())
        if isinstance(message, Refusal):
            return message
        if isinstance(message, Cost):
            spent(message)
            continue
        if isinstance(message, Shipment):
            return receive_document(message, lambda: child.receive_bytes(seconds))
        on_page(message.done, message.total)


def _document(outcome: Document | Refusal, source: SourceFile) -> Document:
    if isinstance(outcome, Document):
        return outcome
    _log_failure(outcome, source)
    raise UnreadableFile(outcome.reason, outcome.detail)


def _log_failure(refusal: Refusal, source: SourceFile) -> None:
    if refusal.trace:
        _log.error("Reading %s failed unexpectedly:\n%s", source.path, refusal.trace)
