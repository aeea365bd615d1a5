"""prepare → generate → prove → account."""

from __future__ import annotations

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing
from dataclasses import replace
from typing import TYPE_CHECKING

from prompts.proof import CitationFound, ClaimProven, Delta, ProofStream
from service.accounting import count_cost, count_usage, predicted_tokens, summarise, with_side_calls
from service.answers import (
    Answer,
    Cited,
    Cost,
    Done,
    Judged,
    PlacedCitation,
    Planned,
    Reasoned,
    Usage,
    Written,
)
from service.extracting import extract
from service.library import name_of
from service.models.contract import Finished, ReasoningDelta, TextDelta
from service.sessions import StoredTurn

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Sequence

    from ingest.catalog.records import CollectionRecord
    from prompts.model import Citation, ProvenAnswer
    from prompts.plan import Mode
    from prompts.proof import Event as ProofEvent
    from service.answers import AnswerEvent, Query
    from service.generation import Generation
    from service.library import Library
    from service.preparing import Prepared, Preparer
    from service.sessions import Sessions


PREPARED_AT_ONCE = 32
"""Questions that are prepared at a time; the others wait. They may wait for a reranker: in threads of their
own, so that answers that are being written are not held up."""


class Answerer:
    """Answers questions: by a model or, where none is configured, by extracts."""

    def __init__(
        self, library: Library, sessions: Sessions, preparer: Preparer, generation: Generation | None
    ) -> None:
        self._library = library
        self._sessions = sessions
        self._preparer = preparer
        self._generation = generation
        self._preparing = ThreadPoolExecutor(PREPARED_AT_ONCE, thread_name_prefix="lectern-prepare")

    async def prepare(self, query: Query) -> Prepared:
        """Search and plan, see `Preparer.prepare`: all that can be wrong with a question shows here."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._preparing, self._preparer.prepare, query)

    async def answer(self, prepared: Prepared) -> Answer:
        """The whole answer.

        Raises:
            ModelError: the model failed.
            Gone: a document that the conversation shows was deleted meanwhile.
        """
        async with aclosing(self.stream(prepared)) as events:
            async for event in events:
                if isinstance(event, Done):
                    return event.answer
        raise AssertionError("a stream ends with Done")

    async def stream(self, prepared: Prepared) -> AsyncGenerator[AnswerEvent, None]:
        """The answer as it comes into being, `Done` last; raises as `answer`."""
        yield Planned(prepared.id, prepared.session.id, prepared.summary)
        answering = (
            self._extracted(prepared)
            if self._generation is None
            else self._generated(prepared, self._generation)
        )
        async with aclosing(answering) as events:
            async for event in events:
                yield event

    async def _extracted(self, prepared: Prepared) -> AsyncGenerator[AnswerEvent, None]:
        asked = " ".join((prepared.query.question, *prepared.session.questions))
        proven = extract(
            asked, prepared.found, prepared.passages, prepared.context, confidence=prepared.confidence
        )
        yield Written(proven.text)
        placed = await self._place(prepared, proven.citations)
        for citation in placed:
            yield Cited(citation)
        for claim in proven.claims:
            yield Judged(claim)
        quoted = tuple((c.document, c.first_passage) for c in proven.citations)
        await self._keep(prepared, StoredTurn(prepared.query.question, "", proven.text, quoted))
        yield Done(_answer(prepared, proven, placed, model=None, usage=Usage(), cost=Cost()))

    async def _generated(
        self, prepared: Prepared, generation: Generation
    ) -> AsyncGenerator[AnswerEvent, None]:
        plan, query = prepared.plan, prepared.query
        request = generation.request(query, plan.messages, prepared.session.id)
        proof = ProofStream({(p.document, p.number): p for p in plan.passages})
        alternatives = _alternatives(prepared, generation)
        written: list[str] = []
        finished: Finished | None = None
        async with aclosing(generation.model.stream(request)) as events:
            async for event in events:
                match event:
                    case ReasoningDelta():
                        yield Reasoned(event.text)
                    case TextDelta():
                        written.append(event.text)
                        for proven in proof.feed(event.text):
                            yield await self._shown(prepared, proven)
                    case Finished():
                        finished = event
                    case _:
                        pass  # a tool call that nobody offered
        assert finished is not None
        generation.remember(query, plan.messages)
        rest, result = proof.finish()
        for proven in rest:
            yield await self._shown(prepared, proven)
        raw = "".join(written).strip()
        # Cut short, or nothing at all: whatever was proven, the answer is not whole.
        if finished.reason != "stop" or not raw:
            result = replace(result, grounded=False)
        added = tuple((p.document, p.number) for p in plan.added)
        if raw:  # an assistant that said nothing is no turn
            await self._keep(prepared, StoredTurn(query.question, plan.question, raw, added))
        usage = count_usage(
            finished.usage,
            plan.tokens,
            predicted_tokens(prepared.summary, generation.provider.cache.min_tokens),
        )
        cost = count_cost(usage, generation.price(generation.name(query)), alternatives)
        usage, cost = with_side_calls(usage, cost, prepared.summary.side_calls)
        placed = await self._place(prepared, result.citations)
        yield Done(_answer(prepared, result, placed, model=finished.model, usage=usage, cost=cost))

    async def _shown(self, prepared: Prepared, event: ProofEvent) -> AnswerEvent:
        match event:
            case Delta():
                return Written(event.text)
            case CitationFound():
                return Cited((await self._place(prepared, [event.citation]))[0])
            case ClaimProven():
                return Judged(event.claim)

    async def _place(self, prepared: Prepared, citations: Sequence[Citation]) -> list[PlacedCitation]:
        return await asyncio.to_thread(
            lambda: [self._placed(prepared.collection, citation) for citation in citations]
        )

    def _placed(self, collection: CollectionRecord, citation: Citation) -> PlacedCitation:
        version = self._library.version(collection, citation.document)
        return PlacedCitation(
            citation, name_of(version), self._library.place(version, citation.start, citation.end)
        )

    async def _keep(self, prepared: Prepared, turn: StoredTurn) -> None:
        session = replace(prepared.session, turns=(*prepared.session.turns, turn))
        await asyncio.to_thread(self._sessions.save, prepared.collection, session)


def _alternatives(prepared: Prepared, generation: Generation) -> dict[Mode, tuple[int, int]]:
    """Tokens, and of them cached, of the plans that were not carried out."""
    others: dict[Mode, tuple[int, int]] = {}
    for mode, plan in list(prepared.plans.items())[1:]:
        summary = summarise(plan, generation.cached_characters(prepared.query, plan.messages))
        others[mode] = plan.tokens, predicted_tokens(summary, generation.provider.cache.min_tokens)
    return others


def _answer(
    prepared: Prepared,
    proven: ProvenAnswer,
    citations: Sequence[PlacedCitation],
    *,
    model: str | None,
    usage: Usage,
    cost: Cost,
) -> Answer:
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
    )
