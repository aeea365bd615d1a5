"""Tells when files below folders have changed; the one place that imports ``watchfiles``."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import TYPE_CHECKING

from ingest.ignoring import GIT_RULES, LECTERN_RULES, IgnoreRules

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

SETTLE_MS = 500
"""Changes that follow each other faster are one."""
LOOK_MS = 500
"""How often files that are named by themselves, and the folders' own identity, are looked at."""

Stamp = tuple[int, int, int]


def wait_for_changes(paths: Sequence[Path], own: Path) -> Iterator[None]:
    """Yield once the folders are watched, and after every burst of changes, for ever.

    What is ignored, generated, or in Lectern's ``own`` data folder is no change. A folder that is taken away
    and comes back is one.

    Args:
        paths: files and folders, as `ingest.discovery.discover` takes them.
        own: the data folder.
    """
    kept = _Kept(paths, own.resolve())
    while True:
        folders = [path.resolve() for path in paths if path.is_dir()]
        stamps: list[Stamp | None] | None = None
        for relevant in _bursts(folders, kept):
            found = _stamps(paths)
            if stamps is not None and _identities(found) != _identities(stamps):
                break  # the system watches a folder, not its name: watch the new one
            if relevant or found != stamps:
                stamps = found
                yield


def _bursts(folders: Sequence[Path], kept: _Kept) -> Iterator[bool]:
    """Whether there were changes that matter, at least every `LOOK_MS`."""
    if not folders:
        while True:
            time.sleep(LOOK_MS / 1_000)
            yield False
    from watchfiles import watch  # noqa: PLC0415 — only who watches pays for it

    try:
        for changes in watch(
            *folders,
            watch_filter=None,
            debounce=SETTLE_MS,
            rust_timeout=LOOK_MS,
            yield_on_timeout=True,
            raise_interrupt=True,
            ignore_permission_denied=True,
        ):
            yield kept.any_of(path for _, path in changes)
    except FileNotFoundError:  # a folder went in this moment
        time.sleep(LOOK_MS / 1_000)


class _Kept:
    """Which changes matter."""

    def __init__(self, paths: Sequence[Path], own: Path) -> None:
        self._roots = [path.resolve() for path in paths]
        self._own = own

    def any_of(self, paths: Iterable[str]) -> bool:
        """Whether any of these may change what is read, by the rules as they are now."""
        rules = {root: IgnoreRules(root, [LECTERN_RULES, GIT_RULES]) for root in self._roots if root.is_dir()}
        return any(self._matters(Path(path), rules) for path in paths)

    def _matters(self, path: Path, rules: dict[Path, IgnoreRules]) -> bool:
        if path.is_relative_to(self._own):
            return False
        return any(
            path != root and path.is_relative_to(root) and rule.concerns(path.relative_to(root).as_posix())
            for root, rule in rules.items()
        )


def _stamps(paths: Sequence[Path]) -> list[Stamp | None]:
    """Identity of every path, with size and time where it is a file."""
    return [_stamp(path) for path in paths]


def _stamp(path: Path) -> Stamp | None:
    try:
        found = path.stat()
    except OSError:
        return None
    if os.path.isdir(path):  # noqa: PTH112 — unlike Path.is_dir() it never raises
        return found.st_ino, 0, 0
    return found.st_ino, found.st_size, max(found.st_mtime_ns, found.st_ctime_ns)


def _identities(stamps: Sequence[Stamp | None]) -> list[int | None]:
    return [None if stamp is None else stamp[0] for stamp in stamps]
