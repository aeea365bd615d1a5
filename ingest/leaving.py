"""The last moment of a process of ours."""

from __future__ import annotations

import atexit
import gc


def leave_without_collecting() -> None:
    """At its end Python looks through all that is left for garbage: a quarter of a short command's time.

    What must be written or let go of before the end is closed by its owner, and waits for no such search.
    """
    atexit.register(gc.freeze)
