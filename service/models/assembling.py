"""From settings to a model that outlives its providers' bad days.

From the outside in: a queue, the salt of the tenant, the list of providers, of each its retries within a
shared budget, its circuit breaker, the guard of egress, the meter of attempts, and the client itself. A
retry passes the breaker and the guard, so that a provider that is given up or forbidden meanwhile is not
asked again.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING

from service.egress import Audience
from service.egress_policy import Recipient
from service.guards import GuardedModel
from service.models.attempts import MeteredModel
from service.models.checking import MOST_OUTPUT
from service.models.circuit import BreakingModel, Circuit, CircuitPolicy
from service.models.fallback import Fallback, FallbackModel
from service.models.openai_client import OpenAIModel, Timeouts
from service.models.pacing import Pace
from service.models.prices import Price, price
from service.models.providers import (
    PROVIDERS,
    UNKNOWN_CONTEXT,
    ModelLimits,
    host_of,
    label_of,
    limits_of,
    provider_for,
)
from service.models.queueing import CallQueue, QueuedModel
from service.models.retry_budget import RetryBudget
from service.models.retrying import RetryingModel, RetryPolicy
from service.models.salting import SaltedModel
from service.observed import ObservedModel
from service.settings import SettingsError
from service.tokens import token_ids

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from pydantic import SecretStr

    from service.egress import Egress
    from service.models.contract import LanguageModel
    from service.models.providers import Provider
    from service.observing import Observer
    from service.setting_groups.models import ModelPrice
    from service.settings import Settings

DEFAULT_PROVIDER = "zai"
_BEFORE_ANOTHER = 2
"""Attempts at a provider that another one stands behind: it is quicker than patience."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where a provider is reached, and its state that all clients of it share."""

    provider: Provider
    base_url: str
    api_key: str = field(repr=False)
    model: str
    price: Price | None
    limits: ModelLimits
    circuit: Circuit
    recipient: Recipient
    session_header: str | None
    budget: RetryBudget = field(default_factory=RetryBudget)

    @property
    def label(self) -> str:
        """As people are told who it is."""
        return self.circuit.name


class Connection:
    """A model whose connections belong to one event loop."""

    def __init__(self, model: LanguageModel, clients: Sequence[OpenAIModel] = ()) -> None:
        self.model = model
        self._clients = clients

    async def close(self) -> None:
        """Let go of the connections, in the event loop that they were made in."""
        for client in self._clients:
            await client.close()


