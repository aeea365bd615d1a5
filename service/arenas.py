"""Memory of processes that serve for days with many threads."""

from __future__ import annotations

import ctypes
import sys
from contextlib import suppress

_M_ARENA_MAX = -8
"""Of glibc's ``mallopt``, from its ``malloc.h``."""
ARENAS = 2


def share_arenas() -> None:
    """Let all threads share two of the areas that memory is taken from; before there are any threads.

    glibc makes up to eight for each core, and what threads leave in one the others cannot take: a process
    grows for hours that needs no more. Python's own lock lets only one of them allocate at a time anyway.
    Other systems, and other C libraries, have nothing of the kind.
    """
    if sys.platform == "linux":
        with suppress(AttributeError, OSError):
            ctypes.CDLL(None).mallopt(_M_ARENA_MAX, ARENAS)
