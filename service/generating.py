"""generate → prove → account: an answer by one call of the model."""

from __future__ import annotations

from contextlib import aclosing
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from prompts.pricing import size
from prompts.proof import ProofStream
from service.accounting import count_cost, count_usage, with_side_calls
from service.answers import Done, Reasoned
from service.models.contract import Diverted, Finished, ReasoningDelta, TextDelta
from service.presenting import whole_answer
from service.recording import call_plan
from service.sessions import StoredTurn

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from prompts.plan import Mode
    from prompts.proof import Event as ProofEvent
    from service.answers import AnswerEvent, Cost, PlanSummary, Usage
    from service.flights import Flight
    from service.generation import Generation
    from service.models.contract import ModelRequest
    from service.prepared import Prepared
    from service.presenting import Presenter
    from service.recording import Recording


@dataclass(slots=True)
class _Reply:
    """What the model has said so far."""

    proof: ProofStream
    finished: Finished | None = None
    diverted: Diverted | None = None
    _written: list[str] = field(default_factory=list[str])

    def write(self, text: str) -> list[ProofEvent]:
        """Take more of the answer; what of it is proven by now."""
        self._written.append(text)
        return self.proof.feed(text)

    @property
    def text(self) -> str:
        """As the model wrote it."""
        return "".join(self._written).strip()


