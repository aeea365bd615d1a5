"""What agents may ask for: searching, answering, reading, listing, over the wired services."""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING

from ingest.errors import PermanentError
from service.answers import Query
from service.knowledge.arguments import MOST_PASSAGES
from service.knowledge.shapes import (
    Collections,
    Documents,
    Found,
    FoundPlace,
    ListedCollection,
    ListedDocument,
    PassagesRead,
    ReadPassage,
)
from service.library import name_of

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Mapping

    from ingest.catalog.records import CollectionRecord, VersionRecord
    from prompts.model import PromptPassage
    from service.access.caller import Caller
    from service.access.view import View
    from service.answers import AnswerEvent
    from service.knowledge.arguments import AskArguments, ListArguments, ReadArguments, SearchArguments

MOST_CHARACTERS = 60_000
"""Of passages that one call may read; the first one comes whatever its length."""
_MARKER = re.compile(r"\[?D(\d+):(\d+)(?:-(\d+))?\]?")


class NoPassage(PermanentError):
    """A marker names a passage that its document does not have."""


class Desk:
    """Answers one caller's agents, from what they may see. All but `answer` block: call them in a thread.

    Each raises what the service raises: `UnknownName` for a collection or a document that is not there,
    `Gone` for one that was deleted, and the like. ``server`` is the address that links begin with; empty
    where nobody serves them.
    """

    def __init__(self, view: View, *, collection: str | None = None) -> None:
        """``collection`` is the one that is meant where none is named; by default the settings'."""
        self._view = view
        self._services = view.services
        self._default = collection or view.services.settings.collection

    @property
    def caller(self) -> Caller:
        """Whose agent it serves."""
        return self._view.caller

    @property
    def default(self) -> str:
        """The collection that is meant where none is named."""
        return self._default

    def search(self, wanted: SearchArguments, server: str) -> Found:
        """Places, best first."""
        record = self._collection(wanted.collection)
        library, searcher = self._services.library, self._services.searcher
        chosen = library.chosen(record, wanted.documents) if wanted.documents else None
        key = self._view.caller.key
        hits = searcher.search(record, wanted.query, documents=chosen, limit=wanted.top_k, key=key)
        return Found(collection=record.name, places=[FoundPlace.of(hit, server) for hit in hits])

    async def answer(self, wanted: AskArguments) -> AsyncGenerator[AnswerEvent, None]:
        """The events of an answer, the whole of it last; closing the generator cancels it."""
        query = Query(
            question=wanted.question,
            collection=wanted.collection or self._default,
            session=wanted.session_id,
            mode=wanted.mode,
            documents=tuple(wanted.documents) if wanted.documents else None,
        )
        prepared = await self._services.answerer.prepare(await asyncio.to_thread(self._view.admit, query))
        stream = self._services.answerer.stream(prepared)
        try:
            async for event in stream:
                yield event
        finally:
            await stream.aclose()

    def read(self, wanted: ReadArguments, server: str) -> PassagesRead:
        """Passages by their markers, each once; what one call cannot hold is named.

        Raises:
            NoPassage: a document has none of such a number.
        """
        record = self._collection(wanted.collection)
        read: dict[str, ReadPassage] = {}
        left_out: list[str] = []
        for marker in wanted.markers:
            version, first, last = self._range(record, marker)
            for passage in self._services.library.passages(version, first, last):
                if passage.marker in read:
                    continue
                if left_out or not _has_room(read, passage):
                    left_out.append(f"D{version.number}:{_span(passage.number, last)}")
                    break
                place = self._services.library.place(
                    version, passage.start, passage.start + len(passage.text)
                )
                read[passage.marker] = ReadPassage.of(passage, name_of(version), place, server)
        return PassagesRead(collection=record.name, passages=list(read.values()), left_out=left_out)

    def documents(self, wanted: ListArguments, server: str) -> Documents:
        """A page of a collection's documents, by path."""
        record = self._collection(wanted.collection)
        page = self._services.catalog.documents(
            record.tenant, record.name, limit=wanted.limit, after=wanted.after
        )
        listed = [ListedDocument.of(document.version, server) for document in page.documents]
        return Documents(collection=record.name, documents=listed, next=page.next)

    def collections(self) -> Collections:
        """All of them, by name."""
        catalog = self._services.catalog
        return Collections(
            collections=[
                ListedCollection(
                    name=record.name,
                    documents=len(catalog.manifest(record)),
                    is_default=record.name == self._default,
                )
                for record in self._view.collections()
            ]
        )

    def _collection(self, name: str | None) -> CollectionRecord:
        return self._view.collection(name or self._default)

    def _range(self, record: CollectionRecord, marker: str) -> tuple[VersionRecord, int, int]:
        """Older versions are read as well: an earlier answer may have cited them."""
        found = _MARKER.fullmatch(marker)
        assert found is not None, "arguments are checked before"
        first, last = int(found[2]), int(found[3] or found[2])
        version = self._services.library.version(record, int(found[1]))
        if not first <= last or first > version.passages:
            has = f"D{version.number} has the passages 1 to {version.passages}"
            raise NoPassage(f"{has}: there is no {marker.strip('[]')}")
        return version, first, min(last, version.passages)


def _has_room(read: Mapping[str, ReadPassage], passage: PromptPassage) -> bool:
    characters = sum(len(other.text) for other in read.values()) + len(passage.text)
    return not read or (len(read) < MOST_PASSAGES and characters <= MOST_CHARACTERS)


def _span(first: int, last: int) -> str:
    return str(first) if first == last else f"{first}-{last}"
