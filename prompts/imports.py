"""Which file of a repository an import leads to, as far as its words tell; nothing is run."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from ingest.model import Import

_PARTS = re.compile(r"[./:\\]+")
_PACKAGES = frozenset({"__init__", "index", "mod", "lib", "main"})
"""Files that go by the name of their folder."""
_ROOTS = frozenset({"src", "lib", "python", "app", "source"})
"""Folders that imports leave out."""
_LONGEST = 12
"""Parts of a name that are compared."""

Key = tuple[str, ...]


class Importing:
    """The imports between the files of one repository."""

    def __init__(self, files: Iterable[tuple[str, Sequence[Import]]]) -> None:
        known = list(files)
        self._by_last: dict[str, list[tuple[Key, str]]] = defaultdict(list)
        for path, _ in known:
            key = _key(path)
            if key:
                self._by_last[key[-1]].append((key, path))
        self._importers: dict[str, set[str]] = defaultdict(set)
        self._taken: dict[str, Counter[str]] = defaultdict(Counter)
        for path, imports in known:
            for one in imports:
                self._count(path, one)

    def importers(self, path: str) -> frozenset[str]:
        """The other files that import this one."""
        return frozenset(self._importers[path])

    def names_taken(self, path: str) -> Counter[str]:
        """How often other files take each name of this one."""
        return self._taken[path]

    def _count(self, path: str, one: Import) -> None:
        for target, names in self._targets(path, one):
            if target != path:
                self._importers[target].add(path)
                self._taken[target].update(names)

    def _targets(self, path: str, one: Import) -> Iterator[tuple[str, Sequence[str]]]:
        """``from a import b`` leads to a/b.py where there is one, else to a.py."""
        module = one.module
        within = _relative_to(path, module)
        parts = (*within, *_split(module))
        left: list[str] = []
        for name in one.names:
            target = self._find(path, (*parts, name), relative=bool(within))
            if target is None:
                left.append(name)
            else:
                yield target, ()
        target = self._find(path, parts, relative=bool(within))
        if target is None and len(parts) > 1 and not one.names:
            target, left = self._find(path, parts[:-1], relative=bool(within)), [parts[-1]]
        if target is not None:
            yield target, left

    def _find(self, path: str, parts: Key, *, relative: bool) -> str | None:
        """The file whose path ends in these parts; of several the nearest, then the shortest."""
        if not parts:
            return None
        found = [
            (key, target) for key, target in self._by_last.get(parts[-1], ()) if _ends(key, parts, relative)
        ]
        own = _key(path)
        best = min(found, key=lambda one: (-_shared(one[0], own), len(one[0]), one[1]), default=None)
        return best[1] if best else None


def _key(path: str) -> Key:
    """``src/flask/app.py`` is flask, app; ``flask/__init__.py`` is flask."""
    pure = PurePosixPath(path)
    stem = pure.name.split(".", 1)[0]
    parts = (*pure.parts[:-1], *(() if stem in _PACKAGES else (stem,)))
    return parts[-_LONGEST:]


def _split(module: str) -> Key:
    """The parts of a module's name, without the ending of a file."""
    words = re.sub(r"\.(?:js|ts|jsx|tsx|mjs|cjs|h|hpp|hh|py|go|rb|php|scss|css)$", "", module)
    return tuple(part for part in _PARTS.split(words) if part and part not in {"crate", "self", "super", "@"})


def _relative_to(path: str, module: str) -> Key:
    """The folder that a relative import starts from: ``.client``, ``../client``; nothing for others."""
    folder = PurePosixPath(path).parent.parts
    if module.startswith(("./", "../")):
        ups = module.split("/").count("..")
    elif module.startswith("."):
        ups = len(module) - len(module.lstrip(".")) - 1
    else:
        return ()
    return folder[: len(folder) - ups] if ups else folder


def _ends(key: Key, parts: Key, relative: bool) -> bool:
    """A lone word such as ``json`` names a file only at the root of the sources."""
    if relative:
        return key == parts
    before = key[: -len(parts)]
    return key[-len(parts) :] == parts and (len(parts) > 1 or not before or before[-1] in _ROOTS)


def _shared(one: Key, other: Key) -> int:
    shared = 0
    for mine, theirs in zip(one, other, strict=False):
        if mine != theirs:
            break
        shared += 1
    return shared
