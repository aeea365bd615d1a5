"""Receiving the files of an upload: straight to the disk, hashed on the way, named safely."""

from __future__ import annotations

import errno
import os
import re
import unicodedata
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, BinaryIO

from ingest.catalog.job_records import UploadedFile
from ingest.errors import PermanentError, TransientError
from ingest.showing import shown_path
from ingest.store.compacting import free_bytes

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Sequence
    from pathlib import Path

LONGEST_PATH = 1_000
"""Code points."""
MOST_FILES = 10_000
RESERVE = 2**28
"""Bytes of the disk that no upload and no ingest may take, twice what readiness asks for: without them the
catalog and the audit log take no writes, deletions included, of any tenant."""
_LOOK_EVERY = 2**22
"""Bytes that an upload receives between two looks: many of them at once keep out of the reserve's half."""
_SMALL_FILE = 2**12
"""Bytes that even an empty file takes of the disk, its name included."""
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_DRIVE = re.compile(r"[A-Za-z]:")


class BadUpload(PermanentError):
    """What was sent is no upload: no file, a name that cannot be, one path for two files."""


class UploadTooLarge(PermanentError):
    """One file is larger than files may be."""


class StorageFull(TransientError):
    """The disk of the data folder has no room for it."""


class StorageUnwritable(TransientError):
    """The data folder does not take files."""


@dataclass(frozen=True, slots=True)
class Received:
    """A file on the disk, before its path is settled."""

    name: str
    """As the sender calls it."""
    staged: str
    content_hash: str
    size: int


class FileReceiver:
    """Writes one file after another into a folder; each survives a loss of power once it is closed.

    Args:
        folder: where; only this receiver writes there.
        largest: bytes that a file may have.
        free: bytes that are free on the disk of a folder.
    """

    def __init__(self, folder: Path, largest: int, *, free: Callable[[Path], int] = free_bytes) -> None:
        self._folder = folder
        self._largest = largest
        self._free = free
        self._unseen = 0
        self._file: BinaryIO | None = None
        self._name = ""
        self._digest = blake2b(digest_size=16)
        self._size = 0
        self.received: list[Received] = []

    def open(self, name: str) -> None:
        """Begin a file; raises `BadUpload`, `StorageFull`, `StorageUnwritable`."""
        if len(self.received) >= MOST_FILES:
            raise BadUpload(f"an upload holds {MOST_FILES:,} files at most")
        self._name, self._digest, self._size = name, blake2b(digest_size=16), 0
        self._take(_SMALL_FILE)
        with storing():
            self._file = (self._folder / self._staged()).open("xb")

    def write(self, data: bytes) -> None:
        """Go on with it; raises `UploadTooLarge`, `StorageFull`, `StorageUnwritable`."""
        assert self._file is not None
        self._size += len(data)
        if self._size > self._largest:
            raise UploadTooLarge(f"{shown_path(self._name)}: a file holds {self._largest:,} bytes at most")
        self._take(len(data))
        self._digest.update(data)
        with storing():
            self._file.write(data)

    def close(self) -> None:
        """End it; raises `StorageFull`, `StorageUnwritable`."""
        assert self._file is not None
        with storing():
            self._file.flush()
            os.fsync(self._file.fileno())
            self._file.close()
        self._file = None
        self.received.append(Received(self._name, self._staged(), self._digest.hexdigest(), self._size))

    def abandon(self) -> None:
        """Let go of a file that was not ended; it never raises."""
        file, self._file = self._file, None
        if file is not None:
            with suppress(OSError):  # what it has not written yet finds no room either
                file.close()

    def _take(self, size: int) -> None:
        self._unseen += size
        if self._unseen >= _LOOK_EVERY:
            self._unseen = 0
            with storing():
                require_room(self._free(self._folder), size)

    def _staged(self) -> str:
        return f"{len(self.received):05}"


def require_room(free: int, wanted: int = 0, what: str = "this upload") -> None:
    """Ask before so many bytes are written to a disk with so many free ones; ``what`` is what takes them.

    Raises:
        StorageFull: they would leave less than the reserve. How much is free would tell a tenant what others
            store, so it is not said.
    """
    if free - wanted < RESERVE:
        raise StorageFull(f"the disk of the data folder has no room for {what}")


def settle_paths(received: Sequence[Received], paths: Sequence[str]) -> tuple[UploadedFile, ...]:
    """The files under the paths that people will see: those given, one a file, or else their names.

    Raises:
        BadUpload: there is no file, a path cannot be, or two different files share one.
    """
    if not received:
        raise BadUpload("no file was sent: the form needs at least one part named `file` with a file name")
    if paths and len(paths) != len(received):
        raise BadUpload(f"{len(paths)} paths for {len(received)} files: give one for each file, or none")
    settled: dict[str, UploadedFile] = {}
    for number, file in enumerate(received):
        path = safe_path(paths[number]) if paths else safe_name(file.name)
        made = UploadedFile(path, file.staged, file.content_hash, file.size)
        known = settled.setdefault(path, made)
        if known.content_hash != made.content_hash:
            raise BadUpload(f"two different files go by {path!r}: give each its own `path`")
    return tuple(settled.values())


def safe_name(name: str) -> str:
    """The last part of a file's name, ``_`` for control characters; raises `BadUpload` if nothing is left."""
    last = name.replace("\\", "/").rpartition("/")[2]
    return safe_path("".join(each if each == shown_path(each) else "_" for each in last))


def safe_path(path: str) -> str:
    """A relative path, in composed characters, so that every system's spelling is the same document.

    Raises:
        BadUpload: it is empty, absolute, too long, leads upwards, or holds control characters.
    """
    settled = unicodedata.normalize("NFC", path.replace("\\", "/"))
    parts = settled.split("/")
    if not settled.strip():
        raise BadUpload("a file has no name")
    if len(settled) > LONGEST_PATH:
        raise BadUpload(f"a path holds {LONGEST_PATH:,} characters at most")
    if settled != shown_path(settled):
        raise BadUpload(f"the path {shown_path(settled)!r} holds control characters")
    if _DRIVE.match(settled) or any(part.strip() in {"", ".", ".."} for part in parts):
        raise BadUpload(f"the path {settled!r} must be relative, without empty parts, `.` or `..`")
    return str(PurePosixPath(settled))


@contextmanager
def storing() -> Generator[None]:
    """Tell a full disk from a folder that takes no files."""
    try:
        yield
    except OSError as error:
        reason = error.strerror or type(error).__name__
        if error.errno in _FULL:
            raise StorageFull(f"the disk of the data folder has no room for this upload: {reason}") from error
        raise StorageUnwritable(f"the data folder takes no files: {reason}") from error