class Upstreams:
    """The providers of a process: what is known of their state, and how they are asked."""

    def __init__(
        self,
        settings: Settings,
        egress: Egress,
        observer: Observer,
        stand_in: LanguageModel | None = None,
        *,
        salt: Callable[[str], str] = lambda _: "",
    ) -> None:
        """Nothing is connected yet; ``stand_in`` answers in place of all providers.

        What ``egress`` keeps from a provider is not sent there, but to the next one that may be shown it;
        ``salt`` opens the prompts of a tenant.

        Raises:
            SettingsError: an unknown provider, or one without an address.
        """
        self.queue = CallQueue(settings.llm_parallel, settings.llm_waiting, settings.llm_queue_seconds)
        self.endpoints: Sequence[Endpoint] = () if stand_in else endpoints_of(settings)
        self.egress = egress
        self.observer = observer
        self._salt = salt
        provider = provider_of(settings)
        recipient = _recipient(settings.llm_base_url, provider)
        name = settings.llm_model or provider.model
        self._charge = partial(_charged, provider, name, prices_of(settings))
        self._stand_in = stand_in and self._watched(stand_in, provider.name, name, recipient, self._charge)
        _show(observer, self.queue, self.endpoints)
        recipients = [endpoint.recipient for endpoint in self.endpoints] or [recipient]
        self.audience = Audience(egress, tuple(recipients))
        self._attempts = settings.llm_attempts
        self._pace = Pace()
        self._timeouts = Timeouts(idle=settings.llm_idle_timeout, total=settings.llm_timeout)

    def connect(self, *, attempts: int | None = None) -> Connection:
        """A model for one event loop; at most ``attempts`` at a provider, where they are fewer."""
        if self._stand_in is not None:
            return Connection(QueuedModel(SaltedModel(self._stand_in, self._salt), self.queue))
        most = self._attempts if attempts is None else min(attempts, self._attempts)
        clients = [self._client(endpoint) for endpoint in self.endpoints]
        charges = [self._charge, *(partial(_same, endpoint.price) for endpoint in self.endpoints[1:])]
        watched = [
            self._watched(client, endpoint.provider.name, endpoint.model, endpoint.recipient, charge)
            for endpoint, client, charge in zip(self.endpoints, clients, charges, strict=True)
        ]
        patient = [
            self._patient(
                endpoint, client, most if endpoint is self.endpoints[-1] else min(most, _BEFORE_ANOTHER)
            )
            for endpoint, client in zip(self.endpoints, watched, strict=True)
        ]
        others = [
            _fallback(endpoint, model)
            for endpoint, model in zip(self.endpoints[1:], patient[1:], strict=True)
        ]
        model = FallbackModel(patient[0], others, count=_count) if others else patient[0]
        return Connection(QueuedModel(SaltedModel(model, self._salt), self.queue), clients)

    def _watched(
        self,
        model: LanguageModel,
        provider: str,
        name: str,
        recipient: Recipient,
        charge: Callable[[str | None], Price | None],
    ) -> GuardedModel:
        """Behind the guard of egress, every attempt that passes it is observed and counted."""
        counted = MeteredModel(ObservedModel(model, provider, name, self.observer), charge)
        return GuardedModel(counted, self.egress, recipient)

    def _patient(self, endpoint: Endpoint, model: LanguageModel, attempts: int) -> LanguageModel:
        return RetryingModel(
            BreakingModel(model, endpoint.circuit),
            RetryPolicy(attempts=attempts),
            budget=endpoint.budget,
            on_retry=partial(self.observer.metrics.retried, endpoint.provider.name),
        )

    def _client(self, endpoint: Endpoint) -> OpenAIModel:
        return OpenAIModel(
            replace(endpoint.provider, session_header=endpoint.session_header),
            base_url=endpoint.base_url,
            api_key=endpoint.api_key,
            model=endpoint.model,
            timeouts=self._timeouts,
            pace=self._pace,
        )


def provider_of(settings: Settings) -> Provider:
    """The preset that is named, else the one whose address is given, else Z.ai.

    Raises:
        SettingsError: there is no preset of that name.
    """
    return _provider("llm_provider", settings.llm_provider, settings.llm_base_url)


def base_url_of(settings: Settings, provider: Provider) -> str:
    """Where the provider is reached.

    Raises:
        SettingsError: it has no address of its own, and none is set.
    """
    return _address("llm_base_url", settings.llm_base_url, provider)


def endpoints_of(settings: Settings) -> tuple[Endpoint, ...]:
    """The configured provider, then those behind it.

    Raises:
        SettingsError: an unknown provider, or one without an address.
    """
    return _first(settings), *_others(settings)


def fallback_prices(settings: Settings) -> tuple[Price, ...]:
    """The known prices of the providers behind the configured one; raises as `endpoints_of`."""
    return tuple(endpoint.price for endpoint in _others(settings) if endpoint.price is not None)


def prices_of(settings: Settings) -> dict[str, Price]:
    """The settings' own prices, by model."""
    return {model: _price(said) for model, said in settings.prices.items()}


def secret(key: SecretStr | None) -> str:
    """A key, empty where there is none."""
    return key.get_secret_value() if key else ""


def _charged(
    provider: Provider, default: str, overrides: Mapping[str, Price], model: str | None
) -> Price | None:
    """What the configured provider takes for a model of this name."""
    return price(provider, model or default, overrides)


def _same(said: Price | None, _: str | None) -> Price | None:
    """What a provider takes that serves one model, whatever that was asked for as."""
    return said


