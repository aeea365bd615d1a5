"""Opening a file that discovery found, whatever has taken its place since."""

from __future__ import annotations

import os
import stat
from contextlib import contextmanager
from typing import TYPE_CHECKING, BinaryIO

from ingest.errors import UnreadableFile

if TYPE_CHECKING:
    from collections.abc import Generator

    from ingest.model import SourceFile

_FLAGS = os.O_RDONLY | sum(
    getattr(os, name, 0) for name in ("O_NONBLOCK", "O_NOFOLLOW", "O_CLOEXEC", "O_BINARY")
)


@contextmanager
def opened(source: SourceFile) -> Generator[BinaryIO]:
    """The file's bytes, for as long as the block runs; no link is followed, no pipe waited for.

    Raises:
        UnreadableFile: ``changed``, ``special_file``, ``empty`` or ``unreadable``, also where the system
            refuses to read on inside the block.
    """
    try:
        if os.path.islink(source.location):  # noqa: PTH114 — unlike Path.is_symlink() it never raises
            raise UnreadableFile("changed", "a link has taken the file's place")
        with open(os.open(source.location, _FLAGS), "rb") as file:  # noqa: PTH123 — a descriptor has no path
            _check(file, source)
            yield file
    except FileNotFoundError:
        raise UnreadableFile("changed", "the file is gone") from None
    except OSError as error:
        raise UnreadableFile("unreadable", error.strerror or type(error).__name__) from error


def check_unchanged(file: BinaryIO, source: SourceFile) -> None:
    """Compare the size with the one that discovery saw.

    Raises:
        UnreadableFile: ``changed``.
    """
    if os.fstat(file.fileno()).st_size != source.size:
        raise UnreadableFile("changed", "the file was written while it was read")


def _check(file: BinaryIO, source: SourceFile) -> None:
    status = os.fstat(file.fileno())
    if not stat.S_ISREG(status.st_mode):
        raise UnreadableFile("special_file", "a pipe, socket or device")
    if status.st_size == 0:
        raise UnreadableFile("empty", "holds no bytes")
    check_unchanged(file, source)
