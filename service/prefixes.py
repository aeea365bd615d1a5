"""What of a prompt the provider's cache should hold, and what its answers teach of that."""

from __future__ import annotations

import time
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from prompts.mirror import render
from service.cache_learning import Observation

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Sequence

    from prompts.mirror import HeldPrefixes, Match
    from prompts.plan import PromptMessage
    from service.answers import Query
    from service.flights import Flight
    from service.known_models import KnownModel, KnownModels
    from service.models.contract import TokenUsage, Urgency


class Prefixes:
    """Those that were sent, by tenant and model."""

    def __init__(self, models: KnownModels, name: Callable[[Query], str]) -> None:
        """``name`` tells which model answers a query."""
        self._models = models
        self._name = name

    def of(self, query: Query) -> KnownModel:
        """What is known of the model's cache as the tenant sees it."""
        return self._models.of(query.tenant, self._name(query))

    def held(self, query: Query) -> HeldPrefixes:
        """What the provider should hold now."""
        return self.of(query).mirror.at(time.monotonic())

    def cached_characters(self, query: Query, messages: Sequence[PromptMessage]) -> int:
        """Code points at the front of the rendered messages that the provider should still hold."""
        return self.held(query).cached(messages)

    def known(self, query: Query, messages: Sequence[PromptMessage]) -> Match:
        """What of a prompt has been sent before, and how long ago."""
        return self.of(query).mirror.known(messages, time.monotonic())

    def sightings(self, query: Query) -> int:
        """Times that the provider must have read a prompt before its cache holds it."""
        return self.of(query).mirror.sightings

    @asynccontextmanager
    async def flight(
        self, query: Query, messages: Sequence[PromptMessage], urgency: Urgency = "question"
    ) -> AsyncGenerator[Flight]:
        """The turn of a prompt to be sent, see `Flights.admit`; say `read` when its first token comes."""
        flights = self.of(query).flights
        async with flights.admit(
            messages, lambda: self.cached_characters(query, messages), urgency
        ) as flight:
            flight.known = self.known(query, messages)
            yield flight

    def read(self, query: Query, messages: Sequence[PromptMessage]) -> None:
        """The provider has read this prompt: from now on its cache should hold it."""
        self._models.sent(self.of(query), messages)

    def recall(self, query: Query, messages: Sequence[PromptMessage], age: float) -> None:
        """The provider read this prompt so many seconds ago, before this process knew of it."""
        known = self.of(query)
        if known.mirror.known(messages, time.monotonic()).characters < len(render(messages)):
            self._models.sent(known, messages, age)

    def learn(
        self,
        query: Query,
        messages: Sequence[PromptMessage],
        match: Match,
        usage: TokenUsage,
        estimated: int,
    ) -> None:
        """Learn from what the provider reports of a prompt.

        Args:
            query: whose prompt it was.
            messages: as they were sent.
            match: what of it had been sent before.
            usage: the provider's count.
            estimated: tokens of the prompt by `count_tokens`.
        """
        if not usage.reported or not usage.prompt_tokens:
            return
        known, text = self.of(query), render(messages)
        tokens = int(usage.prompt_tokens * match.characters / len(text))
        known.learner.observe(Observation(match, tokens, usage.cached_tokens))
        known.calibration.observe(text, estimated, usage.prompt_tokens)
        known.mirror.lifetime = known.learner.traits.lifetime_seconds
        known.mirror.sightings = 2 if known.learner.traits.second_sight else 1
