"""Which files of the given folders are worth reading, and why the others are not."""

from __future__ import annotations

import os
import stat
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from ingest.errors import UnknownName, UnreadableFile
from ingest.listing import list_files
from ingest.media import IMAGES, UNKNOWN, language_of, media_type_of
from ingest.model import SourceFile
from ingest.showing import shown_path

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from ingest.errors import FailureReason

    Placed = Callable[[Collection[str], Iterable[str]], Mapping[str, str]]
    """For paths that have been given before, where their files lie; empty where that is no file.

    Asked for at least those of files that lie at the first, and those that are among the second.
    """

MAX_FILE_BYTES = 256 * 2**20


@dataclass(frozen=True, slots=True)
class Skipped:
    """A file that discovery refuses; ``path`` is the name people see."""

    path: str
    location: Path
    reason: FailureReason
    detail: str


Found = SourceFile | Skipped


@dataclass(frozen=True, slots=True)
class Discovery:
    """What lies in the given folders."""

    found: list[Found]
    """Sorted by path."""
    passed_over: Counter[str]
    """How many files of each ending have no reader, hidden ones aside; ``""`` stands for no ending."""
    roots: tuple[str, ...] = ()
    """Where the folders and files lie, as `location_of` says it."""


def nothing_placed(_lying: Collection[str], _paths: Iterable[str]) -> Mapping[str, str]:
    """No path has been given before."""
    return {}


def discover(
    roots: Sequence[Path],
    *,
    max_bytes: int = MAX_FILE_BYTES,
    placed: Placed = nothing_placed,
    every_kind: bool = False,
) -> Discovery:
    """Find what to read below folders, or the files that are named themselves.

    Ignored and generated files are passed over, and kinds of files without a reader; a file named by itself
    never is. A path is relative to its root, see `_name`.

    Args:
        roots: files and folders.
        max_bytes: a larger file is refused.
        placed: tells which paths are given, see `Placed`.
        every_kind: take files too that Lectern has no reader for, unless they are hidden.

    Raises:
        UnknownName: a root does not exist.
    """
    for root in roots:
        if not os.path.lexists(root):
            raise UnknownName("path", str(root))
    passed_over = Counter[str]()
    places: dict[Path, _Place] = {}
    for root in roots:
        for place in _find(root, max_bytes, passed_over, every_kind=every_kind):
            places.setdefault(place.found.location, place)
    named = _name(list(places.values()), placed)
    lying = tuple(shown_path(str(root.resolve())) for root in roots)
    return Discovery(sorted(named, key=lambda found: found.path), passed_over, lying)


@dataclass(frozen=True, slots=True)
class _Place:
    """What was found, and below which folder."""

    found: Found
    root: Path


def _find(root: Path, max_bytes: int, passed_over: Counter[str], *, every_kind: bool) -> Iterator[_Place]:
    if not os.path.isdir(root):  # noqa: PTH112 — unlike Path.is_dir() it never raises
        found = _judge_named(root, max_bytes, every_kind=every_kind)
        yield _Place(found, found.location.parent)
        return
    boundary = root.resolve()
    listing = list_files(boundary)
    for path in listing.closed:
        location = boundary / path
        yield _Place(
            Skipped(shown_path(path), location, "unreadable", "a folder that may not be opened"), boundary
        )
    for path in listing.files:
        if path in listing.versioned and not every_kind and media_type_of(PurePosixPath(path)) in IMAGES:
            # A repository's images are its icons and illustrations, and each would take seconds.
            passed_over[shown_path(PurePosixPath(path).suffix.lower())] += 1
            continue
        found = _judge(path, boundary / path, max_bytes, boundary, passed_over, every_kind=every_kind)
        if found and not _is_empty_program(found):
            yield _Place(found, boundary)


def _is_empty_program(found: Found) -> bool:
    """Whether this is an empty source file: repositories are full of them, and they hide nothing."""
    if isinstance(found, SourceFile) or found.reason != "empty":
        return False
    media_type = media_type_of(PurePosixPath(found.path))
    return media_type is not None and language_of(media_type) is not None


def _judge_named(path: Path, max_bytes: int, *, every_kind: bool) -> Found:
    """Judge a file that somebody named by itself: its links are followed, its refusal is reported."""
    name = path.name
    if not os.path.exists(path):  # noqa: PTH110 — unlike Path.exists() it never raises
        return _dangling(name, path.absolute())
    location = path.resolve()
    found = _judge(name, location, max_bytes, location.parent, Counter(), every_kind=every_kind)
    return found or Skipped(shown_path(name), location, "unsupported", "no reader for this kind of file")


def judge_file(path: str, location: Path, max_bytes: int) -> Found:
    """Judge a file that goes by a path of somebody's choice, wherever it lies; nothing is opened."""
    if not location.exists():
        return Skipped(shown_path(path), location, "changed", "the file is gone")
    found = _judge(path, location, max_bytes, location.parent, Counter(), every_kind=False)
    return found or Skipped(shown_path(path), location, "unsupported", "no reader for this kind of file")


