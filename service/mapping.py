"""ask every part → prove its findings → merge: an answer about the whole, by many calls of the model."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from prompts.merging import MergeRequest, Report, merge_plan, read_report
from prompts.pricing import size
from prompts.render import DocumentName
from service.access.budgets import BudgetUsedUp
from service.accounting import count_side_call
from service.answers import Cost, PartRead
from service.map_planning import outcome_of
from service.models.contract import complete
from service.models.errors import KeyRejected, ModelError, QuotaExhausted

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Iterator, Sequence

    from prompts.mapping import PlannedPart
    from prompts.plan import PromptPlan
    from service.answering import Way
    from service.answers import AnswerEvent, PartOutcome, SideCall
    from service.generation import Generation
    from service.library import Library
    from service.map_planning import MapSettings
    from service.models.contract import Completion
    from service.prepared import Prepared
    from service.recording import Recording
    from service.sessions import Sessions


_NO_REPORT = Report((), 0)


@dataclass(frozen=True, slots=True)
class _Read:
    """A part after its call."""

    planned: PlannedPart
    report: Report = _NO_REPORT
    call: SideCall | None = None
    error: ModelError | None = None
    cut: bool = False
    """The reply was longer than it may be."""

    @property
    def outcome(self) -> PartOutcome:
        """As people see it."""
        before, found = outcome_of(self.planned), len(self.report.findings)
        if self.error is not None:
            return replace(before, outcome="failed", detail=str(self.error))
        detail = "the report was cut short" if self.cut else ""
        return replace(
            before,
            outcome="found" if found else "nothing",
            findings=found,
            dropped=self.report.dropped,
            detail=detail,
        )


class Mapping:
    """Answers by reading everything in parts; the way it is given writes, proves and keeps the merge."""

    def __init__(
        self,
        library: Library,
        sessions: Sessions,
        generation: Generation,
        settings: MapSettings,
        answering: Way,
    ) -> None:
        self._library = library
        self._sessions = sessions
        self._generation = generation
        self._settings = settings
        self._answering = answering

    async def events(self, prepared: Prepared) -> AsyncGenerator[AnswerEvent, None]:
        """As `Way.events`; one part alone is answered from directly.

        Raises:
            ModelError: no part could be read, or the answer could not be written.
        """
        if prepared.mapped is not None:
            reads: list[_Read] = []
            async with aclosing(self._reads(prepared, prepared.mapped.parts)) as reading:
                async for read in reading:
                    reads.append(read)
                    yield PartRead(read.outcome, len(prepared.mapped.parts))
            reads.sort(key=lambda read: read.planned.number)
            if all(read.error for read in reads) and reads[0].error:
                raise reads[0].error
            prepared = await asyncio.to_thread(self._merged, prepared, reads)
        async with aclosing(self._answering.events(prepared)) as events:
            async for event in events:
                yield event

    async def _reads(self, prepared: Prepared, parts: Sequence[PlannedPart]) -> AsyncGenerator[_Read, None]:
        """The parts as they have been read; whoever stops listening stops the reading."""
        free = asyncio.Semaphore(self._settings.parallel)
        tasks = [asyncio.create_task(self._read(prepared, planned, free)) for planned in parts]
        pending = set(tasks)
        try:
            while pending:
                done, pending = await asyncio.wait(pending, return_when=asyncio.FIRST_COMPLETED)
                for read in sorted((task.result() for task in done), key=lambda read: read.planned.number):
                    yield read
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _read(self, prepared: Prepared, planned: PlannedPart, free: asyncio.Semaphore) -> _Read:
        """Ask one part; a failure that the others may be spared is a part of the result."""
        query, generation = self._settings.part_query(prepared.query), self._generation
        # What is asked of a part goes to the machine that holds its beginning, whoever asks.
        request = generation.request(query, planned.prompt.messages, planned.part.fingerprint)
        messages = planned.prompt.messages
        async with free, generation.prefixes.flight(query, messages, "batch") as flight:
            try:
                async with self._recording(prepared, planned) as recording:
                    asked = recording.asking(flight.asking(request))
                    reply = await complete(generation.model, asked, recording.heard)
                    call = self._call(prepared, planned, reply)
                    recording.counted(call.usage, Cost(call.usd, None, 0.0))
            except (KeyRejected, QuotaExhausted, BudgetUsedUp):
                raise
            except ModelError as error:
                return _Read(planned, error=error)
            if reply.diverted is None:
                generation.prefixes.read(query, planned.prompt.messages)
                generation.prefixes.learn(
                    query, planned.prompt.messages, flight.known, reply.usage, size(planned.prompt.blocks)
                )
        report = await asyncio.to_thread(read_report, reply.text, planned.part.passages)
        return _Read(planned, report, call, cut=reply.reason == "length")

    def _recording(self, prepared: Prepared, planned: PlannedPart) -> Recording:
        query, generation = self._settings.part_query(prepared.query), self._generation
        return generation.recording(
            prepared.origin,
            "part",
            model=generation.name(query),
            planned=planned.prompt.tokens,
            longest=generation.longest(query),
            predicted=planned.cached,
        )

    def _call(self, prepared: Prepared, planned: PlannedPart, reply: Completion) -> SideCall:
        name = self._generation.name(self._settings.part_query(prepared.query))
        price = self._generation.charged(name, reply.diverted)
        name = reply.diverted.model if reply.diverted else name
        call = count_side_call("part", name, reply.usage, planned.prompt.tokens, price)
        return replace(call, usage=replace(call.usage, predicted_cached_tokens=planned.cached))

    def _merged(self, prepared: Prepared, reads: Sequence[_Read]) -> Prepared:
        """The answer's own call, with all that reading the parts has brought and taken.

        Raises:
            Gone: a document that the conversation shows was deleted meanwhile.
        """
        generation, query = self._generation, prepared.query
        request = self._request(prepared, reads)
        room = generation.limits(query).prompt_tokens
        plan = merge_plan(request, room, self._settings.merge_tokens, generation.count_tokens)
        merging = generation.summarise(query, plan)
        summary = replace(
            prepared.summary,
            segments=(*prepared.summary.segments, *merging.segments),
            tokens=merging.tokens,
            cached_tokens=merging.cached_tokens,
            left_out=plan.left_out,
            side_calls=(*prepared.summary.side_calls, *(read.call for read in reads if read.call)),
            warnings=(*prepared.summary.warnings, *_warnings(reads, plan)),
            parts=tuple(read.outcome for read in reads),
        )
        return replace(prepared, plans={"map": plan, **prepared.plans}, summary=summary)

    def _request(self, prepared: Prepared, reads: Sequence[_Read]) -> MergeRequest:
        findings = [finding for read in reads for finding in read.report.findings]
        everything = {number for read in reads for number in read.planned.part.documents}
        found = {citation.document for finding in findings for citation in finding.citations}
        failed = {number for read in reads if read.error for number in read.planned.part.documents}
        versions = [self._library.version(prepared.collection, number) for number in sorted(everything)]
        return MergeRequest(
            question=prepared.query.question,
            findings=findings,
            passages={(p.document, p.number): p for read in reads for p in read.planned.part.passages},
            names={v.number: DocumentName(v.number, v.path, v.title) for v in versions},
            without=sorted(everything - found - failed),
            unread=sorted(failed),
            history=self._sessions.history(prepared.collection, prepared.session),
            instructions=prepared.query.instructions,
            restated=prepared.session.restates(prepared.query.instructions),
        )


def _warnings(reads: Sequence[_Read], plan: PromptPlan) -> Iterator[str]:
    """What the answer has to do without."""
    for read in reads:
        outcome = read.outcome
        reach = f"part {outcome.number} ({outcome.first} to {outcome.last})"
        if read.error is not None:
            yield f"{reach} could not be read: {read.error}"
        if read.cut:
            yield f"the report of {reach} was cut short"
    dropped = sum(read.report.dropped for read in reads)
    if dropped:
        yield f"{dropped} findings could not be proven and were left out"
    if plan.left_out:
        yield f"the findings in {len(plan.left_out)} passages found no room in the answer's prompt"
