"""What a process that reads untrusted files gives up, as far as its system lets it.

The programs that it starts inherit all of it.
"""

from __future__ import annotations

import ctypes
import math
import os
import signal
import sys
import time
from typing import Literal

Limit = Literal["memory", "open_files", "file_size", "core_dumps", "cpu", "network", "privileges", "time"]

OPEN_FILES = 256
FILE_BYTES = 512 * 2**20
"""The largest file that may be written: a page rendered for recognition is a tenth of it."""
_NEW_USER = 0x10000000
_NEW_NETWORK = 0x40000000
_DIE_WITH_PARENT = 1
_NO_NEW_PRIVILEGES = 38


def confine(memory_bytes: int) -> frozenset[Limit]:
    """Confine the calling process for good; returns the limits that are now in force.

    Args:
        memory_bytes: of address space, which is more than what is resident.
    """
    return _limit_resources(memory_bytes) | _leave_network() | _keep_privileges()


def allow_cpu(seconds: float) -> bool:
    """Let the system end this process after so much more CPU time; whether it will.

    A program that is started later may use as much as this process has used and may use.
    """
    if sys.platform == "win32":
        return False
    import resource  # noqa: PLC0415 — Unix only

    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    soft = math.ceil(time.process_time() + seconds)
    try:
        resource.setrlimit(resource.RLIMIT_CPU, (soft, hard))
    except (OSError, ValueError):
        return False
    return True


def die_with_parent() -> None:
    """Ask the system to kill the calling process when the thread that started it ends (Linux).

    For a program that a reader starts: to be called between fork and exec.
    """
    if sys.platform == "linux":
        _control(_DIE_WITH_PARENT, signal.SIGKILL)


def _limit_resources(memory_bytes: int) -> frozenset[Limit]:
    if sys.platform == "win32":
        return frozenset()
    import resource  # noqa: PLC0415 — Unix only

    wanted: dict[Limit, tuple[int, int]] = {
        "memory": (resource.RLIMIT_AS, memory_bytes),
        "open_files": (resource.RLIMIT_NOFILE, OPEN_FILES),
        "file_size": (resource.RLIMIT_FSIZE, FILE_BYTES),
        "core_dumps": (resource.RLIMIT_CORE, 0),
    }
    active: set[Limit] = set()
    for limit, (kind, value) in wanted.items():
        _, hard = resource.getrlimit(kind)
        bound = value if hard == resource.RLIM_INFINITY else min(value, hard)
        try:
            resource.setrlimit(kind, (bound, bound))
        except (OSError, ValueError):  # macOS knows RLIMIT_AS but does not take it
            continue
        active.add(limit)
    return frozenset(active)


def _leave_network() -> frozenset[Limit]:
    """Move to a network without interfaces: at once for root, inside an own user namespace for others."""
    if sys.platform != "linux":
        return frozenset()
    unshare = ctypes.CDLL(None, use_errno=True).unshare
    spaces = (_NEW_NETWORK,) if os.geteuid() == 0 else (_NEW_NETWORK | _NEW_USER,)
    return frozenset({"network"} if any(unshare(space) == 0 for space in spaces) else ())


def _keep_privileges() -> frozenset[Limit]:
    """No program that is started may gain rights, whatever bits its file carries."""
    if sys.platform != "linux":
        return frozenset()
    return frozenset({"privileges"} if _control(_NO_NEW_PRIVILEGES, 1) else ())


def _control(option: int, value: int) -> bool:
    return ctypes.CDLL(None, use_errno=True).prctl(option, value, 0, 0, 0) == 0
