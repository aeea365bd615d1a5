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

MOST_LINES = 10_000
"""That wait to be written; what is said beyond them is lost, and counted."""
_LAST_SECONDS = 1.0
"""That lines are still waited for when the process ends."""
_PAUSE_SECONDS = 0.05
"""Between two attempts, where whoever has opened the file wants no write to wait."""
STANDARD_ERROR = 2
_log = logging.getLogger(__name__)


class LogWriter(logging.Handler):
    """Writes lines in a thread of its own, in their order.

    Args:
        descriptor: of the open file, by default of standard error.
        most_lines: that wait.
    """

    def __init__(self, descriptor: int = STANDARD_ERROR, most_lines: int = MOST_LINES) -> None:
        super().__init__()
        self._descriptor = descriptor
        self._most_lines = most_lines
        # The one queue that may be filled by what a finaliser says, which comes in the middle of anything.
        self._lines: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self._lost = 0
        self._thread: threading.Thread | None = None

    def emit(self, record: logging.LogRecord) -> None:
        """Format it here, where its request is known, and leave the rest to the thread."""
        try:
            line = self.format(record)
        except Exception:  # noqa: BLE001 — as handlers do: what cannot be said must not end what goes on
            self.handleError(record)
            return
        if self._lines.qsize() >= self._most_lines:
            self._lost += 1
            return
        self._lines.put(line)
        if self._thread is None:
            self._thread = threading.Thread(target=self._write_all, name="lectern-log", daemon=True)
            self._thread.start()

    def close(self) -> None:
        """Write what still waits, unless nobody reads it."""
        super().close()
        thread, self._thread = self._thread, None
        if thread is not None:
            self._lines.put(None)
            thread.join(_LAST_SECONDS)

    def _write_all(self) -> None:
        while (line := self._lines.get()) is not None:
            self._write(line)
            if lost := self._counted():
                self._write(self._told(lost))

    def _counted(self) -> int:
        """What was lost since this was asked last."""
        self.acquire()
        try:
            lost, self._lost = self._lost, 0
        finally:
            self.release()
        return lost

    def _told(self, lost: int) -> str:
        text = "%d lines of this log are lost: nobody read them in time"
        return self.format(_log.makeRecord(_log.name, logging.WARNING, __file__, 0, text, (lost,), None))

    def _write(self, line: str) -> None:
        """Not through ``sys.stderr``, whose lock would be held by a write that waits, also as Python ends."""
        data = f"{line}\n".encode(errors="backslashreplace")
        while data:
            try:
                data = data[os.write(self._descriptor, data) :]
            except BlockingIOError:
                time.sleep(_PAUSE_SECONDS)
            except OSError:  # closed: there is nowhere to tell it
                return
