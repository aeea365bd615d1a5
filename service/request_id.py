"""The id of a request: in every log line about it, and in its answer's ``X-Request-Id``."""

from __future__ import annotations

import re
import secrets
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Generator

HEADER = "X-Request-Id"
_ACCEPTED = re.compile(r"[A-Za-z0-9._:-]{1,64}", re.ASCII)
"""A client's own id becomes part of log lines: no white space, nothing that ends or quotes one."""
_ID_BYTES = 8
_current: ContextVar[str] = ContextVar("lectern_request_id", default="")


def current_request_id() -> str:
    """The id of the request that this thread or task works for; empty outside of any."""
    return _current.get()


@contextmanager
def working_for(request_id: str) -> Generator[None]:
    """All that is done in the block, in tasks and threads that take its context too, is for this request."""
    token = _current.set(request_id)
    try:
        yield
    finally:
        _current.reset(token)


def request_id_of(given: str | None) -> str:
    """The client's own id where it is a sane one, else a new one."""
    if given is not None and _ACCEPTED.fullmatch(given):
        return given
    return secrets.token_hex(_ID_BYTES)
