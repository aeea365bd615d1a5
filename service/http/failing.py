"""Answers that failed: for each one a line in the log, and a note for what tells of the request."""

from __future__ import annotations

import logging
from http import HTTPStatus

from service.logs import event
from service.models.errors import ModelError

FAILED = "failed"
"""In the state of a request: the status of the error that its stream ended in, although it began with 200."""
UNREAD = "unread"
"""In the state of a request: its client has stopped reading the answer."""
CUT_OFF = "cut_off"
"""In the state of a request: a function that ends its connection, whatever is still to be sent."""
_log = logging.getLogger(__name__)


def log_failure(error: Exception, status: int) -> None:
    """Log what fails on our side with where it came from, and what failed at the model without its words."""
    if status == HTTPStatus.INTERNAL_SERVER_ERROR:
        _log.error("a request failed", exc_info=error)
    elif isinstance(error, ModelError) and status > HTTPStatus.INTERNAL_SERVER_ERROR:
        said = event(provider=error.provider, host=error.host, answered=status)
        _log.warning("an answer failed at the model: %s", error, extra=said)
