"""The files that an import of Go leads to: all those of a folder, since a package is compiled whole.

What stands before the folder, ``github.com/acme/shop``, is written in go.mod, which is no program. So it is
told from the imports: it is what leaves the names of the most folders.
"""

from __future__ import annotations

from collections import defaultdict
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from prompts.path_endings import LONGEST, folders_up

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ingest.model import Import
    from prompts.path_endings import Parts

_STANDARD = frozenset(
    """archive bufio bytes cmp compress container context crypto database debug embed encoding errors expvar
    flag fmt go hash html image index io iter log maps math mime net os path plugin reflect regexp runtime
    slices sort strconv strings structs sync syscall testing text time unicode unique unsafe weak""".split()
)
"""How imports of the standard library begin."""


class GoPackages:
    """The packages of one repository, or of several that lie in folders; a package is named by its folder."""

    def __init__(self, files: Iterable[tuple[str, Sequence[Import]]]) -> None:
        programs = [(path, imports) for path, imports in files if is_go(path)]
        self._folders = {_folder(path) for path, _ in programs if not _is_test(path)}
        self._modules = self._tell_modules(programs)

    def imported(self, path: str, imports: Sequence[Import]) -> set[Parts]:
        """The folders of the packages that a program imports, of the one module that it is a part of."""
        modules = [self._in_module(base, imports) for base in folders_up(path)]
        return max(reversed(modules), key=len)

    def _in_module(self, base: Parts, imports: Iterable[Import]) -> set[Parts]:
        """The packages that imports name, if the module lies in this folder."""
        name = self._modules.get(base)
        if name is None:
            return set()
        parts = [_split(one.module) for one in imports]
        folders = {(*base, *each[len(name) :]) for each in parts if each and each[: len(name)] == name}
        return folders & self._folders

    def _tell_modules(self, programs: Iterable[tuple[str, Sequence[Import]]]) -> dict[Parts, Parts]:
        """By a folder, how the imports of the programs below it name this folder."""
        led: dict[Parts, dict[Parts, set[Parts]]] = defaultdict(lambda: defaultdict(set))
        asked = {
            (base, one.module) for path, imports in programs for base in folders_up(path) for one in imports
        }
        for base, module in asked:
            parts = _split(module)
            starts = (start for start in range(len(parts)) if (*base, *parts[start:]) in self._folders)
            start = next(starts, None)
            if start is not None:
                led[base][parts[:start]].add(parts[start:])
        return {base: max(names, key=lambda name: (len(names[name]), name)) for base, names in led.items()}


def is_go(path: str) -> bool:
    """Whether a file is a program of Go."""
    return path.endswith(".go")


def package_of(path: str) -> Parts | None:
    """The folder of the package that a file is a part of; None for a test and for other languages."""
    return _folder(path) if is_go(path) and not _is_test(path) else None


def _is_test(path: str) -> bool:
    return path.endswith("_test.go")


def _folder(path: str) -> Parts:
    return PurePosixPath(path).parts[:-1]


def _split(module: str) -> Parts:
    """The parts of an import; none of the standard library's and of one that is too long to be a folder's."""
    parts = tuple(module.split("/"))
    return parts if parts[0] not in _STANDARD and len(parts) <= LONGEST else ()
