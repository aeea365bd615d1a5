"""Search as callers see it: a question in, places in documents out."""

from __future__ import annotations

import shlex
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeVar

from ingest.errors import Gone, IndexUnavailable, UnsupportedStore
from ingest.index import Question
from service.accounting import context_of
from service.answers import SearchHit
from service.context import find_context
from service.library import name_of
from service.recording import Origin

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from ingest.catalog.records import CollectionRecord, VersionRecord
    from ingest.index import Index
    from ingest.model import Hit
    from prompts.model import ContextPassage, PromptPassage
    from service.answers import Context, SideCall
    from service.library import Library
    from service.reranking.reordering import Reordering

PASSAGE_HITS = 60
"""Hits asked for when passages for a prompt are wanted: more than its budget holds."""

CONTEXT_PASSAGES = 5
"""Passages of a search that show what they need: an outline costs 20 to 200 ms the first time."""
SEARCHED_AGAIN = 4
"""Times that a search is made anew because what it found was deleted meanwhile."""
_Read = TypeVar("_Read")


@dataclass(frozen=True, slots=True)
class Evidence:
    """A hit with the version it lies in."""

    hit: Hit
    version: VersionRecord


@dataclass(frozen=True, slots=True)
class Found:
    """Evidence, best first, and what reordering it took."""

    evidence: list[Evidence]
    calls: tuple[SideCall, ...] = ()
    warnings: tuple[str, ...] = ()
    milliseconds: float | None = None
    """Of reordering; None where nothing was asked to reorder."""


