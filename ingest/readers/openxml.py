"""Parts of an Open XML package and how they refer to each other."""

from __future__ import annotations

import posixpath
import zipfile
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from ingest.readers.markup import parsed

if TYPE_CHECKING:
    from pathlib import Path
    from typing import IO
    from xml.etree.ElementTree import Element


@dataclass(frozen=True, slots=True)
class Relation:
    """What a part refers to."""

    id: str
    kind: str
    """The last word of its type: ``slide``, ``notesSlide``, ``chart``."""
    target: str
    """The name of a part."""


class OpenPackage:
    """An Open XML package that ``check_package`` has let through."""

    def __init__(self, location: Path) -> None:
        self._archive = zipfile.ZipFile(location)
        self._names = frozenset(self._archive.namelist())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._archive.close()

    def root(self, name: str) -> Element | None:
        """A part as a tree, of alternatives only the first; None where there is no such part."""
        if name not in self._names:
            return None
        root = parsed(self._archive.read(name))
        for alternatives in list(root.iter("AlternateContent")):
            for other in list(alternatives)[1:]:
                alternatives.remove(other)
        return root

    def open(self, name: str) -> IO[bytes]:
        """A part as a stream of bytes.

        Raises:
            KeyError: there is no such part.
        """
        return self._archive.open(name)

    def relations(self, name: str) -> tuple[Relation, ...]:
        """What a part refers to inside the package, in the order of writing."""
        folder, _, file = name.rpartition("/")
        root = self.root(posixpath.join(folder, "_rels", f"{file}.rels"))
        return tuple(
            Relation(each.get("Id", ""), each.get("Type", "").rpartition("/")[2], _resolved(folder, target))
            for each in (root if root is not None else ())
            if (target := each.get("Target")) and each.get("TargetMode") != "External"
        )

    def main(self) -> str:
        """The name of the part that everything else hangs from.

        Raises:
            LookupError: the package names none.
        """
        for relation in self.relations(""):
            if relation.kind == "officeDocument":
                return relation.target
        raise LookupError("the package names no main part")


def _resolved(folder: str, target: str) -> str:
    return posixpath.normpath(posixpath.join("/", folder, target)).lstrip("/")
