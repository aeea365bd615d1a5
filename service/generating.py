"""generate → prove → account: an answer by one call of the model."""

from __future__ import annotations

from contextlib import aclosing
from dataclasses import replace
from typing import TYPE_CHECKING

from prompts.proof import ProofStream
from service.accounting import count_cost, count_usage, predicted_tokens, summarise, with_side_calls
from service.answers import Done, Reasoned
from service.models.contract import Finished, ReasoningDelta, TextDelta
from service.presenting import whole_answer
from service.sessions import StoredTurn

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from prompts.plan import Mode
    from service.answers import AnswerEvent, Cost, Usage
    from service.generation import Generation
    from service.preparing import Prepared
    from service.presenting import Presenter


class Generating:
    """Answers by what a model writes about the plan's passages."""

    def __init__(self, presenter: Presenter, generation: Generation) -> None:
        self._presenter = presenter
        self._generation = generation

    async def events(self, prepared: Prepared) -> AsyncGenerator[AnswerEvent, None]:
        """As `Way.events`."""
        plan, query, generation = prepared.plan, prepared.query, self._generation
        request = generation.request(query, plan.messages, prepared.session.id)
        proof = ProofStream({(p.document, p.number): p for p in plan.passages})
        alternatives = alternatives_of(generation, prepared)
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
                            yield await self._presenter.shown(prepared, proven)
                    case Finished():
                        finished = event
                    case _:
                        pass  # a tool call that nobody offered
        assert finished is not None
        generation.remember(query, plan.messages)
        rest, result = proof.finish()
        for proven in rest:
            yield await self._presenter.shown(prepared, proven)
        raw = "".join(written).strip()
        # Cut short, or nothing at all: whatever was proven, the answer is not whole.
        if finished.reason != "stop" or not raw:
            result = replace(result, grounded=False)
        added = tuple((p.document, p.number) for p in plan.added)
        if raw:  # an assistant that said nothing is no turn
            await self._presenter.keep(prepared, StoredTurn(query.question, plan.question, raw, added))
        usage, cost = self._accounted(prepared, finished, alternatives)
        placed = await self._presenter.place(prepared, result.citations)
        yield Done(whole_answer(prepared, result, placed, model=finished.model, usage=usage, cost=cost))

    def _accounted(
        self, prepared: Prepared, finished: Finished, alternatives: dict[Mode, tuple[int, int]]
    ) -> tuple[Usage, Cost]:
        generation = self._generation
        usage = count_usage(
            finished.usage,
            prepared.plan.tokens,
            predicted_tokens(prepared.summary, generation.provider.cache.min_tokens),
        )
        cost = count_cost(usage, generation.price(generation.name(prepared.query)), alternatives)
        return with_side_calls(usage, cost, prepared.summary.side_calls)


def alternatives_of(generation: Generation, prepared: Prepared) -> dict[Mode, tuple[int, int]]:
    """Tokens, and of them cached, of the plans that are not carried out."""
    others: dict[Mode, tuple[int, int]] = {}
    for mode, plan in list(prepared.plans.items())[1:]:
        summary = summarise(plan, generation.cached_characters(prepared.query, plan.messages))
        others[mode] = plan.tokens, predicted_tokens(summary, generation.provider.cache.min_tokens)
    return others
