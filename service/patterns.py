"""Regular expressions that a model, or whoever speaks through it, has written: matched in linear time by RE2.

Python's own engine, and the ``regex`` package, go back over a text: a pattern of ten characters can hold a
thread for hours over one line. RE2 never goes back; of a large pattern its memory is bounded.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, cast

if TYPE_CHECKING:
    from collections.abc import Callable

LONGEST_PATTERN = 500
"""Code points."""
_LINES = "(?m)"
"""``^`` and ``$`` are the ends of a line."""
_MEMORY = 2**20
"""Bytes of a compiled pattern: a large one makes every character of the text dearer."""


class BadPattern(ValueError):
    """No regular expression, or one that RE2 does not take; the message says why."""


class _Options(Protocol):
    case_sensitive: bool
    log_errors: bool
    max_mem: int


class _Compiled(Protocol):
    def search(self, text: bytes) -> object | None: ...


class _Engine(Protocol):
    """What is used of the package, which has no types."""

    error: type[Exception]
    Options: Callable[[], _Options]
    compile: Callable[[str, _Options], _Compiled]


class Pattern:
    """A regular expression; upper and lower case are the same, ``^`` and ``$`` are the ends of a line."""

    def __init__(self, pattern: str) -> None:
        """Compile it.

        Raises:
            BadPattern: it cannot be.
        """
        import re2  # pyright: ignore[reportMissingTypeStubs] # noqa: PLC0415 — only agents need it

        if len(pattern) > LONGEST_PATTERN:
            raise BadPattern(f"the pattern is longer than {LONGEST_PATTERN} characters")
        engine = cast("_Engine", re2)
        options = engine.Options()
        options.case_sensitive = False
        options.log_errors = False
        options.max_mem = _MEMORY
        try:
            self._compiled = engine.compile(f"{_LINES}{pattern}", options)
        except engine.error as error:
            raise BadPattern(_reason(error)) from None
        except UnicodeEncodeError:
            raise BadPattern("the pattern holds half of a surrogate pair") from None

    def is_in(self, text: str) -> bool:
        """Whether it matches anywhere in a text."""
        return self._compiled.search(text.encode("utf-8", "replace")) is not None


def _reason(error: Exception) -> str:
    reason: object = error.args[0] if error.args else ""
    text = reason.decode("utf-8", "replace") if isinstance(reason, bytes) else str(reason)
    return f"the pattern is none of RE2's: {text.replace(_LINES, '', 1)}"
