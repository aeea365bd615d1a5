"""The map of a repository: its most important files as a tree, with the names that each defines.

A file is important when many others import it. The map is drawn from values alone, so the same files always
give the same bytes.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from prompts.imports import Importing
from prompts.render import quote

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Callable, Iterable, Sequence

    from ingest.model import Import

MAP_TOKENS = 2_000
"""Tokens of a map at most."""
MOST_NAMES = 12
"""Names shown of one file: those that others import most."""
NAMES_ASIDE = 3
"""Likewise, of tests and documentation, whose names say little."""
_LONGEST_NAME = 60
_LONGEST_PATH = 160
_ASIDE = frozenset(
    """test tests testing spec specs __tests__ fixtures doc docs documentation example examples samples
    demo demos bench benchmarks vendor third_party node_modules""".split()
)
_TEST = re.compile(r"^test_|_(?:test|spec)\.|\.(?:test|spec)\.|(?<=[a-z])Tests?\.")
_HEADER = (
    "Map of the repository: {shown} of {all} files, those that most others import, and what they define.\n"
)


@dataclass(frozen=True, slots=True)
class ProgramFile:
    """A program as the map needs it."""

    path: str
    names: tuple[str, ...]
    """Of its outermost symbols, in the order of the text."""
    imports: tuple[Import, ...]


def draw_map(files: Iterable[ProgramFile], count: Callable[[str], int], *, tokens: int = MAP_TOKENS) -> str:
    """The most important files in the order of their paths; empty where not even one fits.

    Args:
        files: programs of one collection, in any order.
        count: tokens of a text.
        tokens: what the map may take.
    """
    ordered = sorted(files, key=lambda file: file.path)
    importing = Importing((file.path, file.imports) for file in ordered)
    lines = {file.path: _line(file, importing.names_taken(file.path)) for file in ordered}
    shown: list[str] = []
    room = tokens - count(_HEADER)
    folders: set[str] = set()
    aside = frozenset(filter(is_aside, lines))
    for path in sorted(lines, key=lambda path: _rank(path, importing.importers(path), aside)):
        folder = _folder(path)
        cost = count(lines[path]) + (0 if folder in folders else count(f"{folder}\n"))
        if cost <= room:
            room -= cost
            folders.add(folder)
            shown.append(path)
    while shown and count(_render(shown, lines, len(ordered))) > tokens:
        shown.pop()
    return _render(shown, lines, len(ordered)) if shown else ""


def is_aside(path: str) -> bool:
    """Whether a path leads to tests, documentation, examples or other people's code."""
    *folders, name = path.split("/")
    return not _ASIDE.isdisjoint(map(str.lower, folders)) or _TEST.search(name) is not None


def _rank(path: str, importers: frozenset[str], aside: frozenset[str]) -> tuple[bool, int, int, str]:
    return path in aside, -len(importers - aside), path.count("/"), path


def _line(file: ProgramFile, taken: Counter[str]) -> str:
    """``  app.py: Flask, run``; a file that defines nothing is shown by its name alone."""
    public = [name for name in dict.fromkeys(file.names) if not name.startswith("_") or taken[name]]
    most = NAMES_ASIDE if is_aside(file.path) else MOST_NAMES
    best = sorted(public, key=lambda name: -taken[name])[:most]
    names = [_plain(name, _LONGEST_NAME) for name in public if name in best]
    more = ["…"] if len(public) > len(names) else []
    said = f": {', '.join((*names, *more))}" if names else ""
    return f"  {_plain(PurePosixPath(file.path).name, _LONGEST_PATH)}{said}\n"


def _render(shown: Sequence[str], lines: dict[str, str], everything: int) -> str:
    parts = [_HEADER.format(shown=len(shown), all=everything)]
    folder = ""
    for path in sorted(shown, key=lambda path: (_folder(path), path)):
        if _folder(path) != folder:
            folder = _folder(path)
            parts.append(f"{folder}\n")
        parts.append(lines[path])
    return quote("".join(parts))


def _folder(path: str) -> str:
    parent = _plain(str(PurePosixPath(path).parent), _LONGEST_PATH)
    return "./" if parent == "." else f"{parent}/"


def _plain(words: str, longest: int) -> str:
    """On one line whatever a file is called."""
    return " ".join(words.split())[:longest]
