"""The way of a log's lines out of the process: whoever has something to say never waits for whoever reads.

A pipe that nobody empties is full after some hundred lines, and the next write to it waits. Were that the
event loop's, one reader of logs that hangs would stop every answer.
"""

from __future__ import annotations

import logging
import os
import queue
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Generator

MOST_BYTES = 2**23
"""That wait to be written, some 40,000 lines; what is said beyond them is lost, and counted."""
STANDARD_ERROR = 2
_LAST_SECONDS = 1.0
"""That lines are still waited for when the process ends."""
_PAUSE_SECONDS = 0.05
"""Between two attempts, where whoever has opened the file wants no write to wait."""
_log = logging.getLogger(__name__)


class LogWriter(logging.Handler):
    """Writes lines in a thread of its own, in their order.

    Args:
        descriptor: of the open file, by default of standard error.
        most_bytes: that wait.
    """

    def __init__(self, descriptor: int = STANDARD_ERROR, most_bytes: int = MOST_BYTES) -> None:
        super().__init__()
        self._descriptor = descriptor
        self._most_bytes = most_bytes
        # The one queue that may be filled by what a finaliser says, which comes in the middle of anything.
        self._lines: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._waiting, self._lost = 0, 0
        self._torn = False
        self._closed = False
        self._thread: threading.Thread | None = None

    @property
    def lost(self) -> int:
        """Lines that could not be written, of which the log does not tell yet."""
        return self._lost

    def emit(self, record: logging.LogRecord) -> None:
        """Format it here, where its request is known, and leave the rest to the thread."""
        try:
            line = self._line(record)
        except Exception:  # noqa: BLE001 — as handlers do: what cannot be said must not end what goes on
            self.handleError(record)
            return
        if self._closed or self._waiting + len(line) > self._most_bytes:
            self._lost += 1
            return
        self._waiting += len(line)
        self._lines.put(line)
        if self._thread is None:
            self._thread = threading.Thread(target=self._write_all, name="lectern-log", daemon=True)
            self._thread.start()

    def close(self) -> None:
        """Write what still waits, unless nobody reads it."""
        super().close()
        self._closed = True
        if self._thread is not None:
            self._lines.put(None)
            self._thread.join(_LAST_SECONDS)

    def _write_all(self) -> None:
        while (line := self._lines.get()) is not None:
            is_written = self._write(line)
            lost = self._count(line, is_written=is_written)
            if lost and not self._write(self._told(lost)):
                self._add_lost(lost)

    def _count(self, line: bytes, *, is_written: bool) -> int:
        """It waits no more; how many were lost that nobody was told of, where that can be told now."""
        with self._guarded():
            self._waiting -= len(line)
            if not is_written:
                self._lost += 1
                return 0
            lost, self._lost = self._lost, 0
            return lost

    def _add_lost(self, lost: int) -> None:
        with self._guarded():
            self._lost += lost

    @contextmanager
    def _guarded(self) -> Generator[None]:
        self.acquire()
        try:
            yield
        finally:
            self.release()

    def _told(self, lost: int) -> bytes:
        text = "%d lines of this log are lost: they could not be written in time"
        return self._line(_log.makeRecord(_log.name, logging.WARNING, __file__, 0, text, (lost,), None))

    def _line(self, record: logging.LogRecord) -> bytes:
        return f"{self.format(record)}\n".encode(errors="backslashreplace")

    def _write(self, line: bytes) -> bool:
        """Whether it is written.

        Not through ``sys.stderr``, whose lock would be held by a write that waits, also as Python ends.
        """
        data = b"\n" + line if self._torn else line
        size = len(data)
        while data:
            try:
                data = data[os.write(self._descriptor, data) :]
            except BlockingIOError:
                time.sleep(_PAUSE_SECONDS)
            except OSError:  # closed, or its disk is full
                self._torn = self._torn or len(data) < size
                return False
        self._torn = False
        return True
