"""Where a server over this data directory answers: written by it, read by commands."""

from __future__ import annotations

import json
import os
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

FILE = "server.json"


@dataclass(frozen=True, slots=True)
class RunningServer:
    """A server's own word of itself; whether it still lives, a request tells."""

    url: str
    pid: int


def find_server(data: Path) -> RunningServer | None:
    """The server that last announced itself here, unless its record is gone or broken."""
    try:
        record = json.loads((data / FILE).read_text(encoding="utf-8"))
        server = RunningServer(str(record["url"]), int(record["pid"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return server if _lives(server.pid) else None


@contextmanager
def announced(data: Path, url: str) -> Generator[None]:
    """Announce a server at ``url`` for as long as the block runs."""
    data.mkdir(parents=True, exist_ok=True, mode=0o700)
    path = data / FILE
    fresh = path.with_suffix(f".{os.getpid()}")
    fresh.write_text(json.dumps(asdict(RunningServer(url, os.getpid()))), encoding="utf-8")
    fresh.replace(path)
    try:
        yield
    finally:
        server = find_server(data)
        if server is not None and server.pid == os.getpid():
            path.unlink(missing_ok=True)


def _lives(pid: int) -> bool:
    """Signal 0 asks without harm; on Windows it would end the process, so the request has to tell."""
    if os.name == "nt":
        return True
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