def _judge_link(path: str, location: Path, boundary: Path) -> Skipped | None:
    """Judge a link below a folder: never followed, since what it leads to inside is read as itself."""
    try:
        target = location.resolve(strict=True)
    except (OSError, RuntimeError):
        return _dangling(path, location)
    if target.is_relative_to(boundary) or (media_type_of(location) is None and not target.is_dir()):
        return None
    return Skipped(shown_path(path), location, "outside", "a link that leaves the folder")


def _dangling(path: str, location: Path) -> Skipped:
    return Skipped(shown_path(path), location, "unreadable", "a link that leads nowhere")


def _judge(
    path: str,
    location: Path,
    max_bytes: int,
    boundary: Path,
    passed_over: Counter[str],
    *,
    every_kind: bool,
) -> Found | None:
    """A source, a refusal, or None where the kind of file has no reader. Nothing is opened."""
    try:
        status = location.lstat()
        if stat.S_ISLNK(status.st_mode):
            return _judge_link(path, location, boundary)
        _check_kind(status)
        media_type = media_type_of(PurePosixPath(path))
        if media_type is None and every_kind and not location.name.startswith("."):
            media_type = UNKNOWN
        if media_type is None:
            if not location.name.startswith("."):
                passed_over[shown_path(location.suffix.lower())] += 1
            return None
        _check_content(location, status, max_bytes)
    except FileNotFoundError:  # Git still lists what was deleted since the last commit
        return None
    except UnreadableFile as error:
        return Skipped(shown_path(path), location, error.reason, error.detail)
    except OSError as error:
        return Skipped(shown_path(path), location, "unreadable", error.strerror or type(error).__name__)
    # Archives and copies may set the time of change; the time of the entry's own change nobody can set.
    changed = max(status.st_mtime_ns, status.st_ctime_ns)
    return SourceFile(shown_path(path), location, media_type, status.st_size, changed)


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


def location_of(source: Found) -> str:
    """Where a file lies, as the catalog keeps it."""
    return shown_path(str(source.location))


def is_below(location: str, folders: Iterable[str]) -> bool:
    """Whether a location is one of these, or lies below it; the empty one is nowhere."""
    return bool(location) and any(
        location == folder or location.startswith(folder.rstrip(os.sep) + os.sep) for folder in folders
    )


def is_vacant(location: str) -> bool:
    """Whether nothing lies at a location any more; of one that is shown otherwise than named nobody knows."""
    escaped = "\\x" in location or "\\u" in location
    return bool(location) and not escaped and not os.path.lexists(location)


def _name(places: Sequence[_Place], placed: Placed) -> list[Found]:
    """Give every file the path that people see.

    A file that has a path keeps it, from whichever folder it is reached. A new one is named relative to its
    root; where two roots hold the same path, every path begins with its root's name. A path that another file
    goes by, and that file is still there, gets as much of its root before it as it takes.
    """
    lying = {location_of(place.found) for place in places}
    known = placed(lying, (path for place in places for path in _candidates(place, 0)))
    paths = {location: path for path, location in known.items() if location}
    old = [place for place in places if location_of(place.found) in paths]
    new = [place for place in places if location_of(place.found) not in paths]
    named = {paths[location_of(place.found)]: place.found for place in old}
    depths = _depths(new)
    for place in new:
        path, *longer = _candidates(place, depths.get(place.root, 0))
        while longer and (path in named or _is_taken(path, place, known)):
            path, *longer = longer
        named[path] = place.found
    return [replace(found, path=path) for path, found in named.items()]


def _depths(places: Sequence[_Place]) -> dict[Path, int]:
    """As many last parts of each root as it takes to tell all files apart: none where all paths differ."""
    if len({place.found.path for place in places}) == len(places):
        return {}
    roots = {place.root for place in places}
    depth = 1
    while len({root.parts[-depth:] for root in roots}) < len(roots):
        depth += 1
    return dict.fromkeys(roots, depth)


def _candidates(place: _Place, depth: int) -> Iterator[str]:
    """Its path with so many last parts of its root before it, and with more and more; never none."""
    for each in range(depth, max(depth, len(place.root.parts)) + 1):
        yield _path(place, each)


def _path(place: _Place, depth: int) -> str:
    parents = place.root.parts[len(place.root.parts) - depth :]
    above = PurePosixPath(*parents).as_posix().strip("/") + "/" if parents else ""
    return shown_path(above) + place.found.path


def _is_taken(path: str, place: _Place, known: Mapping[str, str]) -> bool:
    """Whether another file goes by this path; one that was moved or removed leaves it to its successor."""
    location = known.get(path)
    if location is None or location == location_of(place.found):
        return False
    return not location or os.path.lexists(location)