def _fallback(endpoint: Endpoint, asked: LanguageModel) -> Fallback:
    return Fallback(
        endpoint.provider.name, asked, endpoint.model, endpoint.price, endpoint.limits, endpoint.label
    )


def _first(settings: Settings) -> Endpoint:
    provider = provider_of(settings)
    base_url = base_url_of(settings, provider)
    model = settings.llm_model or provider.model
    return Endpoint(
        provider,
        base_url,
        secret(settings.llm_api_key),
        model,
        price(provider, model, prices_of(settings)),
        _limits(model, settings.llm_context),
        _circuit(settings, provider, base_url),
        _recipient(settings.llm_base_url, provider),
        _session_header("llm_session_header", settings.llm_session_header, provider),
    )


def _others(settings: Settings) -> Iterator[Endpoint]:
    overrides = prices_of(settings)
    for number, said in enumerate(settings.fallbacks):
        setting = f"fallbacks.{number}"
        provider = _provider(f"{setting}.provider", said.provider, said.base_url)
        model = said.model or provider.model
        base_url = _address(f"{setting}.base_url", said.base_url, provider)
        yield Endpoint(
            provider,
            base_url,
            secret(said.api_key),
            model,
            _price(said.price) if said.price else price(provider, model, overrides),
            _limits(model, said.context),
            _circuit(settings, provider, base_url),
            _recipient(said.base_url, provider),
            _session_header(f"{setting}.session_header", said.session_header, provider),
        )


def _show(observer: Observer, queue: CallQueue, endpoints: Sequence[Endpoint]) -> None:
    """The state of queue and providers, for metrics and readiness."""
    observer.metrics.watch("model_calls_running", "Calls of models under way.", lambda: queue.running)
    observer.metrics.watch("model_calls_waiting", "Calls of models that wait.", lambda: queue.waiting)
    for label in {endpoint.label for endpoint in endpoints}:
        circuits = [endpoint.circuit for endpoint in endpoints if endpoint.label == label]
        observer.watch_circuit(label, partial(_any_open, circuits))


def _any_open(circuits: Sequence[Circuit]) -> bool:
    return any(circuit.is_open for circuit in circuits)


def _recipient(base_url: str | None, provider: Provider) -> Recipient:
    return Recipient.at(base_url or provider.base_url or "", provider)


def _circuit(settings: Settings, provider: Provider, base_url: str) -> Circuit:
    policy = CircuitPolicy(settings.llm_circuit_failures, settings.llm_circuit_seconds)
    return Circuit(label_of(provider, base_url), policy, host=host_of(base_url))


def _provider(setting: str, name: str | None, base_url: str | None) -> Provider:
    if name is not None:
        try:
            return PROVIDERS[name]
        except KeyError:
            known = ", ".join(sorted(PROVIDERS))
            raise SettingsError(f"setting {setting}: must be one of {known}") from None
    return PROVIDERS[DEFAULT_PROVIDER] if base_url is None else provider_for(base_url)


def _address(setting: str, said: str | None, provider: Provider) -> str:
    base_url = said or provider.base_url
    if base_url is None:
        raise SettingsError(f"setting {setting}: {provider.name} has no address of its own")
    return base_url


def _session_header(setting: str, said: str | None, provider: Provider) -> str | None:
    """A company's own router takes what its preset says; only before servers of one's own stands another."""
    if said is not None and provider.base_url is not None:
        raise SettingsError(f"setting {setting}: {provider.name} is no server of your own")
    return said or provider.session_header


def _limits(model: str, context: int | None) -> ModelLimits:
    known = limits_of(model) or ModelLimits(UNKNOWN_CONTEXT, MOST_OUTPUT)
    return known if context is None else ModelLimits(context, known.output)


def _price(said: ModelPrice) -> Price:
    return Price(said.input, said.input if said.cached is None else said.cached, said.output)


def _count(text: str) -> int:
    return len(token_ids(text))  # not by `count_tokens`, which would remember whole prompts
