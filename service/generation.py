"""The configured model with all that planning and accounting must know of it."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from prompts.mirror import render
from prompts.plan_request import Limits, PromptTooLongError
from prompts.pricing import CachePricing
from service.accounting import summarise
from service.demand import Demand
from service.known_models import KnownModels
from service.models.contract import Message, ModelRequest
from service.models.prices import in_force, price
from service.models.providers import UNKNOWN_CONTEXT, limits_of
from service.observing import Observer
from service.prefixes import Prefixes
from service.recording import Origin, Recording, Unrecorded, begun_call
from service.tokens import count_tokens

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence

    from ingest.catalog.call_records import CallPlan
    from ingest.errors import EgressRefused
    from prompts.plan import PromptMessage, PromptPlan
    from service.answers import PlanSummary, Query
    from service.egress import Audience
    from service.models.contract import Diverted, LanguageModel
    from service.models.prices import Price
    from service.models.providers import Provider
    from service.models.queueing import CallQueue
    from service.recording import Recorder
    from service.token_samples import TokenSamples

USUAL_RATIO = 0.2
"""Price of a cached token over that of a fresh one where no price is known: GLM-5's own."""
OWN_RATIO = 0.1
"""Likewise, where tokens cost nothing but time."""


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
    code_model: str | None = None
    """Answers questions to collections that are mostly programs; None leaves them to ``model``."""
    named: frozenset[str] = frozenset()
    """Further models that the settings ask for something."""

    def listed(self, provider: Provider) -> frozenset[str]:
        """Models that settings or prices know; whatever else is asked for is a caller's word."""
        priced = {row.model for row in in_force(provider, self.prices)}
        chosen = {self.model} if self.code_model is None else {self.model, self.code_model}
        return self.named | priced | chosen


