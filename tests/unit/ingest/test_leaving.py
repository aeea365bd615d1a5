from __future__ import annotations

import subprocess
import sys

LEAVES = """
import atexit
from ingest.leaving import leave_without_collecting

class Ring:
    def __init__(self):
        self.self = self
    def __del__(self):
        print("collected")

atexit.register(print, "closed")
{call}
ring = Ring()
del ring
"""


def said(call: str) -> list[str]:
    command = [sys.executable, "-c", LEAVES.format(call=call)]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()


def test_what_closes_at_the_end_does_and_garbage_is_not_looked_for() -> None:
    assert said("") == ["closed", "collected"]
    assert said("leave_without_collecting()") == ["closed"]
