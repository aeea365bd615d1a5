"""Who runs a job, told so that other processes can see when it is gone."""

from __future__ import annotations

import json
import os
import secrets
import socket
from datetime import UTC, datetime, timedelta
from functools import cache
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

SILENCE = timedelta(seconds=60)
"""After so long without a sign of life, a process on another machine counts as gone."""


def this_process() -> str:
    """A name that no other claim has: machine, process, the moment of its start, a random part."""
    return json.dumps({"machine": _machine(), **_identity(os.getpid()), "claim": secrets.token_hex(8)})


def has_died(owner: str, heartbeat: datetime | None, now: datetime | None = None) -> bool:
    """Whether the process of this name is gone: seen on its machine, guessed from its silence elsewhere.

    ``now`` is the time by the clock that the sign of life was given by; by default this machine's.
    """
    try:
        named: Mapping[str, object] = json.loads(owner)
        pid = int(str(named["pid"]))
    except (ValueError, KeyError, TypeError):
        return True
    if named.get("machine") == _machine() and os.name == "posix":
        return not lives(pid, str(named.get("started", "")))
    return heartbeat is None or (now or datetime.now(UTC)) - heartbeat > SILENCE


def described(owner: str) -> str:
    """``process 71 on web-1``."""
    try:
        named: Mapping[str, object] = json.loads(owner)
        return f"process {named['pid']} on {str(named['machine']).partition(' ')[0]}"
    except (ValueError, KeyError, TypeError):
        return "a process"


def lives(pid: int, started: str) -> bool:
    """Whether this process is still there, and is not another one that was given its number."""
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        pass
    return _started(pid) == started


def label() -> str:
    """This process in the name of a folder; see `label_lives`."""
    return "{pid}-{started}".format(**_identity(os.getpid()))


def machine_label() -> str:
    """This machine in the name of a folder that others may share."""
    return blake2b(_machine().encode(), digest_size=6).hexdigest()


def label_lives(name: str) -> bool:
    """Whether the process lives whose `label` this is; one that cannot be read names nobody."""
    pid, _, started = name.partition("-")
    if os.name != "posix" or not pid.isdecimal():
        return False
    return lives(int(pid), started)


def _identity(pid: int) -> dict[str, str]:
    return {"pid": str(pid), "started": _started(pid)}


def _started(pid: int) -> str:
    """Clock ticks from the machine's start to the process's; empty where the system does not tell.

    A zombie is gone: whoever waits for it has not looked yet.
    """
    try:
        fields = (
            Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
        )
    except OSError:
        return ""
    return "gone" if fields[0] in {"Z", "X"} else fields[19]


@cache
def _machine() -> str:
    """This machine since its last start: process numbers of another run, or container, mean nothing."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        numbers = str(Path("/proc/self/ns/pid").readlink())
    except OSError:
        boot = numbers = ""
    return f"{socket.gethostname()} {boot} {numbers}"
