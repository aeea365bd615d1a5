"""What takes long to make and never changes is made once and kept in a file; later processes map it.

Its arrays are read where they lie in the file, whose pages are in memory once for all processes.
"""

from __future__ import annotations

import logging
import mmap
import os
import pickle
import secrets
import shutil
import struct
from contextlib import suppress
from typing import TYPE_CHECKING, TypeVar, cast

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

Kept = TypeVar("Kept")

_MAGIC = b"lectern1"
_HEADER = struct.Struct("<8sQQ")
"""The mark, then where the object without its arrays begins, and its bytes."""
_ALIGNED = 64
"""Bytes: arrays begin at multiples of it, as numeric libraries like them."""
_ROOM = 2**30
"""Bytes that must be free beside the file: it only saves time."""
_OTHERS_MAY_WRITE = 0o022
_log = logging.getLogger(__name__)


def kept(path: Path, make: Callable[[], Kept], *, is_sound: Callable[[Kept], bool]) -> Kept:
    """What ``make`` made when it was first asked for, from its file; else it is made, and kept there.

    The file is only a saving: where it cannot be written, is damaged, or might be somebody else's, what it
    would hold is made anew.

    Args:
        path: the file; its name tells all that the object depends on.
        make: makes an object that can be pickled; its arrays become read-only.
        is_sound: tells whether an object from the file does what it should.
    """
    found = cast("Kept | None", _mapped(path))
    if found is not None and _tells(is_sound, found):
        return found
    made = make()
    try:
        _keep(path, made)
    except (OSError, pickle.PicklingError, TypeError, AttributeError) as error:
        _log.debug("%s is not kept: %s", path.name, error)
    return made


def _tells(is_sound: Callable[[Kept], bool], found: Kept) -> bool:
    try:
        return is_sound(found)
    except Exception as error:  # noqa: BLE001 — whatever a damaged object does, there is another way
        _log.debug("what was kept is damaged: %s", error)
        return False


def _mapped(path: Path) -> object | None:
    """What is in the file; None where there is none, it is damaged, or others may have written it."""
    try:
        if not (_is_ours(path.parent) and _is_ours(path)):
            return None
        with path.open("rb") as file:
            view = memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
        mark, begin, size = _HEADER.unpack_from(view)
        if mark != _MAGIC or begin + size != len(view):
            return None
        places, bare = cast("tuple[list[tuple[int, int]], bytes]", pickle.loads(view[begin:]))  # noqa: S301 — only this user can have written it
        return pickle.loads(bare, buffers=[view[first : first + length] for first, length in places])  # noqa: S301 — likewise
    except FileNotFoundError:
        return None
    except Exception as error:  # noqa: BLE001 — bytes that are not what they were raise anything
        _log.debug("%s cannot be read: %s", path, error)
        return None


def _keep(path: Path, made: object) -> None:
    """Write it beside its place, and put it there whole; on return it survives a loss of power."""
    arrays: list[pickle.PickleBuffer] = []
    bare = pickle.dumps(made, 5, buffer_callback=arrays.append)
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    if not _is_ours(path.parent) or shutil.disk_usage(path.parent).free < _ROOM:
        return
    fresh = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    places: list[tuple[int, int]] = []
    try:
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _BINARY, 0o600), "wb") as file:
            file.write(b"\0" * _HEADER.size)
            for array in arrays:
                file.write(b"\0" * (-file.tell() % _ALIGNED))
                data = array.raw()
                places.append((file.tell(), len(data)))
                file.write(data)
            begin = file.tell()
            size = file.write(pickle.dumps((places, bare), 5))
            file.seek(0)
            file.write(_HEADER.pack(_MAGIC, begin, size))
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(path)
    finally:
        with suppress(OSError):
            fresh.unlink(missing_ok=True)


_BINARY = getattr(os, "O_BINARY", 0)


def _is_ours(path: Path) -> bool:
    """Whether nobody but this user can write it: what is unpickled may do anything."""
    if os.name != "posix":
        return True  # a profile's folder is its user's
    status = path.stat()
    return status.st_uid == os.geteuid() and not status.st_mode & _OTHERS_MAY_WRITE
