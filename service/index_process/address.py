"""Where the index process of a data directory listens, and the token it asks for."""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import stat
import sys
import tempfile
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

PROTOCOL = 6
"""Of the requests: processes of two releases must not talk past each other."""
_LONGEST_SOCKET_PATH = 100
"""Bytes; the kernel takes 104 to 108 of them."""


@dataclass(frozen=True, slots=True)
class Address:
    """An index process as ``index.json`` names it."""

    pid: int
    family: Literal["AF_UNIX", "AF_INET"]
    host: str
    """A socket's path, or the loopback address."""
    port: int
    """0 for a Unix socket."""
    token: str
    protocol: int = PROTOCOL

    @property
    def location(self) -> str | tuple[str, int]:
        """What `multiprocessing.connection` calls an address."""
        return self.host if self.family == "AF_UNIX" else (self.host, self.port)

    @property
    def key(self) -> bytes:
        """What both sides must know before the first request is read."""
        return self.token.encode()


@dataclass(frozen=True, slots=True)
class Place:
    """A data directory and the files that two processes meet at."""

    data: Path

    @property
    def note(self) -> Path:
        """The address of the running process."""
        return self.data / "index.json"

    @property
    def lock(self) -> Path:
        """Held by whoever starts or ends the process."""
        return self.data / "index.lock"

    @property
    def log(self) -> Path:
        """What the process has to say beyond its answers."""
        return self.data / "index.log"

    def prepare(self) -> None:
        """Make the directory, for this user alone."""
        self.data.mkdir(mode=0o700, parents=True, exist_ok=True)
        if sys.platform != "win32":
            self.data.chmod(0o700)

    def read(self) -> Address | None:
        """The address noted here; None where there is none, or none of this release."""
        try:
            noted = Address(**json.loads(self.note.read_bytes()))
        except (OSError, ValueError, TypeError):
            return None
        return noted if noted.protocol == PROTOCOL else None

    def publish(self, address: Address) -> None:
        """Note the address; nobody ever reads half of it, nor anybody but this user."""
        draft = self.note.with_name(f"index.{secrets.token_hex(4)}.json")
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            json.dump(asdict(address), file)
        draft.replace(self.note)

    def withdraw(self, address: Address) -> None:
        """Take the address away, unless another process has noted its own."""
        if self.read() == address:
            self.note.unlink(missing_ok=True)

    def socket_path(self) -> str | None:
        """A free path for a Unix socket; None where only loopback will do.

        The caller holds the index: a socket that is still there was left behind by a killed process.
        """
        if sys.platform == "win32":
            return None
        path = self.data / "index.sock"
        if len(os.fsencode(path)) > _LONGEST_SOCKET_PATH:
            digest = hashlib.sha256(os.fsencode(self.data.resolve())).hexdigest()[:16]
            path = Path(tempfile.gettempdir()) / f"lectern-{digest}" / "index.sock"
            if not _own_folder(path.parent):
                return None
        path.unlink(missing_ok=True)
        return str(path)

    def tidy(self, address: Address) -> None:
        """Remove the folder of a socket that had to stand elsewhere."""
        folder = Path(address.host).parent
        if address.family == "AF_UNIX" and folder != self.data:
            with suppress(OSError):
                folder.rmdir()


def _own_folder(folder: Path) -> bool:
    """Whether the folder, in a directory that all users share, is ours alone."""
    folder.mkdir(mode=0o700, exist_ok=True)
    found = folder.lstat()
    return found.st_uid == os.getuid() and stat.S_ISDIR(found.st_mode) and not found.st_mode & 0o077
