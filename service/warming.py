"""Sends what prompts begin with ahead of the questions, so that the provider's cache holds it for them."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from prompts.mirror import render
from prompts.pricing import size
from service.accounting import count_cost, count_usage, with_side_calls
from service.affinity import pinned_place
from service.answers import Cost, SideCall, Usage
from service.models.contract import TokenUsage, complete
from service.recording import Origin, call_plan
from service.reviewing.estimating import TooExpensive
from service.reviewing.running import NoModel

if TYPE_CHECKING:
    from prompts.plan import PromptPlan
    from service.answers import PlanSummary, Query
    from service.generation import Generation
    from service.preparing import Preparer
    from service.recording import Recording

_ID_BYTES = 9
_PURPOSE = "warm"


@dataclass(frozen=True, slots=True)
class Warming:
    """What is to be sent."""

    id: str
    query: Query
    plan: PromptPlan
    summary: PlanSummary
    """With what the cache should hold of it already."""
    model: str
    sends: int
    """Times that it is read before the cache holds it."""
    usd: float | None
    """What that should cost; None where the model's price is not known."""


@dataclass(frozen=True, slots=True)
class Warmed:
    """What was sent."""

    sent: int
    held_before: int
    """Tokens that the cache has served of the first sending."""
    usage: Usage
    cost: Cost


class Warmer:
    """Warms the provider's cache; ``generation`` is None where no model is configured."""

    def __init__(self, preparer: Preparer, generation: Generation | None) -> None:
        self._preparer = preparer
        self._generation = generation

    def plan(self, query: Query, max_usd: float | None = None) -> Warming:
        """What the prompts of a query's collection begin with or, where it names documents, of their whole.

        Raises:
            NoModel: none is configured.
            EgressRefused: no provider may be shown the collection.
            UnknownName, Gone: the collection or a document is not there.
            PromptTooLongError: the documents do not fit the model's context.
            TooExpensive: it should cost more than ``max_usd``, or nobody knows what it costs.
        """
        generation = self._generation
        if generation is None:
            raise NoModel("warming a cache")
        generation.require_egress(query.tenant, query.collection)
        query, plan = self._preparer.opening(query)
        summary = generation.summarise(query, plan)
        model, sends = generation.name(query), generation.prefixes.sightings(query)
        if generation.prefixes.cached_characters(query, plan.messages) == len(render(plan.messages)):
            sends = 1  # it is held: reading it again keeps it there
        price = generation.price(model)
        expected = TokenUsage(summary.tokens * sends, summary.cached_tokens * sends, sends)
        usd = None if price is None else price.dollars(expected)
        _require_within(usd, max_usd)
        identity = f"warm_{secrets.token_urlsafe(_ID_BYTES)}"
        return Warming(identity, query, plan, summary, model, sends, usd)

    async def warm(self, warming: Warming) -> Warmed:
        """Send it, as often as the provider wants it, with room for one token of an answer.

        Raises:
            ModelError: the model failed.
        """
        assert self._generation is not None
        calls = [await self._send(self._generation, warming) for _ in range(warming.sends)]
        usage, cost = with_side_calls(Usage(), Cost(), calls)
        return Warmed(len(calls), calls[0].usage.cached_tokens, usage, cost)

    async def _send(self, generation: Generation, warming: Warming) -> SideCall:
        query, plan = warming.query, warming.plan
        request = generation.request(replace(query, max_tokens=1), plan.messages, pinned_place(plan.blocks))
        request = replace(request, elsewhere=False)  # it is for this provider's cache
        async with generation.prefixes.flight(query, plan.messages, "batch") as flight:
            foretold = generation.summarise(query, plan)
            async with self._recording(generation, warming, foretold) as call:
                asked = call.asking(flight.asking(request))
                reply = await complete(generation.model, asked, call.heard)
                usage = count_usage(reply.usage, foretold.tokens, foretold.cached_tokens)
                cost = count_cost(usage, generation.price(warming.model), {})
                call.counted(usage, cost)
            generation.prefixes.read(query, plan.messages)
        generation.prefixes.learn(query, plan.messages, flight.known, reply.usage, size(plan.blocks))
        return SideCall(_PURPOSE, reply.model, usage, cost.usd, cost.saved_usd)

    def _recording(self, generation: Generation, warming: Warming, foretold: PlanSummary) -> Recording:
        query = warming.query
        return generation.recording(
            Origin(query.tenant, query.collection, answer=warming.id, key=query.key),
            _PURPOSE,
            model=warming.model,
            planned=foretold.tokens,
            longest=1,
            predicted=foretold.cached_tokens,
            plan=call_plan(warming.plan, foretold),
        )


def _require_within(usd: float | None, most: float | None) -> None:
    if most is None:
        return
    if usd is None:
        raise TooExpensive("max_usd: the price of this model is not known")
    if usd > most:
        raise TooExpensive(f"max_usd: warming should cost ${usd:.4f}, which is more than ${most:.4f}")
