"""The composition root: settings in, wired services out. Nothing else chooses implementations."""

from __future__ import annotations

import os
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ingest.catalog.catalog import open_catalog
from ingest.catalog.job_records import UNFINISHED
from ingest.errors import IndexUnavailable, LecternError
from ingest.index import LocalIndex
from ingest.rendering import RenderingProcess
from service.access.budgets import Budgets
from service.agent import Agent, AgentBounds
from service.agent_choice import AgentChooser
from service.answering import Answerer
from service.answers import DEFAULT_TENANT
from service.chores import Chores
from service.edge_index import FACTORY
from service.embedders import make_embedder
from service.generation import Generation, GenerationSettings
from service.index_process.client import RemoteIndex
from service.jobs.controlling import cancel_all
from service.jobs.originals import Originals
from service.ledger import Ledger
from service.library import Library
from service.map_planning import MapPlanner, MapSettings
from service.models.blocking import BlockingModel
from service.models.openai_client import OpenAIModel, Timeouts
from service.models.prices import Price, price
from service.models.providers import GENERIC, PROVIDERS, provider_for
from service.models.retrying import RetryingModel, RetryPolicy
from service.models.salting import SaltedModel
from service.models.tokenizers import EndpointTokenizer
from service.page_images import PageImages
from service.page_originals import PageOriginals
from service.preparing import Preparer
from service.presenting import Presenter
from service.reranking.making import make_reranker
from service.reranking.reordering import Reordering
from service.rewriting import Rewriter
from service.searching import Searcher
from service.sessions import Sessions
from service.settings import SettingsError
from service.side_model import SideModel
from service.token_samples import TokenSamples
from service.tokens import count_tokens
from service.warming import Warmer

if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from pathlib import Path

    from ingest.catalog.catalog import Catalog
    from ingest.embedding import Embedder
    from ingest.index import Index
    from service.models.contract import LanguageModel
    from service.models.providers import CacheTraits, Provider
    from service.recording import Recorder
    from service.settings import Settings

DEFAULT_PROVIDER = "zai"
_SIDE_RETRIES = RetryPolicy(attempts=2)
"""An answer waits for side calls, and can do without them."""


@dataclass(frozen=True, slots=True)
class Services:
    """Everything that commands and routes call."""

    settings: Settings
    catalog: Catalog
    index: Index
    embedder: Embedder
    library: Library
    searcher: Searcher
    answerer: Answerer
    generation: Generation | None
    originals: Originals
    ledger: Ledger
    warmer: Warmer
    page_images: PageImages
    chores: Chores
    budgets: Budgets

    def delete_document(self, tenant: str, identity: str) -> None:
        """Forget a document everywhere.

        Raises:
            UnknownName, Gone: it is not there, or not any more.
        """
        version = self.catalog.document(tenant, identity).version
        numbers = self.catalog.delete_document(tenant, identity)
        for number in numbers:
            self.page_images.forget(tenant, version.collection, number)
        with self.originals.locked():
            unfinished = self.catalog.jobs(tenant, collections=[version.collection], states=UNFINISHED)
            self.originals.forget_document(tenant, version.collection, version.path, unfinished)
        # Asked afterwards: a re-index that ends in between has not taken the document over any more.
        for scope in self.catalog.collection(tenant, version.collection).scopes:
            self.index.delete_documents(scope, numbers)
        self.index.flush()

    def delete_collection(self, tenant: str, name: str) -> None:
        """Forget a collection and all it holds.

        Raises:
            UnknownName: it is not there.
            IndexUnavailable: the index does not answer; the collection is still there to be deleted.
        """
        scopes = self.catalog.collection(tenant, name).scopes
        cancel_all(self.catalog, tenant, name)
        for scope in scopes:
            self.index.delete_scope(scope)
        forgotten = self.catalog.delete_collection(tenant, name)
        for scope in forgotten.scopes:  # what an ingest wrote in between; from here on it can publish nothing
            self.index.delete_scope(scope)
        self.index.flush()
        self.page_images.forget(tenant, name)
        with self.originals.locked():
            self.originals.forget_collection(tenant, name)

    async def close_model(self) -> None:
        """Let go of the model's connections, in the event loop that used them."""
        if self.generation is not None:
            await self.generation.close()

    def checks(self) -> dict[str, str]:
        """What must work for an answer, and ``ok`` or what is wrong with it."""
        checks = {"catalog": "ok", "index": "ok"}
        try:
            collections = self.catalog.collections(self.settings.tenant)
            for collection in collections[:1]:
                self.index.counts(collection.scope)
        except IndexUnavailable as error:
            checks["index"] = str(error)
        except LecternError as error:
            checks["catalog"] = str(error)
        return checks


