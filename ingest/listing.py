"""The names of all files below a folder that are not ignored: as Git knows them, else by walking."""

from __future__ import annotations

import os
import stat
import subprocess
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ingest.ignoring import (
    ENVIRONMENT_MARK,
    GIT_RULES,
    LECTERN_RULES,
    IgnoreRules,
    is_generated,
    is_generated_folder,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

_GIT_SECONDS = 60
_GIT = (
    "git",
    # A repository is untrusted input, and its own settings may name programs to run.
    *("-c", "core.fsmonitor=false"),
    *("-c", "core.hooksPath=/dev/null"),
    *("ls-files", "--cached", "--others", "--exclude-standard", "-z"),
)


@dataclass(frozen=True, slots=True)
class Listing:
    """POSIX paths below a root; ``closed`` are the folders that may not be looked into."""

    files: list[str] = field(default_factory=list[str])
    versioned: set[str] = field(default_factory=set[str])
    """Those of ``files`` that Git keeps or would keep."""
    closed: list[str] = field(default_factory=list[str])


def list_files(root: Path) -> Listing:
    """List every file, link and special file below ``root``, once, in no particular order.

    Nothing is opened but ignore files, and no link is followed.
    """
    listing = Listing()
    pending = [""]
    while pending:
        pending += _list_tree(root, pending.pop(), listing)
    return listing


def _list_tree(root: Path, prefix: str, listing: Listing) -> list[str]:
    """List one tree; returns the repositories inside it, which know their own files best."""
    tree = root / prefix
    found = Listing()
    inner: list[str] = []
    tracked = _ask_git(tree)
    if tracked:
        _keep(tree, tracked, found, inner)
    else:
        _walk(tree, found, inner)
    listing.files.extend(prefix + path for path in found.files)
    if tracked:
        listing.versioned.update(prefix + path for path in found.files)
    listing.closed.extend(prefix + path for path in found.closed)
    return [f"{prefix}{path}/" for path in inner]


def _ask_git(tree: Path) -> set[str]:
    """The files that Git tracks or would track; none where it knows nothing or ignores the whole tree."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    environment["GIT_OPTIONAL_LOCKS"] = "0"
    try:
        answer = subprocess.run(  # noqa: S603 — constant arguments
            _GIT, cwd=tree, env=environment, capture_output=True, check=True, timeout=_GIT_SECONDS
        )
    except (OSError, subprocess.SubprocessError):
        return set()
    return set(os.fsdecode(answer.stdout).split("\0")) - {""}


def _keep(tree: Path, tracked: set[str], found: Listing, inner: list[str]) -> None:
    rules = IgnoreRules(tree, [LECTERN_RULES])
    environments = {path.rpartition("/")[0] for path in tracked if path.endswith("/" + ENVIRONMENT_MARK)}
    for path in tracked:
        name = path.removesuffix("/")
        if is_generated(name) or rules.ignores(name) or _is_below(name, environments):
            continue
        # Git names a repository inside this one, or a submodule, and leaves it at that.
        if name != path or _is_folder(f"{tree}/{name}"):
            inner.append(name)
        else:
            found.files.append(name)


def _walk(tree: Path, found: Listing, inner: list[str]) -> None:
    rules = IgnoreRules(tree, [LECTERN_RULES, GIT_RULES])
    pending = [""]
    while pending:
        prefix = pending.pop()
        try:
            with os.scandir(tree / prefix) as scan:
                entries = {entry.name: entry for entry in scan}
        except OSError:
            found.closed.append(prefix.removesuffix("/") or ".")
            continue
        if prefix and ENVIRONMENT_MARK in entries:
            continue
        if prefix and ".git" in entries:
            inner.append(prefix.removesuffix("/"))
            continue
        pending.extend(_sort_entries(prefix, entries.values(), rules, found))


def _sort_entries(
    prefix: str, entries: Iterable[os.DirEntry[str]], rules: IgnoreRules, found: Listing
) -> Iterator[str]:
    """Add the files of a folder to ``found``; yields the folders to look into."""
    for entry in entries:
        path = prefix + entry.name
        if entry.is_dir(follow_symlinks=False):
            if not is_generated_folder(entry.name) and not rules.ignores_folder(path):
                yield path + "/"
        elif not is_generated(path) and not rules.ignores(path):
            found.files.append(path)


def _is_below(path: str, folders: set[str]) -> bool:
    return bool(folders) and any(path.startswith(folder + "/") for folder in folders)


def _is_folder(path: str) -> bool:
    try:
        return stat.S_ISDIR(os.lstat(path).st_mode)
    except OSError:
        return False
