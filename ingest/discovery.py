"""Which files of the given folders are worth reading, and why the others are not."""

from __future__ import annotations

import os
import re
import stat
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from ingest.errors import UnknownName, UnreadableFile
from ingest.listing import list_files
from ingest.media import language_of, media_type_of
from ingest.model import SourceFile

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence
    from pathlib import Path

    from ingest.errors import FailureReason

_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f]")
"""Characters that move a terminal's cursor."""
MAX_FILE_BYTES = 256 * 2**20


@dataclass(frozen=True, slots=True)
class Skipped:
    """A file that discovery refuses; ``path`` is the name people see."""

    path: str
    reason: FailureReason
    detail: str


Found = SourceFile | Skipped


def discover(roots: Sequence[Path], *, max_bytes: int = MAX_FILE_BYTES) -> Iterator[Found]:
    """Find what to read below folders, or the files that are named themselves; sorted by path.

    Ignored, generated and unsupported files are passed over; a file named by itself never is. A path is
    relative to its root; where two roots hold the same path, every path begins with its root's name.

    Raises:
        UnknownName: a root does not exist.
    """
    for root in roots:
        if not os.path.lexists(root):
            raise UnknownName("path", str(root))
    places: dict[Path, _Place] = {}
    for root in roots:
        for place in _find(root, max_bytes):
            places.setdefault(place.location, place)
    return iter(sorted(_tell_apart(places.values()), key=lambda found: found.path))


@dataclass(frozen=True, slots=True)
class _Place:
    """What was found, where, and below which folder."""

    found: Found
    location: Path
    root: Path


def _find(root: Path, max_bytes: int) -> Iterator[_Place]:
    if not os.path.isdir(root):  # noqa: PTH112 — unlike Path.is_dir() it never raises
        location, found = _judge_named(root, max_bytes)
        yield _Place(found, location, location.parent)
        return
    boundary = root.resolve()
    listing = list_files(boundary)
    for path in listing.closed:
        closed = Skipped(_shown(path), "unreadable", "a folder that may not be opened")
        yield _Place(closed, boundary / path, boundary)
    for path in listing.files:
        location = boundary / path
        found = _judge(path, location, max_bytes, boundary)
        if found and not _is_empty_program(found):
            yield _Place(found, location, boundary)


def _is_empty_program(found: Found) -> bool:
    """Whether this is an empty source file: repositories are full of them, and they hide nothing."""
    if isinstance(found, SourceFile) or found.reason != "empty":
        return False
    media_type = media_type_of(PurePosixPath(found.path))
    return media_type is not None and language_of(media_type) is not None


def _judge_named(path: Path, max_bytes: int) -> tuple[Path, Found]:
    """Judge a file that somebody named by itself: its links are followed, its refusal is reported."""
    name = path.name
    if not os.path.exists(path):  # noqa: PTH110 — unlike Path.exists() it never raises
        return path.absolute(), _dangling(name)
    location = path.resolve()
    unsupported = Skipped(_shown(name), "unsupported", "no reader for this kind of file")
    return location, _judge(name, location, max_bytes, location.parent) or unsupported


def _judge_link(path: str, location: Path, boundary: Path) -> Skipped | None:
    """Judge a link below a folder: never followed, since what it leads to inside is read as itself."""
    try:
        target = location.resolve(strict=True)
    except (OSError, RuntimeError):
        return _dangling(path)
    if target.is_relative_to(boundary) or (media_type_of(location) is None and not target.is_dir()):
        return None
    return Skipped(_shown(path), "outside", "a link that leaves the folder")


def _dangling(path: str) -> Skipped:
    return Skipped(_shown(path), "unreadable", "a link that leads nowhere")


def _judge(path: str, location: Path, max_bytes: int, boundary: Path) -> Found | None:
    """A source, a refusal, or None where the kind of file has no reader. Nothing is opened."""
    try:
        status = location.lstat()
        if stat.S_ISLNK(status.st_mode):
            return _judge_link(path, location, boundary)
        _check_kind(status)
        media_type = media_type_of(PurePosixPath(path))
        if media_type is None:
            return None
        _check_content(location, status, max_bytes)
    except FileNotFoundError:  # Git still lists what was deleted since the last commit
        return None
    except UnreadableFile as error:
        return Skipped(_shown(path), error.reason, error.detail)
    except OSError as error:
        return Skipped(_shown(path), "unreadable", error.strerror or type(error).__name__)
    return SourceFile(_shown(path), location, media_type, status.st_size, status.st_mtime_ns)


def _check_kind(status: os.stat_result) -> None:
    if not stat.S_ISREG(status.st_mode):
        raise UnreadableFile("special_file", "a pipe, socket or device")


def _check_content(location: Path, status: os.stat_result, max_bytes: int) -> None:
    if status.st_size == 0:
        raise UnreadableFile("empty", "holds no bytes")
    if status.st_size > max_bytes:
        raise UnreadableFile("too_large", f"{status.st_size:,} bytes, over the limit of {max_bytes:,}")
    if not os.access(location, os.R_OK):
        raise UnreadableFile("unreadable", "permission denied")


def _shown(path: str) -> str:
    """A file's name may be any bytes; what people see, and the catalog keeps, is Unicode without controls."""
    name = os.fsencode(path).decode("utf-8", "backslashreplace")
    return _CONTROL.sub(lambda found: f"\\x{ord(found[0]):02x}", name)


def _tell_apart(places: Collection[_Place]) -> list[Found]:
    """Put each root's name before its paths, if without it two files would share a path."""
    if len({place.found.path for place in places}) == len(places):
        return [place.found for place in places]
    names = _names_of({place.root for place in places})
    return [replace(place.found, path=f"{names[place.root]}/{place.found.path}") for place in places]


def _names_of(roots: set[Path]) -> dict[Path, str]:
    """As many last parts of each root as it takes to tell all of them apart."""
    depth = 1
    while len({root.parts[-depth:] for root in roots}) < len(roots):
        depth += 1
    return {root: _shown(PurePosixPath(*root.parts[-depth:]).as_posix().strip("/")) for root in roots}
