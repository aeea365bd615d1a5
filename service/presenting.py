"""What every way of answering shares: citations put in their places, turns kept, the answer put together."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from typing import TYPE_CHECKING

from prompts.proof import CitationFound, ClaimProven, Delta
from service.answers import Answer, Cited, Judged, PlacedCitation, Written
from service.library import name_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ingest.catalog.records import CollectionRecord
    from prompts.model import Citation, ProvenAnswer
    from prompts.proof import Event as ProofEvent
    from service.answers import AnswerEvent, Cost, Usage
    from service.library import Library
    from service.models.contract import FinishReason
    from service.prepared import Prepared
    from service.sessions import Sessions, StoredTurn


class Presenter:
    """Turns what was proven into what people see."""

    def __init__(self, library: Library, sessions: Sessions) -> None:
        self._library = library
        self._sessions = sessions

    async def shown(self, prepared: Prepared, event: ProofEvent) -> AnswerEvent:
        """An event of the proof as one of the answer."""
        match event:
            case Delta():
                return Written(event.text)
            case CitationFound():
                return Cited((await self.place(prepared, [event.citation]))[0])
            case ClaimProven():
                return Judged(event.claim)

    async def place(self, prepared: Prepared, citations: Sequence[Citation]) -> list[PlacedCitation]:
        """Citations with their documents and places.

        Raises:
            Gone: a document was deleted meanwhile.
        """
        return await asyncio.to_thread(self._placed, prepared.collection, citations)

    async def keep(self, prepared: Prepared, turn: StoredTurn) -> None:
        """Add a turn to the conversation.

        Raises:
            Gone: a document that the conversation shows was deleted meanwhile.
        """
        query = prepared.query
        kept = replace(
            turn,
            at=time.time(),
            mode=prepared.summary.mode,
            key=query.key,
            instructions=query.instructions.strip(),
            model=query.model or "",
            place=prepared.place,
        )
        session = replace(prepared.session, turns=(*prepared.session.turns, kept))
        await asyncio.to_thread(self._sessions.save, prepared.collection, session)

    def _placed(self, collection: CollectionRecord, citations: Sequence[Citation]) -> list[PlacedCitation]:
        held = self._library.versions(collection, {citation.document for citation in citations})
        placed: list[PlacedCitation] = []
        for citation in citations:
            version = held.get(citation.document) or self._library.version(collection, citation.document)
            place = self._library.place(version, citation.start, citation.end)
            placed.append(PlacedCitation(citation, name_of(version), place))
        return placed


def whole_answer(
    prepared: Prepared,
    proven: ProvenAnswer,
    citations: Sequence[PlacedCitation],
    *,
    model: str | None,
    usage: Usage,
    cost: Cost,
    finish: FinishReason = "stop",
) -> Answer:
    """The answer at its end; ``model`` is None where no model wrote it, ``finish`` why it stopped."""
    total = 1_000 * (time.perf_counter() - prepared.started)
    return Answer(
        id=prepared.id,
        session=prepared.session.id,
        text=proven.text,
        llm_generated=model is not None,
        model=model,
        grounded=proven.grounded,
        claims=proven.claims,
        citations=tuple(citations),
        unresolved=proven.unresolved,
        usage=usage,
        cost=cost,
        plan=prepared.summary,
        timings_ms={**prepared.timings_ms, "total": total},
        confidence=prepared.confidence,
        finish=finish,
    )
