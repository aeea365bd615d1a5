"""Versions whose titles or paths hold certain words: only those that have come since are looked at."""

from __future__ import annotations

from dataclasses import dataclass, replace
from time import monotonic
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Container

    from ingest.catalog.catalog import Catalog
    from ingest.catalog.records import CollectionRecord, VersionRecord

BELIEVED_SECONDS = 60.0
"""A version keeps its number when its file is given another name: after so long all are looked at again."""
_REMEMBERED = 1_000
"""Collections."""


@dataclass(frozen=True, slots=True)
class _Seen:
    numbers: tuple[int, ...]
    """Of versions that were found, ascending."""
    upto: int
    """All versions up to this number have been looked at, and none of them was pending then."""
    until: float


class Titled:
    """Remembers, for each collection, what was found: to look at a title takes 4 µs, and a search has to."""

    def __init__(self, catalog: Catalog, *, now: Callable[[], float] = monotonic) -> None:
        self._catalog = catalog
        self._now = now
        self._seen: dict[tuple[str, str, tuple[str, ...]], _Seen] = {}

    def newest(
        self,
        collection: CollectionRecord,
        words: tuple[str, ...],
        *,
        among: Container[int] | None,
        limit: int,
    ) -> list[VersionRecord]:
        """The ready versions that hold one of the words, the newest first; ``among`` are the only numbers."""
        numbers = self._numbers(collection, words)
        chosen = [number for number in reversed(numbers) if among is None or number in among]
        found: list[VersionRecord] = []
        for first in range(0, len(chosen), limit):
            part = chosen[first : first + limit]
            held = self._catalog.numbered(collection.tenant, collection.name, part)
            found += [held[number] for number in part if number in held and held[number].state == "ready"]
            if len(found) >= limit:
                break
        return found[:limit]

    def _numbers(self, collection: CollectionRecord, words: tuple[str, ...]) -> tuple[int, ...]:
        key = (collection.tenant, collection.name, words)
        seen = self._seen.get(key)
        if seen is None or self._now() >= seen.until:
            seen = _Seen((), 0, self._now() + BELIEVED_SECONDS)
        if seen.upto < collection.next_number - 1:
            ready, pending = self._catalog.titled_numbers(collection, words, after=seen.upto)
            upto = min([collection.next_number, *pending]) - 1
            seen = replace(seen, numbers=tuple(sorted({*seen.numbers, *ready})), upto=upto)
            if len(self._seen) >= _REMEMBERED:
                self._seen.clear()
            self._seen[key] = seen
        return seen.numbers