@contextmanager
def open_services(settings: Settings, *, model: LanguageModel | None = None) -> Generator[Services]:
    """Wire the services for as long as the block runs; ``model`` stands in for the configured one.

    Raises:
        SettingsError: an unknown provider, no database's URL, or a data folder that cannot be made.
        UnsupportedStore: the data directory is another version's.
        CatalogUnavailable: the database does not answer.
        IndexUnavailable: the index cannot be opened.
    """
    with ExitStack() as closing:
        catalog = closing.enter_context(open_catalog_of(settings))
        ledger = Ledger(catalog, days=settings.ledger_days, traits=_cache_traits)
        closing.callback(ledger.close)
        embedder = make_embedder(settings)
        index = _index(settings, embedder)
        closing.callback(index.close)
        originals = Originals(settings.data)
        page_images = PageImages(PageOriginals(catalog, originals), RenderingProcess())
        closing.callback(page_images.close)
        library = Library(catalog)
        budgets = _budgets(settings, catalog, ledger)
        salt = salt_of(catalog)
        generation = _generation(settings, model, budgets, salt)
        side = _side_model(settings, model, generation, budgets, closing=closing, salt=salt)
        searcher = Searcher(
            library, index, embedder.identity, _reordering(settings, library, side, generation, closing)
        )
        sessions = Sessions(catalog, library)
        maps = _maps(settings)
        mapper = MapPlanner(library, sessions, generation, maps) if generation else None
        chooser = AgentChooser(library, searcher, generation) if generation else None
        preparer = Preparer(
            library,
            searcher,
            sessions,
            generation,
            _rewriter(settings, side),
            mapper=mapper,
            chooser=chooser,
        )
        agent = _agent(settings, Presenter(library, sessions), generation, library, searcher)
        answerer = Answerer(library, sessions, preparer, generation, maps, agent=agent)
        yield Services(
            settings,
            catalog,
            index,
            embedder,
            library,
            searcher,
            answerer,
            generation,
            originals,
            ledger,
            Warmer(preparer, generation),
            page_images,
            _chores(settings, side, generation),
            budgets,
        )


@contextmanager
def open_catalog_of(settings: Settings) -> Generator[Catalog]:
    """The catalog alone, for as long as the block runs.

    Raises:
        SettingsError, UnsupportedStore, CatalogUnavailable: as `open_services`.
    """
    _make_folder(settings.data)
    with _catalog(settings) as catalog:
        yield catalog


def _make_folder(data: Path) -> None:
    try:
        data.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not any(data.iterdir()):  # inside a folder that is ingested or committed, it is nobody's source
            (data / ".gitignore").write_text("*\n", encoding="utf-8")
    except OSError as error:
        raise SettingsError(f"setting data: {data}: {error.strerror}") from error
    if not os.access(data, os.W_OK | os.X_OK):
        raise SettingsError(f"setting data: {data}: Permission denied")


def _catalog(settings: Settings) -> Catalog:
    if settings.database_url is None:
        return open_catalog(settings.data / "catalog.sqlite")
    try:
        return open_catalog(settings.database_url)
    except ValueError as error:
        raise SettingsError(f"setting database_url: {error}") from error


def _index(settings: Settings, embedder: Embedder) -> Index:
    if settings.qdrant_url is None:
        return RemoteIndex(settings.data, FACTORY)
    from ingest.store.server import connect_all  # noqa: PLC0415 — a CPU second that the embedded store saves

    key = settings.qdrant_api_key.get_secret_value() if settings.qdrant_api_key else None
    return LocalIndex(connect_all(settings.qdrant_url, key, dimensions=embedder.dimensions), embedder)


def _cache_traits(provider: str) -> CacheTraits:
    return PROVIDERS.get(provider, GENERIC).cache


def prices_of(settings: Settings) -> dict[str, Price]:
    """The settings' own prices, by model."""
    return {
        model: Price(said.input, said.input if said.cached is None else said.cached, said.output)
        for model, said in settings.prices.items()
    }


def _budgets(settings: Settings, catalog: Catalog, ledger: Ledger) -> Budgets:
    provider, overrides = provider_of(settings), prices_of(settings)
    return Budgets(
        catalog, ledger, lambda name: price(provider, name, overrides), default=settings.key_usd_per_day
    )


