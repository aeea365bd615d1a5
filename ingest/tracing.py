"""Where an error came from, without what it says: messages of errors quote what was read."""

from __future__ import annotations

import traceback
from itertools import chain
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from collections.abc import Iterator


def trace_of(error: BaseException) -> str:
    """Files, lines, functions and the kinds of errors, the first cause first; no messages and no values."""
    lines = chain.from_iterable(map(_lines, reversed(list(_causes(error)))))
    return "\n".join(("Traceback without messages:", *lines))


def _causes(error: BaseException) -> Iterator[BaseException]:
    seen: set[int] = set()
    cause: BaseException | None = error
    while cause is not None and id(cause) not in seen:
        seen.add(id(cause))
        yield cause
        cause = cause.__cause__ or (None if cause.__suppress_context__ else cause.__context__)


def _lines(error: BaseException) -> Iterator[str]:
    for frame in traceback.extract_tb(error.__traceback__):
        yield f'  File "{frame.filename}", line {frame.lineno}, in {frame.name}'
    yield f"{type(error).__module__}.{type(error).__qualname__}"
    if isinstance(error, BaseExceptionGroup):
        group = cast("BaseExceptionGroup[BaseException]", error)
        for one in group.exceptions:
            yield from (f"  {line}" for line in _lines(one))
