"""The configured model with all that planning and accounting must know of it."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from threading import Lock
from typing import TYPE_CHECKING

from prompts.mirror import PrefixMirror
from prompts.planner import Limits, PromptTooLongError
from service.models.contract import Message, ModelRequest
from service.models.prices import price
from service.models.providers import limits_of
from service.recording import Recording, Unrecorded, begun_call
from service.tokens import count_tokens

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence

    from ingest.catalog.call_records import CallPlan
    from prompts.plan import PromptMessage
    from service.answers import Query
    from service.models.contract import LanguageModel
    from service.models.prices import Price
    from service.models.providers import Provider
    from service.recording import Origin, Recorder

UNKNOWN_CONTEXT = 32_768
"""Tokens of context assumed of a model that nobody has described."""


@dataclass(frozen=True, slots=True)
class GenerationSettings:
    """What the settings say of generation; a query may override most of it."""

    model: str
    context: int | None
    """Tokens; None leaves it to what is known of the model."""
    answer_tokens: int
    retrieved_tokens: int
    temperature: float
    thinking: bool
    prices: Mapping[str, Price] = field(default_factory=dict[str, "Price"])
    """By model, over the published ones."""


class Generation:
    """A language model at a provider. One instance serves all requests; its mirrors learn from them."""

    def __init__(
        self,
        model: LanguageModel,
        provider: Provider,
        settings: GenerationSettings,
        *,
        close: Callable[[], Awaitable[None]] | None = None,
        recorder: Recorder | None = None,
    ) -> None:
        """``recorder`` takes note of the calls; without one they are forgotten."""
        self.model = model
        self.provider = provider
        self.settings = settings
        self._close = close
        self._recorder = recorder or Unrecorded()
        self._mirrors: dict[tuple[str, str], PrefixMirror] = {}
        self._lock = Lock()

    async def close(self) -> None:
        """Let go of the model's connections, in the event loop that they were made in."""
        if self._close is not None:
            await self._close()

    def name(self, query: Query) -> str:
        """The model that answers this query."""
        return query.model or self.settings.model

    def price(self, model: str) -> Price | None:
        """Dollars per million tokens; None where it is not known."""
        return price(self.provider, model, self.settings.prices)

    def recording(
        self,
        origin: Origin,
        purpose: str,
        *,
        model: str,
        planned: int,
        predicted: int = 0,
        mode: str = "",
        plan: CallPlan | None = None,
    ) -> Recording:
        """A call to be entered before the model is asked: the ledger learns how it ends.

        ``planned`` and ``predicted`` are tokens of the prompt and, of them, in the cache; ``mode`` is the way
        of answering, empty for calls on the way to it.
        """
        call = begun_call(
            origin,
            purpose,
            provider=self.provider.name,
            model=model,
            planned=planned,
            predicted=predicted,
            mode=mode,
            plan=plan,
        )
        return Recording(self._recorder, call)

    def context(self, model: str) -> int:
        """Tokens that prompt and answer of a model may have together."""
        known = limits_of(model)
        return self.settings.context or (known.context if known else UNKNOWN_CONTEXT)

    def limits(self, query: Query) -> Limits:
        """Budgets of a prompt for this query.

        Raises:
            PromptTooLongError: the answer alone would fill the model's context.
        """
        context = self.context(self.name(query))
        room = context - self._answer_tokens(query)
        if room <= 0:
            raise PromptTooLongError(f"max_tokens leaves no room for a prompt in {context} tokens of context")
        rate = self.price(self.name(query))
        ratio = rate.cached / rate.input if rate and rate.input else 1.0
        return Limits(room, retrieved_tokens=self.settings.retrieved_tokens, cached_ratio=ratio)

    def count_tokens(self, text: str) -> int:
        """Estimated tokens of a text."""
        return count_tokens(text)

    def request(self, query: Query, messages: Sequence[PromptMessage], session: str) -> ModelRequest:
        """The plan's messages as the model is asked them."""
        settings = self.settings
        return ModelRequest(
            messages=tuple(Message(message.role, message.content) for message in messages),
            max_tokens=self._answer_tokens(query),
            model=self.name(query),
            temperature=settings.temperature if query.temperature is None else query.temperature,
            thinking=settings.thinking if query.thinking is None else query.thinking,
            cache_salt=query.tenant,
            session=session,
        )

    def cached_characters(self, query: Query, messages: Sequence[PromptMessage]) -> int:
        """Code points at the front of the rendered messages that the provider should still hold."""
        with self._lock:
            return self._mirror(query).cached(messages, time.monotonic())

    def remember(self, query: Query, messages: Sequence[PromptMessage]) -> None:
        """The provider has read this prompt."""
        with self._lock:
            self._mirror(query).sent(messages, time.monotonic())

    def _mirror(self, query: Query) -> PrefixMirror:
        key = (query.tenant, self.name(query))
        if key not in self._mirrors:
            self._mirrors[key] = PrefixMirror(self.provider.cache.lifetime_seconds)
        return self._mirrors[key]

    def _answer_tokens(self, query: Query) -> int:
        known = limits_of(self.name(query))
        wanted = query.max_tokens or self.settings.answer_tokens
        return min(wanted, known.output) if known else wanted