def salt_of(catalog: Catalog) -> Callable[[str], str]:
    """What opens a tenant's prompts; nothing of the one tenant's of a laptop, who has nobody to hide from."""
    return lambda tenant: "" if tenant in {"", DEFAULT_TENANT} else catalog.tenant_salt(tenant)


def _generation(
    settings: Settings, model: LanguageModel | None, recorder: Recorder, salt: Callable[[str], str]
) -> Generation | None:
    if model is None and not settings.has_model:
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
    )
    if model is not None:
        return Generation(SaltedModel(model, salt), provider, chosen, recorder=recorder)
    client = _client(settings, provider)
    return Generation(
        SaltedModel(RetryingModel(client), salt),
        provider,
        chosen,
        close=client.close,
        recorder=recorder,
        samples=_samples(settings, provider),
    )


def _samples(settings: Settings, provider: Provider) -> TokenSamples | None:
    if not settings.exact_tokens:
        return None
    tokenizer = EndpointTokenizer(provider, _base_url(settings, provider), _model_key(settings))
    return TokenSamples(tokenizer, count_tokens, settings.data)


def _agent(
    settings: Settings,
    presenter: Presenter,
    generation: Generation | None,
    library: Library,
    searcher: Searcher,
) -> Agent | None:
    if generation is None:
        return None
    bounds = AgentBounds(settings.agent_steps, settings.agent_tokens)
    return Agent(presenter, generation, library, searcher, bounds)


def _side_model(
    settings: Settings,
    model: LanguageModel | None,
    generation: Generation | None,
    recorder: Recorder,
    *,
    closing: ExitStack,
    salt: Callable[[str], str],
) -> SideModel | None:
    """What reranking, rewriting and chores ask: a client of its own, in a thread that starts when asked."""
    if generation is None:
        asking = [name for name in ("rerank", "rewrite_followups") if getattr(settings, name)]
        if asking:
            raise SettingsError(
                f"setting {asking[0]}: no language model is configured (llm_api_key, llm_base_url)"
            )
        return None
    if model is not None:
        blocking = BlockingModel(SaltedModel(model, salt))
    else:
        client = _client(settings, generation.provider)
        blocking = BlockingModel(SaltedModel(RetryingModel(client, _SIDE_RETRIES), salt), close=client.close)
    closing.callback(blocking.close)
    return SideModel(blocking, generation.price, provider=generation.provider.name, recorder=recorder)


def _reordering(
    settings: Settings,
    library: Library,
    side: SideModel | None,
    generation: Generation | None,
    closing: ExitStack,
) -> Reordering | None:
    reranker = make_reranker(settings, side, generation)
    if reranker is None:
        return None
    closing.callback(reranker.close)
    return Reordering(library, reranker, settings.rerank_candidates)


def _rewriter(settings: Settings, side: SideModel | None) -> Rewriter | None:
    if side is None or not settings.rewrite_followups:
        return None
    return Rewriter(side, name=settings.rewrite_model, seconds=settings.rewrite_timeout)


def _chores(settings: Settings, side: SideModel | None, generation: Generation | None) -> Chores:
    return Chores(side, name=settings.task_model or (generation.settings.model if generation else ""))


def _maps(settings: Settings) -> MapSettings:
    return MapSettings(
        part_tokens=settings.map_part_tokens,
        parallel=settings.map_parallel,
        model=settings.map_model,
        auto_tokens=settings.map_auto_tokens,
    )


def _client(settings: Settings, provider: Provider) -> OpenAIModel:
    return OpenAIModel(
        provider,
        base_url=_base_url(settings, provider),
        api_key=_model_key(settings),
        model=settings.llm_model,
        timeouts=Timeouts(idle=settings.llm_idle_timeout, total=settings.llm_timeout),
    )


def _base_url(settings: Settings, provider: Provider) -> str:
    base_url = settings.llm_base_url or provider.base_url
    if base_url is None:
        raise SettingsError(f"setting llm_base_url: {provider.name} has no address of its own")
    return base_url


def _model_key(settings: Settings) -> str:
    return settings.llm_api_key.get_secret_value() if settings.llm_api_key else ""


def provider_of(settings: Settings) -> Provider:
    """The preset that is named, else the one whose address is given, else Z.ai."""
    if settings.llm_provider is not None:
        try:
            return PROVIDERS[settings.llm_provider]
        except KeyError:
            known = ", ".join(sorted(PROVIDERS))
            raise SettingsError(f"setting llm_provider: must be one of {known}") from None
    if settings.llm_base_url is not None:
        return provider_for(settings.llm_base_url)
    return PROVIDERS[DEFAULT_PROVIDER]
