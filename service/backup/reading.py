"""A backup read from end to end, and every file of it held against the manifest."""

from __future__ import annotations

import gzip
import os
import tarfile
import zlib
from contextlib import contextmanager
from hashlib import sha256
from typing import IO, TYPE_CHECKING

from ingest.catalog.schema import HEAD
from service.backup.manifest import LARGEST_MANIFEST, NAME, UnusableBackup, decode

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

    from service.backup.manifest import Manifest, Member

_PIECE = 2**16


def verify(file: Path) -> Manifest:
    """Read a whole backup and write nothing.

    Raises:
        UnusableBackup: it is damaged, incomplete, none at all, or of a newer Lectern.
    """
    return _read(file, None)


def extract(file: Path, folder: Path) -> Manifest:
    """Unpack a backup into an empty folder of the caller's; raises as `verify`, then what is there is no use.

    Only paths of the manifest are written, and only as plain files.
    """
    return _read(file, folder)


def _read(file: Path, folder: Path | None) -> Manifest:
    with _named(file), gzip.open(file) as unpacked, tarfile.open(fileobj=unpacked, mode="r|") as archive:
        entries = iter(archive)
        manifest = decode(_first(archive, next(entries, None)), head=HEAD)
        awaited = {member.path: member for member in manifest.files}
        for entry in entries:
            member = awaited.pop(entry.name, None)
            content = archive.extractfile(entry) if entry.isreg() else None
            if member is None or content is None or entry.size != member.size:
                raise UnusableBackup(f"{file}: {entry.name!r} does not belong there")
            _check(content, member, folder)
    if awaited:
        raise UnusableBackup(f"{file}: {len(awaited)} files are missing, {min(awaited)} first")
    return manifest


@contextmanager
def _named(file: Path) -> Generator[None]:
    """Tell an archive that cannot be unpacked from a disk that cannot be read."""
    try:
        yield
    except (tarfile.TarError, EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise UnusableBackup(f"{file} is damaged, or no backup of Lectern: {error}") from error


def _first(archive: tarfile.TarFile, entry: tarfile.TarInfo | None) -> bytes:
    content = archive.extractfile(entry) if entry is not None and entry.isreg() else None
    if entry is None or content is None or entry.name != NAME or entry.size > LARGEST_MANIFEST:
        raise UnusableBackup("the file is no backup of Lectern: it does not begin with a manifest")
    return content.read()


def _check(content: IO[bytes], member: Member, folder: Path | None) -> None:
    if folder is None:
        found = _pour(content, None)
    else:
        path = folder / member.path
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with path.open("xb") as written:
            found = _pour(content, written)
        path.chmod(0o600)
    if found != (member.size, member.sha256):
        raise UnusableBackup(f"{member.path} in the backup is not what its manifest says")


def _pour(content: IO[bytes], written: IO[bytes] | None) -> tuple[int, str]:
    """Size and digest of what was read; zeros become holes again."""
    digest, size = sha256(), 0
    while piece := content.read(_PIECE):
        digest.update(piece)
        size += len(piece)
        if written is not None:
            if piece == bytes(len(piece)):
                written.seek(len(piece), os.SEEK_CUR)
            else:
                written.write(piece)
    if written is not None:
        written.truncate(size)
    return size, digest.hexdigest()