class Generating:
    """Answers by what a model writes about the plan's passages."""

    def __init__(self, presenter: Presenter, generation: Generation) -> None:
        self._presenter = presenter
        self._generation = generation

    async def events(self, prepared: Prepared) -> AsyncGenerator[AnswerEvent, None]:
        """As `Way.events`."""
        plan, query, generation = prepared.plan, prepared.query, self._generation
        async with generation.prefixes.flight(query, plan.messages) as flight:
            if flight.waited:
                prepared = replace(prepared, summary=self._replanned(prepared))
            async with aclosing(self._read(prepared, flight)) as events:
                async for event in events:
                    yield event

    async def _read(self, prepared: Prepared, flight: Flight) -> AsyncGenerator[AnswerEvent, None]:
        plan, generation = prepared.plan, self._generation
        reply = _Reply(ProofStream({(p.document, p.number): p for p in plan.passages}))
        alternatives = alternatives_of(generation, prepared)
        async with self._recording(prepared) as call:
            async with aclosing(self._listen(prepared, flight, reply, call)) as events:
                async for event in events:
                    yield event
            finished = reply.finished
            assert finished is not None
            usage, cost = self._counted(prepared, reply, alternatives)
            call.counted(usage, cost)
        if reply.diverted is None:
            generation.prefixes.learn(
                prepared.query, plan.messages, flight.known, finished.usage, size(plan.blocks)
            )
        else:
            generation.observer.diverted(reply.diverted)
            prepared = with_warning(prepared, reply.diverted)
        rest, result = reply.proof.finish()
        for proven in rest:
            yield await self._presenter.shown(prepared, proven)
        # Cut short, or nothing at all: whatever was proven, the answer is not whole.
        if finished.reason != "stop" or not reply.text:
            result = replace(result, grounded=False)
        if reply.text:  # an assistant that said nothing is no turn
            await self._presenter.keep(prepared, _turn(prepared, reply, result.text))
        self._learn_price(prepared, usage)
        usage, cost = with_side_calls(usage, cost, prepared.summary.side_calls)
        placed = await self._presenter.place(prepared, result.citations)
        yield Done(
            whole_answer(
                prepared,
                result,
                placed,
                model=finished.model,
                usage=usage,
                cost=cost,
                finish=finished.reason,
            )
        )

    async def _listen(
        self, prepared: Prepared, flight: Flight, reply: _Reply, call: Recording
    ) -> AsyncGenerator[AnswerEvent, None]:
        """The model's reply, proven as it arrives."""
        request = call.asking(self._request(prepared))
        async with aclosing(self._generation.model.stream(request)) as events:
            async for event in events:
                call.heard(event)
                match event:
                    case Diverted():
                        reply.diverted = event
                    case ReasoningDelta():
                        self._landed(prepared, flight, reply)
                        yield Reasoned(event.text)
                    case TextDelta():
                        self._landed(prepared, flight, reply)
                        for proven in reply.write(event.text):
                            yield await self._presenter.shown(prepared, proven)
                    case Finished():
                        self._landed(prepared, flight, reply)
                        reply.finished = event
                    case _:  # a tool call that nobody offered
                        self._landed(prepared, flight, reply)

    def _request(self, prepared: Prepared) -> ModelRequest:
        request = self._generation.request(
            prepared.query, prepared.plan.messages, prepared.place, conversation=prepared.session.id
        )
        if prepared.summary.parts:  # which have been read and paid for
            return replace(request, urgency="continued")
        return request

    def _landed(self, prepared: Prepared, flight: Flight, reply: _Reply) -> None:
        """The first sign of a reply: its provider has read the prompt."""
        if flight.read.is_set():
            return
        if reply.diverted is None:
            self._generation.prefixes.read(prepared.query, prepared.plan.messages)
        flight.landed()

    def _replanned(self, prepared: Prepared) -> PlanSummary:
        """What the cache holds of the prompt now that another one was read."""
        now = self._generation.summarise(prepared.query, prepared.plan)
        parts = prepared.summary.segments[: -len(now.segments)]  # of a map, which were read before
        return replace(prepared.summary, segments=(*parts, *now.segments), cached_tokens=now.cached_tokens)

    def _recording(self, prepared: Prepared) -> Recording:
        generation, query = self._generation, prepared.query
        own = prepared.summary.segments[-len(prepared.plan.blocks) :]
        summary = replace(prepared.summary, segments=own)
        return generation.recording(
            prepared.origin,
            "answer",
            model=generation.name(query),
            planned=summary.tokens,
            longest=generation.longest(query),
            predicted=summary.cached_tokens,
            mode=summary.mode,
            plan=call_plan(prepared.plan, summary),
        )

    def _counted(
        self, prepared: Prepared, reply: _Reply, alternatives: dict[Mode, tuple[int, int]]
    ) -> tuple[Usage, Cost]:
        """Of the answer's own call."""
        assert reply.finished is not None
        generation = self._generation
        usage = count_usage(reply.finished.usage, prepared.summary.tokens, prepared.summary.cached_tokens)
        price = generation.charged(generation.name(prepared.query), reply.diverted)
        cost = count_cost(usage, price, alternatives)
        if prepared.map_usd is not None and prepared.summary.mode != "map":
            cost = replace(cost, alternatives={**cost.alternatives, "map": prepared.map_usd})
        if prepared.agent_usd is not None:
            cost = replace(cost, alternatives={**cost.alternatives, "agent": prepared.agent_usd})
        return usage, cost

    def _learn_price(self, prepared: Prepared, usage: Usage) -> None:
        """What retrieving costs here is what pinning is measured against."""
        query = prepared.query
        if prepared.plan.mode == "retrieve":
            cache = self._generation.cache(query)
            price = cache.price(usage.prompt_tokens, usage.cached_tokens)
            self._generation.demand.paid((query.tenant, query.collection), price, prepared.plan.fresh_share)


def _turn(prepared: Prepared, reply: _Reply, shown: str) -> StoredTurn:
    plan = prepared.plan
    return StoredTurn(
        prepared.query.question,
        plan.question,
        reply.text,
        tuple((p.document, p.number) for p in plan.added),
        begins=plan.begins,
        shown=shown,
        elsewhere=reply.diverted is not None,
    )


def with_warning(prepared: Prepared, diverted: Diverted) -> Prepared:
    """Whoever reads the plan learns who answered, and why."""
    warnings = (*prepared.summary.warnings, diverted.warning)
    return replace(prepared, summary=replace(prepared.summary, warnings=warnings))


def alternatives_of(generation: Generation, prepared: Prepared) -> dict[Mode, tuple[int, int]]:
    """Tokens, and of them cached, of the plans that are not carried out."""
    others: dict[Mode, tuple[int, int]] = {}
    for mode, plan in list(prepared.plans.items())[1:]:
        summary = generation.summarise(prepared.query, plan)
        others[mode] = summary.tokens, summary.cached_tokens
    return others
