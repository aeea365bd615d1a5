"""Where a server over this data directory answers: written by it, read by commands."""

from __future__ import annotations

import json
import os
import secrets
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

FILE = "server.json"
PRIVATE = 0o600
"""The mode of the record."""
_TOKEN_BYTES = 32


@dataclass(frozen=True, slots=True)
class RunningServer:
    """A server's own word of itself; whether it still lives, a request tells."""

    url: str
    pid: int
    token: str = field(default="", repr=False)
    """Shows that its holder may read the data folder, and so need bring no access key."""


def new_token() -> str:
    """A token for one run of a server."""
    return secrets.token_urlsafe(_TOKEN_BYTES)


def find_server(data: Path) -> RunningServer | None:
    """The server that last announced itself here, unless its record is gone or broken."""
    try:
        record = json.loads((data / FILE).read_text(encoding="utf-8"))
        server = RunningServer(str(record["url"]), int(record["pid"]), str(record.get("token", "")))
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
    return server if _lives(server.pid) else None


@contextmanager
def announced(data: Path, url: str, token: str = "") -> Generator[None]:
    """Announce a server at ``url`` for as long as the block runs.

    Only the owner of the data folder may read what stands there, since the token opens every tenant. Windows
    knows no such modes: there the folder's own permissions, those of the user's profile, protect it.
    """
    data.mkdir(parents=True, exist_ok=True, mode=0o700)
    path = data / FILE
    fresh = path.with_suffix(f".{os.getpid()}")
    fresh.unlink(missing_ok=True)  # opened anew, so that its mode is ours from the first byte on
    with os.fdopen(
        os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE), "w", encoding="utf-8"
    ) as out:
        json.dump(asdict(RunningServer(url, os.getpid(), token)), out)
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