_ACCOUNTS_AT_ONCE = 4
"""Accounts that are read, in threads of their own: nobody's call waits for what others compute."""


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
        samples: TokenSamples | None = None,
        audience: Audience | None = None,
        queue: CallQueue | None = None,
        observer: Observer | None = None,
    ) -> None:
        """``recorder`` takes note of the calls; without one they are forgotten.

        ``samples`` calibrate the estimates of tokens before the first answer does; ``audience`` knows which
        collections the model's providers may be shown. In ``queue`` the model's calls wait for their turn.
        """
        self.model = model
        self.provider = provider
        self.settings = settings
        self._close = close
        self._recorder = recorder or Unrecorded()
        self._accounting = ThreadPoolExecutor(_ACCOUNTS_AT_ONCE, thread_name_prefix="lectern-account")
        self._samples = samples
        self._audience = audience
        self._queue = queue
        self.observer = observer or Observer()
        self.demand = Demand()
        self._models = KnownModels(provider.cache, settings.listed(provider))
        self.prefixes = Prefixes(self._models, self.name)

    async def close(self) -> None:
        """Let go of the model's connections, in the event loop that they were made in."""
        if self._close is not None:
            await self._close()

    def require_room(self) -> None:
        """Ask before anything is done for a question.

        Raises:
            TooManyWaiting: so many wait for the model that it would be turned away.
        """
        if self._queue is not None:
            self._queue.require_room()

    def refusal(self, tenant: str, collection: str) -> EgressRefused | None:
        """Why no provider may be shown this collection; None where one may.

        Raises:
            UnknownName: there is no such collection.
        """
        return None if self._audience is None else self._audience.refusal(tenant, collection)

    def require_egress(self, tenant: str, collection: str) -> None:
        """For what cannot be done without the model.

        Raises:
            EgressRefused: no provider may be shown this collection.
            UnknownName: there is no such collection.
        """
        if self._audience is not None:
            self._audience.require(tenant, collection)

    def name(self, query: Query) -> str:
        """The model that answers this query, see `service.roles`."""
        return query.model or self.settings.model

    def price(self, model: str) -> Price | None:
        """Dollars per million tokens; None where it is not known."""
        return price(self.provider, model, self.settings.prices)

    def charged(self, model: str, diverted: Diverted | None) -> Price | None:
        """Likewise, of a call of this model that another provider may have answered."""
        return self.price(model) if diverted is None else diverted.price

    def recording(
        self,
        origin: Origin,
        purpose: str,
        *,
        model: str,
        planned: int,
        longest: int,
        predicted: int = 0,
        mode: str = "",
        plan: CallPlan | None = None,
    ) -> Recording:
        """A call to be entered before the model is asked: the ledger learns how it ends.

        ``planned`` and ``predicted`` are tokens of the prompt and, of them, in the cache, ``longest`` those
        that the answer may have; ``mode`` is the way of answering, empty for calls on the way to it.
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
        return Recording(self._recorder, call, longest, price=self.price(model), threads=self._accounting)

    def context(self, model: str) -> int:
        """Tokens that prompt and answer of a model may have together."""
        known = limits_of(model)
        return self.settings.context or (known.context if known else UNKNOWN_CONTEXT)

    def limits(self, query: Query) -> Limits:
        """Budgets and prices of a prompt for this query.

        Raises:
            PromptTooLongError: the answer alone would fill the model's context.
        """
        model = self.name(query)
        context = self.context(model)
        room = context - self._answer_tokens(query)
        if room <= 0:
            raise PromptTooLongError(f"max_tokens leaves no room for a prompt in {context} tokens of context")
        scope = (query.tenant, query.collection)
        return Limits(
            room,
            retrieved_tokens=self.settings.retrieved_tokens,
            cache=self.cache(query),
            expected_questions=self.demand.questions(scope),
            turn_price=self.demand.price(scope),
            accuracy=query.accuracy,
            fresh_share=self.demand.fresh_share(scope),
        )

    def cache(self, query: Query) -> CachePricing:
        """What cached tokens cost this query, and which are cached at all."""
        learnt = self.prefixes.of(query).learner
        rate = self.price(self.name(query))
        # A cache that serves only some of what it should saves only so much.
        ratio = 1.0 - learnt.share * (1.0 - _ratio(rate))
        return CachePricing(ratio, learnt.traits.block_tokens, learnt.traits.min_tokens)

    def longest(self, query: Query) -> int:
        """Tokens that an answer to this query may have."""
        return self._answer_tokens(query)

    def count_tokens(self, text: str) -> int:
        """Estimated tokens of a text."""
        return count_tokens(text)

    def calibrate(self, query: Query, text: str) -> str | None:
        """Have the provider's tokenizer count a text, where it is asked to and the script is new to it.

        Only for models that settings or prices name: any other name is the caller's, and costs a request.

        Returns:
            Why it gave no count, where it was asked in vain.
        """
        if self._samples is None or not self._models.is_listed(self.name(query)):
            return None
        calibration = self.prefixes.of(query).calibration
        origin = Origin(query.tenant, query.collection, key=query.key)
        return self._samples.begin(calibration, self.provider.name, self.name(query), text, origin=origin)

    def tokens_for_one(self, text: str, *, origin: Origin) -> float | None:
        """Tokens of the settings' model for each one estimated of a text, by its tokenizer; None without.

        ``origin`` tells whose text it is.

        Raises:
            CountingFailed: it was asked and gave no count.
        """
        if self._samples is None:
            return None
        return self._samples.count(self.settings.model, text, origin=origin)

    def request(
        self,
        query: Query,
        messages: Sequence[PromptMessage],
        session: str | None,
        *,
        conversation: str = "",
    ) -> ModelRequest:
        """The plan's messages as the model is asked them.

        Who share a ``session`` are sent to one machine; traces name the ``conversation``.
        """
        settings = self.settings
        return ModelRequest(
            messages=tuple(Message(message.role, message.content) for message in messages),
            max_tokens=self._answer_tokens(query),
            model=self.name(query),
            temperature=settings.temperature if query.temperature is None else query.temperature,
            thinking=settings.thinking if query.thinking is None else query.thinking,
            cache_salt=query.tenant,
            session=session,
            conversation=conversation,
            tenant=query.tenant,
            collection=query.collection,
        )

    def asked(self, query: Query, documents: Sequence[int] | None) -> None:
        """Count a question about these documents; None is the whole collection."""
        scope, lifetime = (query.tenant, query.collection), self.prefixes.of(query).mirror.lifetime
        self.demand.asked(scope, frozenset(documents or ()), time.monotonic(), lifetime)

    def summarise(self, query: Query, plan: PromptPlan) -> PlanSummary:
        """The plan's blocks with what the provider's cache should hold of them, in its own tokens."""
        return summarise(
            plan,
            self.prefixes.cached_characters(query, plan.messages),
            self.cache(query),
            self.count_tokens,
            ratio=self.prefixes.of(query).calibration.ratio(render(plan.messages)),
        )

    def _answer_tokens(self, query: Query) -> int:
        known = limits_of(self.name(query))
        wanted = query.max_tokens or self.settings.answer_tokens
        return min(wanted, known.output) if known else wanted


def _ratio(rate: Price | None) -> float:
    """Price of a cached token over that of a fresh one; on one's own machine, what it takes to read it."""
    if rate is None:
        return USUAL_RATIO
    return rate.cached / rate.input if rate.input else OWN_RATIO
