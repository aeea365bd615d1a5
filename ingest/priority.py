"""Which processes wait when the cores are busy."""

from __future__ import annotations

import os

STEP = 5
"""Of niceness: beside a search that wants the same core, a third of the time."""


def step_back() -> None:
    """Let others go first: nobody waits for what this process does as for a search; nothing on Windows."""
    if hasattr(os, "nice"):
        os.nice(STEP)
