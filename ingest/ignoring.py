"""What discovery passes over: rules that people wrote, and what is certainly not a source."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from pathspec import GitIgnoreSpec

if TYPE_CHECKING:
    from collections.abc import Sequence

LECTERN_RULES = ".lecternignore"
GIT_RULES = ".gitignore"

ENVIRONMENT_MARK = "pyvenv.cfg"
"""A folder that holds this file is a Python environment, whatever it is called."""

_FOLDERS = frozenset(
    ".git .hg .svn .jj node_modules bower_components __pycache__ .venv .tox .nox .eggs .mypy_cache"
    " .pytest_cache .ruff_cache .hypothesis .lectern .gradle .terraform __MACOSX".split()
)
_FILES = frozenset("package-lock.json npm-shrinkwrap.json pnpm-lock.yaml packages.lock.json".split())
_ENDINGS = (".min.js", ".min.mjs", ".min.css", ".bundle.js")


def is_generated_folder(name: str) -> bool:
    """Whether a folder of this name never holds what people wrote."""
    return name in _FOLDERS


def is_generated(path: str) -> bool:
    """Whether a file, by its POSIX path below the root, is a lock file, a bundle or in a generated folder."""
    *folders, name = path.split("/")
    return name in _FILES or name.endswith(_ENDINGS) or not _FOLDERS.isdisjoint(folders)


class IgnoreRules:
    """Ignore files of one tree, in gitignore's syntax, read as its folders come up."""

    def __init__(self, root: Path, names: Sequence[str]) -> None:
        self._root = root
        self._names = names
        self._in_force: dict[str, tuple[tuple[str, GitIgnoreSpec], ...]] = {}
        self._ignored_folders: dict[str, bool] = {"": False}

    def concerns(self, path: str) -> bool:
        """Whether a change of this file or folder may change what is read: an ignore file's always may."""
        if is_generated(path):
            return False
        return path.rpartition("/")[2] in self._names or not (self.ignores(path) or self.ignores_folder(path))

    def ignores(self, path: str) -> bool:
        """Whether a file is ignored; ``path`` is POSIX and relative to the root."""
        folder = path.rpartition("/")[0]
        return self.ignores_folder(folder) or self._matches(folder, path)

    def ignores_folder(self, path: str) -> bool:
        """Whether a folder is ignored, and with it all that it holds."""
        unknown: list[str] = []
        while path not in self._ignored_folders:
            unknown.append(path)
            path = path.rpartition("/")[0]
        ignored = self._ignored_folders[path]
        for folder in reversed(unknown):
            ignored = ignored or self._matches(folder.rpartition("/")[0], folder + "/")
            self._ignored_folders[folder] = ignored
        return ignored

    def _matches(self, folder: str, path: str) -> bool:
        for prefix, spec in self._rules_of(folder):
            verdict = spec.check_file(path.removeprefix(prefix)).include
            if verdict is not None:
                return verdict
        return False

    def _rules_of(self, folder: str) -> tuple[tuple[str, GitIgnoreSpec], ...]:
        """The rules in force in a folder, the nearest first."""
        missing: list[str] = []
        while folder not in self._in_force:
            missing.append(folder)
            if not folder:
                break
            folder = folder.rpartition("/")[0]
        rules = self._in_force.get(folder, ())
        for below in reversed(missing):
            prefix = f"{below}/" if below else ""
            own = [(prefix, spec) for name in self._names if (spec := self._read(prefix + name))]
            rules = self._in_force[below] = (*own, *rules)
        return rules

    def _read(self, path: str) -> GitIgnoreSpec | None:
        file = f"{self._root}/{path}"
        # Reading a pipe that somebody named .gitignore would never end.
        if not os.path.isfile(file):  # noqa: PTH113 — asked in every folder, where Path costs ten times as much
            return None
        try:
            lines = Path(file).read_text("utf-8", errors="replace").splitlines()
        except OSError:
            return None
        return GitIgnoreSpec.from_lines(filter(_is_rule, lines))


def _is_rule(line: str) -> bool:
    """Git passes over a line that makes no pattern; the whole file must not fall with it."""
    try:
        GitIgnoreSpec.from_lines([line])
    except ValueError:
        return False
    return True
