"""Files and folders copied within a disk: cheaply, and with their holes."""

from __future__ import annotations

import errno
import os
import shutil
from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_PIECE = 2**20


def copy_folder(source: Path, target: Path) -> None:
    """Copy all files of a folder that nobody writes in; holes stay holes, where the system tells of them."""
    for path in sorted(source.rglob("*")):
        if path.is_file() and not path.is_symlink():
            copy = target / path.relative_to(source)
            copy.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            copy_file(path, copy)


def copy_file(source: Path, target: Path) -> None:
    """Copy a file: an index preallocates far more than it fills."""
    with source.open("rb") as read, target.open("xb") as written:
        if not hasattr(os, "SEEK_DATA"):
            shutil.copyfileobj(read, written, _PIECE)
            return
        size = os.fstat(read.fileno()).st_size
        written.truncate(size)
        for begin, end in _extents(read.fileno(), size):
            _copy_range(read, written, begin, end)


def link_folder(source: Path, target: Path) -> None:
    """Give files a second name: they may be replaced and deleted, but nobody writes in them again."""
    if source.is_dir():
        shutil.copytree(source, target, copy_function=_link)


def _link(source: str, target: str) -> str:
    try:
        os.link(source, target)
    except OSError:  # another disk, or one without links
        shutil.copyfile(source, target)
    return target


def _extents(descriptor: int, size: int) -> Iterator[tuple[int, int]]:
    """Where a file holds data."""
    begin = 0
    while begin < size:
        try:
            begin = os.lseek(descriptor, begin, os.SEEK_DATA)
        except OSError as error:
            if error.errno == errno.ENXIO:  # nothing but a hole is left
                return
            raise
        end = os.lseek(descriptor, begin, os.SEEK_HOLE)
        yield begin, end
        begin = end


def _copy_range(read: BinaryIO, written: BinaryIO, begin: int, end: int) -> None:
    read.seek(begin)
    written.seek(begin)
    while begin < end:
        piece = read.read(min(_PIECE, end - begin))
        if not piece:
            return
        written.write(piece)
        begin += len(piece)
