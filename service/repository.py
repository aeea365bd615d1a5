"""The map of a collection's programs, for the first turn of a conversation about them."""

from __future__ import annotations

from collections import OrderedDict
from threading import Lock
from typing import TYPE_CHECKING

from ingest.media import language_of
from prompts.outermost import outermost_names
from prompts.repository import ProgramFile, draw_map

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ingest.catalog.records import CollectionRecord, VersionRecord
    from service.library import Library

MOSTLY = 0.5
"""Share of a collection's documents that are programs, from which on it is about them."""
FEWEST = 5
"""Programs: fewer need no map."""
MOST = 5_000
"""Programs that are looked at: a map of more takes too long to draw while somebody waits."""
_Key = tuple[str, str, tuple[tuple[int, str], ...]]
_REMEMBERED_FILES = 20_000
_REMEMBERED_MAPS = 16


class RepositoryMaps:
    """Draws maps, and remembers what it has read for them: versions never change."""

    def __init__(self, library: Library) -> None:
        self._library = library
        self._files: OrderedDict[tuple[str, str, int], ProgramFile] = OrderedDict()
        self._maps: OrderedDict[_Key, str] = OrderedDict()
        self._lock = Lock()

    def card(self, collection: CollectionRecord, count: Callable[[str], int]) -> str:
        """The map of the collection as it is now; empty where it is not about programs.

        A conversation keeps the map of its first turn: it is a part of the message that was sent.
        """
        kinds = self._library.catalog.ready_kinds(collection)
        number = _programs(kinds)
        if not FEWEST <= number <= MOST or not _mostly(number, sum(kinds.values())):
            return ""
        versions = self._library.catalog.ready_versions(collection)
        programs = [version for version in versions if language_of(version.media_type)]
        named = tuple((version.number, version.path) for version in programs)
        key = (collection.tenant, collection.name, named)
        with self._lock:
            if key in self._maps:
                self._maps.move_to_end(key)
                return self._maps[key]
        drawn = draw_map([self._file(version) for version in programs], count)
        with self._lock:
            self._maps[key] = drawn
            while len(self._maps) > _REMEMBERED_MAPS:
                self._maps.popitem(last=False)
        return drawn

    def _file(self, version: VersionRecord) -> ProgramFile:
        key = (version.tenant, version.collection, version.number)
        with self._lock:
            known = self._files.get(key)
        if known is not None and known.path == version.path:
            return known
        # Past the library's memory of contents: all the collection's would drive out what is asked about.
        document = self._library.catalog.content(*key).document
        made = ProgramFile(version.path, outermost_names(document.symbols), document.imports)
        with self._lock:
            self._files[key] = made
            while len(self._files) > _REMEMBERED_FILES:
                self._files.popitem(last=False)
        return made


def is_about_programs(kinds: Mapping[str, int]) -> bool:
    """Whether documents, counted by media type, are mostly programs."""
    return _mostly(_programs(kinds), sum(kinds.values()))


def _programs(kinds: Mapping[str, int]) -> int:
    return sum(held for kind, held in kinds.items() if language_of(kind))


def _mostly(programs: int, documents: int) -> bool:
    return programs > 0 and programs >= MOSTLY * documents
