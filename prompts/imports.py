"""Which file of a repository an import leads to, as far as its words tell; nothing is run."""

from __future__ import annotations

import posixpath
import re
from collections import Counter, defaultdict
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from prompts.go_packages import GoPackages, is_go, package_of
from prompts.path_endings import PathEndings

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from ingest.model import Import
    from prompts.path_endings import Parts

_SEPARATORS = re.compile(r"[./:\\]+")
_OWN = frozenset({"", "crate", "self", "super", "@"})
"""What stands for the repository, or for a place in it."""
_COMPILED = re.compile(r"(?<=/)([^/]*)\.[cm]?jsx?$")
"""A script that may have another ending: ``./cart.js`` is made of cart.ts."""


class Importing:
    """The imports between the files of one repository.

    An import of Go leads to a package, and counts once for each of its files except tests.
    """

    def __init__(self, files: Iterable[tuple[str, Sequence[Import]]]) -> None:
        known = list(files)
        self._paths = PathEndings(path for path, _ in known)
        self._go = GoPackages(known)
        self._importers: dict[str | Parts, set[str]] = defaultdict(set)
        self._taken: dict[str, Counter[str]] = defaultdict(Counter)
        for path, imports in known:
            if is_go(path):
                self._count_packages(path, imports)
            else:
                self._count_files(path, imports)

    def importers(self, path: str) -> frozenset[str]:
        """The other files that import this one, or its package."""
        package = package_of(path)
        return frozenset(self._importers.get(path if package is None else package, ())) - {path}

    def names_taken(self, path: str) -> Counter[str]:
        """How often other files take each name of this one."""
        return self._taken[path]

    def _count_packages(self, path: str, imports: Sequence[Import]) -> None:
        for package in self._go.imported(path, imports):
            self._importers[package].add(path)

    def _count_files(self, path: str, imports: Iterable[Import]) -> None:
        for one in imports:
            for target, names in self._targets(path, one):
                if target != path:
                    self._importers[target].add(path)
                    self._taken[target].update(names)

    def _targets(self, path: str, one: Import) -> Iterator[tuple[str, Sequence[str]]]:
        written = self._written(path, one.module)
        if written is None:
            yield from self._named(path, one)
        else:
            yield written, one.names

    def _written(self, path: str, module: str) -> str | None:
        """The file of a name with dots: ``./parts/index.js``, ``list.h``, ``./cart.component``."""
        parts = tuple(part for part in module.split("/") if part not in _OWN)
        if not parts or "." not in parts[-1].strip("."):
            return None
        if module.startswith(("./", "../")):
            return self._paths.exact(_joined(path, module), path)
        return self._paths.nearest(parts, path)

    def _named(self, path: str, one: Import) -> Iterator[tuple[str, Sequence[str]]]:
        """``from a import b`` leads to a/b.py where there is one, else to a.py."""
        find = self._paths.exact if one.module.startswith(".") else self._paths.nearest
        parts = _parts(path, one.module)
        left: list[str] = []
        for name in one.names:
            target = find((*parts, name), path)
            if target is None:
                left.append(name)
            else:
                yield target, ()
        target = find(parts, path)
        if target is None and len(parts) > 1 and not one.names:
            target, left = find(parts[:-1], path), [parts[-1]]
        if target is not None:
            yield target, left


def _parts(path: str, module: str) -> Parts:
    """The parts of a module's name, from the root on where it is written from the importer's folder."""
    if module.startswith(("./", "../")):
        return _joined(path, _COMPILED.sub(r"\1", module))
    named = tuple(part for part in _SEPARATORS.split(_COMPILED.sub(r"\1", module)) if part not in _OWN)
    if not module.startswith("."):
        return named
    folders = PurePosixPath(path).parent.parts
    ups = len(module) - len(module.lstrip(".")) - 1
    return (*folders[: max(len(folders) - ups, 0)], *named)


def _joined(path: str, written: str) -> Parts:
    """Where a path leads that is written from the importer's folder: ``../client``."""
    return PurePosixPath(posixpath.normpath(posixpath.join(posixpath.dirname(path), written))).parts