class Searcher:
    """Finds evidence in one collection at a time."""

    def __init__(
        self, library: Library, index: Index, embedder: str, reordering: Reordering | None = None
    ) -> None:
        """``embedder`` is the identity of the one that the index asks for a question's vector."""
        self._library = library
        self._index = index
        self._embedder = embedder
        self._reordering = reordering

    def find(
        self,
        collection: CollectionRecord,
        question: str,
        *,
        history: Sequence[str] = (),
        documents: Sequence[int] | None = None,
        limit: int = PASSAGE_HITS,
        origin: Origin | None = None,
        reorder: bool = True,
    ) -> Found:
        """As `evidence`, with what reordering took where the settings ask for it, and ``reorder`` does.

        ``origin`` is the answer that it is searched for; None for a search alone.
        """
        if self._reordering is None or not reorder:
            return Found(self._search(collection, question, history, documents, limit))
        wanted = max(limit, self._reordering.candidates)
        evidence = self._search(collection, question, history, documents, wanted)
        origin = origin or Origin(collection.tenant, collection.name)
        found = self._reordering.reorder(question, history, evidence, origin=origin)
        return replace(found, evidence=found.evidence[:limit])

    def evidence(
        self,
        collection: CollectionRecord,
        question: str,
        *,
        history: Sequence[str] = (),
        documents: Sequence[int] | None = None,
        limit: int = PASSAGE_HITS,
        key: str = "",
    ) -> list[Evidence]:
        """The best hits in versions that are current, best first; ``history`` is the latest turn first.

        ``key`` is the label of the access key that it is searched for.

        Raises:
            UnsupportedStore: the collection holds another embedder's vectors.
            IndexUnavailable: the index does not answer, or it was lost.
        """
        origin = Origin(collection.tenant, collection.name, key=key)
        found = self.find(
            collection, question, history=history, documents=documents, limit=limit, origin=origin
        )
        return found.evidence

    def confidence(
        self,
        collection: CollectionRecord,
        question: str,
        *,
        history: Sequence[str] = (),
        documents: Sequence[int] | None = None,
    ) -> float:
        """How sure it is, from 0 to 1, that `evidence` holds an answer; costs a search more.

        Raises:
            UnsupportedStore, IndexUnavailable: as `evidence`.
        """
        current = self._library.collection(collection.tenant, collection.name)  # a re-index may have ended
        asked = Question(question, tuple(history), self._embedder)
        return self._index.confidence(current.scope, asked, documents=documents)

    def _search(
        self,
        collection: CollectionRecord,
        question: str,
        history: Sequence[str],
        documents: Sequence[int] | None,
        limit: int,
    ) -> list[Evidence]:
        if collection.embedder != self._embedder:
            raise UnsupportedStore(
                f"collection {collection.name!r} has vectors of {collection.embedder!r}, "
                f"and the settings ask for {self._embedder!r}: set that one again, or re-index it: "
                f"lectern reindex {shlex.quote(collection.name)}"
            )
        asked = Question(question, tuple(history), self._embedder)
        hits = self._index.search(collection.scope, asked, documents=documents, limit=limit)
        current = self._library.collection(collection.tenant, collection.name)
        if current.generation != collection.generation:
            # A re-index has ended in this moment, and may have deleted points between two looks at them.
            return self._search(current, question, history, documents, limit)
        if not hits:
            self._check_index(current)
        return list(self._current(collection, hits))

    def _check_index(self, collection: CollectionRecord) -> None:
        """That nothing was found must not mean that nothing was there to be searched."""
        known = len(self._library.catalog.ready_versions(collection))
        if known and not self._index.counts(collection.scope):
            raise IndexUnavailable(
                f"the index of collection {collection.name!r} is lost, the catalog knows {known} documents: "
                "ingest their folders again"
            )

    def search(
        self,
        collection: CollectionRecord,
        question: str,
        *,
        documents: Sequence[int] | None,
        limit: int,
        key: str = "",
    ) -> list[SearchHit]:
        """The best hits with their text and place; ``key`` as `evidence` has it.

        Raises:
            UnsupportedStore, IndexUnavailable: as `evidence`.
            Gone: documents were deleted under each of several searches.
        """
        return search_anew(lambda: self._shown(collection, question, documents, limit, key))

    def _shown(
        self,
        collection: CollectionRecord,
        question: str,
        documents: Sequence[int] | None,
        limit: int,
        key: str,
    ) -> list[SearchHit]:
        found = self.evidence(collection, question, documents=documents, limit=limit, key=key)
        passages = self.passages(found)
        context = find_context(
            self._library, collection, found, passages, documents=documents, best=CONTEXT_PASSAGES
        )
        return [
            SearchHit(
                document=name_of(evidence.version),
                place=self._library.place(evidence.version, evidence.hit.start, evidence.hit.end),
                passages=(evidence.hit.first_passage, evidence.hit.last_passage),
                score=evidence.hit.score,
                context=tuple(_brought(evidence.hit, context)),
            )
            for evidence in found
        ]

    def passages(self, found: Iterable[Evidence]) -> list[PromptPassage]:
        """The passages that hold the hits, in the order of their best hit, each once.

        Of passages with the same words, as a contract's PDF and DOCX hold them, one is enough: the one that
        has a page to open.
        """
        ranked: dict[str, tuple[PromptPassage, bool]] = {}
        seen: set[tuple[int, int]] = set()
        for evidence in found:
            hit, paged = evidence.hit, evidence.version.pages > 0
            for passage in self._library.passages(evidence.version, hit.first_passage, hit.last_passage):
                if (passage.document, passage.number) in seen:
                    continue
                seen.add((passage.document, passage.number))
                words = " ".join(passage.text.split())
                if words not in ranked or (paged and not ranked[words][1]):
                    ranked[words] = (passage, paged)
        return [passage for passage, _ in ranked.values()]

    def _current(self, collection: CollectionRecord, hits: Sequence[Hit]) -> Iterator[Evidence]:
        """Leave out what an ingest is just writing, has replaced or deleted."""
        versions = self._library.versions(collection, {hit.document for hit in hits})
        for hit in hits:
            version = versions.get(hit.document)
            if version is not None and version.state == "ready":
                yield Evidence(hit, version)


def search_anew(read: Callable[[], _Read], *, require: Callable[[], object] = lambda: None) -> _Read:
    """What ``read`` makes of a search of its own; again where that was deleted before it was read.

    ``require`` raises `Gone` where what was deleted is what the caller named: no other search brings it back.

    Raises:
        Gone: that, or documents were deleted under each of several searches.
    """
    for _ in range(SEARCHED_AGAIN):
        try:
            return read()
        except Gone:
            require()
    return read()


def _brought(hit: Hit, context: Mapping[str, Sequence[ContextPassage]]) -> Iterator[Context]:
    """What the passages of a hit need; of the best hits."""
    for number in range(hit.first_passage, hit.last_passage + 1):
        yield from map(context_of, context.get(f"D{hit.document}:{number}", ()))
