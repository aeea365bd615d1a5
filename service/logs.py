"""The log of a server: one line for each event, without anything that a document, a question or a key says.

Log calls of ours name events, ids and errors, never content. What others put into a log cannot be known: of a
library's message only its place is told, of an error its kind and where it came from. `log_content` lifts
both.
"""

from __future__ import annotations

import json
import logging
import re
import threading
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from ingest.errors import CatalogUnavailable, IndexUnavailable
from ingest.tracing import trace_of
from service.log_writing import LogWriter
from service.models.errors import ModelError
from service.request_id import current_request_id

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Literal

    from service.settings import Settings

    Format = Literal["text", "json"]
    Level = Literal["debug", "info", "warning", "error"]

OURS = ("ingest", "prompts", "service", "uvicorn")
"""Loggers whose messages hold no content; uvicorn tells of connections and signals."""
_PLAIN = (CatalogUnavailable, IndexUnavailable)
"""Errors whose words are ours, or a database's about its own state."""
_CODE = re.compile(r"[\w.-]{1,40}", re.ASCII)
_log = logging.getLogger(__name__)
_NOISY = ("uvicorn.access",)
"""Its lines hold paths and queries; ours stand in its place."""


def configure_for(settings: Settings) -> None:
    """As the settings say."""
    configure(
        form=settings.log_format,
        level=settings.log_level,
        content=settings.log_content,
        handler=LogWriter(),
    )


def configure(*, form: Format, level: Level, content: bool, handler: logging.Handler) -> None:
    """Send all that this process logs to one handler.

    Args:
        form: of the lines.
        level: of our own messages; those of libraries begin at ``warning``, with ``content`` here too.
        content: whether lines may hold what documents, questions, answers and providers say.
        handler: writes the lines.
    """
    handler.setFormatter(Lines(form, content=content))
    handler.addFilter(_stamp)
    root = logging.getLogger()
    root.handlers = [handler]
    chosen = logging.getLevelNamesMapping()[level.upper()]
    root.setLevel(chosen if content else max(chosen, logging.WARNING))
    for name in OURS:
        logger = logging.getLogger(name)
        logger.setLevel(chosen)
        logger.handlers.clear()
        logger.propagate = True
    logging.getLogger("uvicorn.error").setLevel(logging.NOTSET)  # as "uvicorn", whoever set it before
    for name in _NOISY:
        logging.getLogger(name).disabled = True
    logging.captureWarnings(capture=True)
    logging.raiseExceptions = False  # else a line that cannot be formatted is printed with its arguments
    threading.excepthook = _log_thread


def _log_thread(ended: threading.ExceptHookArgs) -> None:
    """What ends a thread goes the way of all else; by default it is printed with its message."""
    _log.critical("a thread ended by an error", exc_info=ended.exc_value)


class Lines(logging.Formatter):
    """A record as a line: of JSON, or for people."""

    def __init__(self, form: Format, *, content: bool) -> None:
        super().__init__()
        self._json = form == "json"
        self._content = content

    def format(self, record: logging.LogRecord) -> str:
        """One record; in JSON always one line."""
        said = self.fields(record)
        if self._json:
            return json.dumps(said, ensure_ascii=False, default=str)
        trace = said.pop("trace", None)
        message = _one_line(said.pop("message"))
        head = f"{said.pop('time')} {said.pop('level'):<7} {said.pop('logger')}: {message}"
        rest = "".join(f" {name}={_one_line(str(value))}" for name, value in said.items())
        return f"{head}{rest}" if trace is None else f"{head}{rest}\n{trace}"

    def fields(self, record: logging.LogRecord) -> dict[str, object]:
        """What a line tells, by name."""
        said: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": self._message(record),
        }
        request = getattr(record, "request_id", "") or current_request_id()
        if request:
            said["request_id"] = request
        said |= getattr(record, "fields", {})
        if self._content:
            said |= getattr(record, "content", {})
        if record.exc_info and record.exc_info[1] is not None:
            error = record.exc_info[1]
            said["trace"] = self.formatException(record.exc_info) if self._content else trace_of(error)
        return said

    def _message(self, record: logging.LogRecord) -> str:
        if self._content:
            return record.getMessage()
        if record.name.partition(".")[0] not in OURS:
            return f"a message from {record.module}:{record.lineno} is withheld (log_content)"
        if not record.args or isinstance(record.args, dict):
            return record.getMessage()
        return record.msg % tuple(map(_told, record.args))


def event(**fields: object) -> Mapping[str, object]:
    """Named values of a log line, as ``extra`` of a log call."""
    return {"fields": fields}


def _stamp(record: logging.LogRecord) -> bool:
    """Note the request where the line is logged: a handler may write it elsewhere."""
    record.request_id = current_request_id()
    return True


def _told(argument: object) -> object:
    """An argument of a message; of an error only what cannot quote anybody."""
    if not isinstance(argument, BaseException) or isinstance(argument, _PLAIN):
        return argument
    said = type(argument).__name__
    if isinstance(argument, ModelError):
        code = argument.code if argument.code and _CODE.fullmatch(argument.code) else None
        known = {"code": code, "status": argument.status}
        told = ", ".join(f"{name} {value}" for name, value in known.items() if value is not None)
        return f"{said} ({told})" if told else said
    return said


def _one_line(text: object) -> str:
    return str(text).replace("\r", "\\r").replace("\n", "\\n")
