"""generate → prove → account: an answer by one call of the model."""

from __future__ import annotations

from contextlib import aclosing
from dataclasses import replace
from typing import TYPE_CHECKING

from prompts.pricing import size
from prompts.proof import ProofStream
from service.accounting import count_cost, count_usage, with_side_calls
from service.answers import Done, Reasoned
from service.models.contract import Finished, ReasoningDelta, TextDelta
from service.presenting import whole_answer
from service.recording import call_plan
from service.sessions import StoredTurn

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from prompts.plan import Mode
    from service.answers import AnswerEvent, Cost, PlanSummary, Usage
    from service.flights import Flight
    from service.generation import Generation
    from service.preparing import Prepared
    from service.presenting import Presenter
    from service.recording import Recording


class Generating:
    """Answers by what a model writes about the plan's passages."""

    def __init__(self, presenter: Presenter, generation: Generation) -> None:
        self._presenter = presenter
        self._generation = generation

    async def events(self, prepared: Prepared) -> AsyncGenerator[AnswerEvent, None]:
        """As `Way.events`."""
        plan, query, generation = prepared.plan, prepared.query, self._generation
        async with generation.flight(query, plan.messages) as flight:
            if flight.waited:
                prepared = replace(prepared, summary=self._replanned(prepared))
            async with aclosing(self._read(prepared, flight)) as events:
                async for event in events:
                    yield event

    async def _read(self, prepared: Prepared, flight: Flight) -> AsyncGenerator[AnswerEvent, None]:
        plan, query, generation = prepared.plan, prepared.query, self._generation
        request = generation.request(query, plan.messages, prepared.session.id)
        proof = ProofStream({(p.document, p.number): p for p in plan.passages})
        alternatives = alternatives_of(generation, prepared)
        written: list[str] = []
        finished: Finished | None = None
        with self._recording(prepared) as call:
            async with aclosing(generation.model.stream(request)) as events:
                async for event in events:
                    if not flight.read.is_set():
                        generation.read(query, plan.messages)
                        flight.landed()
                    match event:
                        case ReasoningDelta():
                            yield Reasoned(event.text)
                        case TextDelta():
                            written.append(event.text)
                            for proven in proof.feed(event.text):
                                yield await self._presenter.shown(prepared, proven)
                        case Finished():
                            finished = event
                            call.counted(*self._counted(prepared, finished, alternatives))
                        case _:
                            pass  # a tool call that nobody offered
        assert finished is not None
        generation.learn(query, plan.messages, flight.known, finished.usage, size(plan.blocks))
        rest, result = proof.finish()
        for proven in rest:
            yield await self._presenter.shown(prepared, proven)
        raw = "".join(written).strip()
        # Cut short, or nothing at all: whatever was proven, the answer is not whole.
        if finished.reason != "stop" or not raw:
            result = replace(result, grounded=False)
        added = tuple((p.document, p.number) for p in plan.added)
        if raw:  # an assistant that said nothing is no turn
            turn = StoredTurn(
                query.question, plan.question, raw, added, begins=plan.begins, shown=result.text
            )
            await self._presenter.keep(prepared, turn)
        usage, cost = self._counted(prepared, finished, alternatives)
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
        self, prepared: Prepared, finished: Finished, alternatives: dict[Mode, tuple[int, int]]
    ) -> tuple[Usage, Cost]:
        """Of the answer's own call."""
        generation = self._generation
        usage = count_usage(finished.usage, prepared.summary.tokens, prepared.summary.cached_tokens)
        cost = count_cost(usage, generation.price(generation.name(prepared.query)), alternatives)
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
            self._generation.demand.paid((query.tenant, query.collection), price)


def alternatives_of(generation: Generation, prepared: Prepared) -> dict[Mode, tuple[int, int]]:
    """Tokens, and of them cached, of the plans that are not carried out."""
    others: dict[Mode, tuple[int, int]] = {}
    for mode, plan in list(prepared.plans.items())[1:]:
        summary = generation.summarise(prepared.query, plan)
        others[mode] = summary.tokens, summary.cached_tokens
    return others
