"""The files of a repository by the ends of their paths, as imports write them."""

from __future__ import annotations

from collections import defaultdict
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

Parts = tuple[str, ...]
LONGEST = 12
"""Parts of a name that are compared, and folders."""
_PACKAGES = frozenset({"__init__", "index", "mod", "lib", "main"})
"""Files that go by the name of their folder."""
_ROOTS = frozenset({"src", "lib", "python", "app", "source"})
"""Folders that imports leave out."""
_SCRIPTS = frozenset({"js", "jsx", "mjs", "cjs", "ts", "tsx", "mts", "cts", "vue", "svelte"})
"""Endings of files that import each other without naming the ending."""


class PathEndings:
    """Finds a file by the last parts of its path.

    A file has several spellings: ``web/parts/index.ts`` is web, parts, index.ts, as well as web, parts, index
    and web, parts. What is looked up costs no more where many files share a name.
    """

    def __init__(self, paths: Iterable[str]) -> None:
        self._whole: dict[Parts, list[str]] = defaultdict(list)
        self._endings: dict[Parts, list[str]] = defaultdict(list)
        self._below: dict[Parts, dict[Parts, list[str]]] = {}
        self._chosen: dict[tuple[Parts, Parts | None, str], str] = {}
        for path in paths:
            for spelling in _spellings(path):
                self._whole[spelling].append(path)
                for ending in _endings(spelling, path):
                    self._endings[ending].append(path)

    def exact(self, parts: Parts, importer: str) -> str | None:
        """The file whose whole path is spelled so."""
        return self._best(self._whole.get(parts, ()), parts, None, importer)

    def nearest(self, parts: Parts, importer: str) -> str | None:
        """The file whose path ends so; of several the one that shares most folders with the importer."""
        found = self._endings.get(parts, ())
        if len(found) <= 1:
            return found[0] if found else None
        if parts not in self._below:
            self._below[parts] = _by_folder(found)
        below = self._below[parts]
        folder = next(folder for folder in folders_up(importer) if folder in below)
        return self._best(below[folder], parts, folder, importer)

    def _best(self, paths: Sequence[str], parts: Parts, folder: Parts | None, importer: str) -> str | None:
        """The file that fits best, remembered: many importers ask alike."""
        asked = (parts, folder, _ending(importer))
        if paths and asked not in self._chosen:
            self._chosen[asked] = min(paths, key=lambda path: _fit(path, asked[-1]))
        return self._chosen.get(asked)


def folders_up(path: str) -> Iterator[Parts]:
    """The folders around a file, the innermost first and the root, (), last."""
    folders = PurePosixPath(path).parts[:-1][:LONGEST]
    for depth in range(len(folders), -1, -1):
        yield folders[:depth]


def _spellings(path: str) -> Iterator[Parts]:
    """With the ending, without it, without all endings, and, of a package, its folder."""
    pure = PurePosixPath(path)
    folder = pure.parts[:-1]
    word = pure.stem.partition(".")[0]
    names = dict.fromkeys((pure.name, pure.stem, word or pure.stem))
    yield from ((*folder, name) for name in names)
    if word in _PACKAGES:
        yield folder


def _endings(spelling: Parts, path: str) -> Iterator[Parts]:
    for length in range(1, min(len(spelling), LONGEST) + 1):
        if length > 1 or _may_stand_alone(spelling, path):
            yield spelling[-length:]


def _may_stand_alone(spelling: Parts, path: str) -> bool:
    """A lone word such as ``json`` names a file only at the root of the sources, ``list.h`` anywhere.

    ``chart.js`` is a package from elsewhere.
    """
    *before, last = spelling
    is_file_name = last == _name(path) and _ending(path) not in _SCRIPTS
    return is_file_name or not before or before[-1] in _ROOTS


def _by_folder(paths: Iterable[str]) -> dict[Parts, list[str]]:
    """The files under each folder, at any depth."""
    below: dict[Parts, list[str]] = defaultdict(list)
    for path in paths:
        for folder in folders_up(path):
            below[folder].append(path)
    return below


def _fit(path: str, wanted: str) -> tuple[bool, int, bool, int, str]:
    """Less is better.

    A style sheet, a test or a declaration of types that stands beside a program goes by its name, too.
    """
    ending = _ending(path)
    foreign = ending != wanted and not {ending, wanted} <= _SCRIPTS
    return foreign, _name(path).count("."), ending != wanted, path.count("/"), path


def _ending(path: str) -> str:
    return _name(path).rpartition(".")[2].lower()


def _name(path: str) -> str:
    return path.rpartition("/")[2]
