"""What a process that reads untrusted files gives up, as far as its system lets it."""

from __future__ import annotations

import ctypes
import os
import sys
from typing import Literal

Limit = Literal["memory", "open_files", "core_dumps", "network", "time"]

OPEN_FILES = 256
_NEW_USER = 0x10000000
_NEW_NETWORK = 0x40000000


def confine(memory_bytes: int) -> frozenset[Limit]:
    """Confine the calling process for good; returns the limits that are now in force.

    Args:
        memory_bytes: of address space, which is more than what is resident.
    """
    return _limit_resources(memory_bytes) | _leave_network()


def _limit_resources(memory_bytes: int) -> frozenset[Limit]:
    if sys.platform == "win32":
        return frozenset()
    import resource  # noqa: PLC0415 — Unix only

    wanted: dict[Limit, tuple[int, int]] = {
        "memory": (resource.RLIMIT_AS, memory_bytes),
        "open_files": (resource.RLIMIT_NOFILE, OPEN_FILES),
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
