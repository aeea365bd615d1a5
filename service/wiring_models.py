"""What of the services asks a language model, made from the settings for `service.wiring`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from service.access.budgets import Budgets
from service.access.shared_budgets import SharedBudgets
from service.agent import Agent, AgentBounds
from service.chores import Chores
from service.egress_policy import Recipient
from service.generation import Generation, GenerationSettings
from service.guards import GuardedReranker, GuardedTokenizer
from service.map_planning import MapSettings
from service.models.assembling import fallback_prices, prices_of, provider_of
from service.models.blocking import BlockingModel
from service.models.prices import price
from service.models.tokenizers import EndpointTokenizer
from service.reranking.making import make_reranker
from service.reranking.reordering import Reordering
from service.rewriting import Rewriter
from service.settings import SettingsError
from service.side_model import SideModel
from service.token_samples import TokenSamples
from service.tokens import count_tokens

if TYPE_CHECKING:
    from contextlib import ExitStack

    from ingest.catalog.catalog import Catalog
    from service.egress import Egress
    from service.ledger import Ledger
    from service.library import Library
    from service.models.assembling import Upstreams
    from service.models.prices import Price
    from service.presenting import Presenter
    from service.recording import Origin, Recorder
    from service.searching import Searcher
    from service.settings import Settings

_SIDE_ATTEMPTS = 2
"""An answer waits for side calls, and can do without them."""


def make_budgets(settings: Settings, catalog: Catalog, ledger: Ledger, closing: ExitStack) -> Budgets:
    """What each key may still spend, by the settings' prices; of all servers where they share a database."""
    provider, overrides = provider_of(settings), prices_of(settings)

    def price_of(name: str) -> Price | None:
        return price(provider, name, overrides)

    default, fallbacks = settings.key_usd_per_day, fallback_prices(settings)
    if not catalog.is_shared:
        return Budgets(catalog, ledger, price_of, default=default, fallbacks=fallbacks)
    shared = SharedBudgets(catalog, ledger, price_of, default=default, fallbacks=fallbacks)
    closing.callback(shared.close)
    return shared


def make_generation(settings: Settings, upstreams: Upstreams | None, recorder: Recorder) -> Generation | None:
    """The configured model with its planning and accounting; None where none is configured."""
    if upstreams is None:
        return None
    provider = provider_of(settings)
    chosen = GenerationSettings(
        model=settings.llm_model or provider.model,
        context=settings.llm_context,
        answer_tokens=settings.answer_tokens,
        retrieved_tokens=settings.retrieved_tokens,
        temperature=settings.temperature,
        thinking=settings.thinking,
        prices=prices_of(settings),
        code_model=settings.code_model,
        named=frozenset(filter(None, (settings.map_model, settings.task_model))),
    )
    connection = upstreams.connect()
    return Generation(
        connection.model,
        provider,
        chosen,
        close=connection.close,
        recorder=recorder,
        samples=_samples(settings, upstreams),
        audience=upstreams.audience,
        queue=upstreams.queue,
        observer=upstreams.observer,
    )


def _samples(settings: Settings, upstreams: Upstreams) -> TokenSamples | None:
    if not settings.exact_tokens or not upstreams.endpoints:
        return None
    first = upstreams.endpoints[0]
    tokenizer = EndpointTokenizer(first.provider, first.base_url, first.api_key)
    guarded = GuardedTokenizer(tokenizer, upstreams.egress, first.recipient)
    return TokenSamples(guarded, count_tokens, settings.data)


def make_agent(
    settings: Settings,
    presenter: Presenter,
    generation: Generation | None,
    library: Library,
    searcher: Searcher,
) -> Agent | None:
    """The mode of that name; None without a model."""
    if generation is None:
        return None
    bounds = AgentBounds(settings.agent_steps, settings.agent_tokens)
    return Agent(presenter, generation, library, searcher, bounds)


def make_side_model(
    settings: Settings,
    upstreams: Upstreams | None,
    generation: Generation | None,
    recorder: Recorder,
    *,
    closing: ExitStack,
) -> SideModel | None:
    """What reranking, rewriting and chores ask: a client of its own, in a thread that starts when asked."""
    if upstreams is None or generation is None:
        asking = [name for name in ("rerank", "rewrite_followups") if getattr(settings, name)]
        if asking:
            raise SettingsError(
                f"setting {asking[0]}: no language model is configured (llm_api_key, llm_base_url)"
            )
        return None
    connection = upstreams.connect(attempts=_SIDE_ATTEMPTS)
    blocking = BlockingModel(connection.model, close=connection.close)
    closing.callback(blocking.close)
    return SideModel(blocking, generation.price, provider=generation.provider.name, recorder=recorder)


def make_reordering(
    settings: Settings,
    library: Library,
    side: SideModel | None,
    generation: Generation | None,
    closing: ExitStack,
    *,
    egress: Egress,
) -> Reordering | None:
    """What orders hits anew, closed with the services; None where nothing is asked to."""
    recipient = Recipient.at(settings.rerank_base_url or "")

    def require_leave(origin: Origin) -> None:
        egress.require(origin.tenant, origin.collection, recipient)

    reranker = make_reranker(settings, side, generation, require_leave=require_leave)
    if reranker is None:
        return None
    if settings.rerank_base_url is not None:
        reranker = GuardedReranker(reranker, egress, recipient)
    closing.callback(reranker.close)
    return Reordering(library, reranker, settings.rerank_candidates)


def make_rewriter(settings: Settings, side: SideModel | None) -> Rewriter | None:
    """What makes follow-ups understood alone, where that is asked for."""
    if side is None or not settings.rewrite_followups:
        return None
    return Rewriter(side, name=settings.rewrite_model, seconds=settings.rewrite_timeout)


def make_chores(settings: Settings, side: SideModel | None, generation: Generation | None) -> Chores:
    """What answers chat clients' own requests."""
    return Chores(side, name=settings.task_model or (generation.settings.model if generation else ""))


def map_settings(settings: Settings) -> MapSettings:
    """How maps read documents."""
    return MapSettings(
        part_tokens=settings.map_part_tokens,
        parallel=settings.map_parallel,
        model=settings.map_model,
        auto_tokens=settings.map_auto_tokens,
    )
