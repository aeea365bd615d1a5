"""What the best passages cannot be read without, brought from the same documents and their amendments."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ingest.context.amending import AMENDMENT_WORDS, amends, changed_parts, edition
from ingest.context.surroundings import passages_of
from ingest.errors import Gone
from ingest.outline.amendments import is_amendment
from prompts.model import ContextPassage

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from ingest.catalog.records import CollectionRecord, VersionRecord
    from ingest.context.amending import Changed
    from ingest.model import Companion, Document
    from prompts.model import PromptPassage
    from service.library import Library
    from service.searching import Evidence

BEST = 3
"""Passages that bring what they need into a prompt: each more costs as much room as it is worth."""
MOST = 4
"""Companions of one passage."""
_AMENDMENTS = 20
"""Documents called amendments that are looked into."""


@dataclass(frozen=True, slots=True)
class _Change:
    """A part of a document that is amended, and by which version."""

    version: VersionRecord
    part: Changed


def find_context(
    library: Library,
    collection: CollectionRecord,
    found: Iterable[Evidence],
    passages: Sequence[PromptPassage],
    *,
    documents: Sequence[int] | None = None,
    best: int = BEST,
) -> dict[str, tuple[ContextPassage, ...]]:
    """The companions of the first ``best`` passages, by their markers, those needed most first.

    Args:
        library: where the documents are.
        collection: the one that is searched.
        found: hits, best first: they tell which words of a passage matter.
        passages: those that hold them, best first.
        documents: numbers of the only ones that may be read; None for all.
        best: passages that bring something.
    """
    hits = _hits(found)
    wanted = [(passage, hits[passage.marker]) for passage in passages[:best] if passage.marker in hits]
    changes = _Changes(library, collection, documents)
    return {passage.marker: tuple(_around(library, passage, held, changes)) for passage, held in wanted}


def _hits(found: Iterable[Evidence]) -> dict[str, list[Evidence]]:
    """By the marker of each passage the hits in it, best first."""
    held: dict[str, list[Evidence]] = {}
    for evidence in found:
        for number in range(evidence.hit.first_passage, evidence.hit.last_passage + 1):
            held.setdefault(f"D{evidence.hit.document}:{number}", []).append(evidence)
    return held


def _around(
    library: Library, passage: PromptPassage, found: Sequence[Evidence], changes: _Changes
) -> Iterator[ContextPassage]:
    own, version = (passage.start, passage.start + len(passage.text)), found[0].version
    places = [(max(e.hit.start, own[0]), min(e.hit.end, own[1])) for e in found]
    needed = [(change.version, change.part.by) for change in changes.of(version, places[0])]
    needed += [(version, companion) for companion in library.surroundings(version).around(own, places)]
    taken = {passage.marker}
    for source, companion in needed:
        for brought in _passages(library, source, companion):
            if brought.marker not in taken and len(taken) <= MOST:
                taken.add(brought.marker)
                yield ContextPassage(
                    brought, companion.kind, companion.label, companion.start, companion.end, passage.marker
                )


def _passages(library: Library, version: VersionRecord, companion: Companion) -> list[PromptPassage]:
    numbers = passages_of(library.content(version).passages, companion)
    return library.passages(version, numbers.start, numbers.stop - 1)


class _Changes:
    """The amendments of a collection, looked for once a question and document."""

    def __init__(
        self, library: Library, collection: CollectionRecord, documents: Iterable[int] | None
    ) -> None:
        self._library = library
        self._collection = collection
        self._documents = None if documents is None else frozenset(documents)
        self._amending: list[VersionRecord] | None = None
        self._changed: dict[int, list[_Change]] = {}

    def of(self, version: VersionRecord, place: tuple[int, int]) -> Iterator[_Change]:
        """What amends the section that a place of this version stands in."""
        if version.number not in self._changed:
            self._changed[version.number] = list(self._find(version))
        for change in self._changed[version.number]:
            if change.part.start < place[1] and place[0] < change.part.end:
                yield change

    def _find(self, version: VersionRecord) -> Iterator[_Change]:
        document = self._library.content(version).document
        for candidate in self._candidates():
            if candidate.number == version.number:
                continue
            with suppress(Gone):  # deleted in this moment: it amends nothing any more
                yield from self._changes(candidate, document)

    def _changes(self, candidate: VersionRecord, document: Document) -> list[_Change]:
        amending = self._library.content(candidate).document
        if not is_amendment(amending):
            return []
        outline = self._library.surroundings(candidate).outline
        if not any(amends(amendment, document) for amendment in outline.amendments):
            return []
        return [_Change(candidate, part) for part in changed_parts(amending, outline, document)]

    def _candidates(self) -> list[VersionRecord]:
        """Documents that are called amendments, the newest of many: the last one by its own number first."""
        if self._amending is None:
            newest = self._library.newest_titled(
                self._collection, AMENDMENT_WORDS, among=self._documents, limit=_AMENDMENTS
            )
            self._amending = sorted(newest, key=lambda one: -(edition(one.title) or edition(one.path)))
        return self._amending
