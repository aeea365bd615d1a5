"""The composition root: settings in, wired services out. Nothing else chooses implementations."""

from __future__ import annotations

import os
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import TYPE_CHECKING

from ingest.catalog.catalog import open_catalog
from ingest.embedding import Watched
from ingest.index import LocalIndex
from ingest.remote_embedding import EmbeddingService
from ingest.rendering import RenderingProcess
from ingest.scoped_embedding import GuardedEmbedder
from ingest.store.layout import ServerAddress
from service.agent_choice import AgentChooser
from service.answering import Answerer
from service.audit import Audit
from service.backup.placing import finish
from service.edge_index import FACTORY
from service.egress import Egress
from service.egress_policy import EgressPolicy, Recipient
from service.embedders import make_embedder
from service.ending import Ending
from service.guards import GuardedIndex
from service.index_process.client import RemoteIndex
from service.jobs.originals import Originals
from service.ledger import Ledger
from service.library import Library
from service.map_planning import MapPlanner
from service.models.assembling import Upstreams
from service.models.providers import GENERIC, PROVIDERS
from service.models.salting import salt_of
from service.observed import ObservedIndex
from service.observers import make_observer
from service.page_images import PageImages
from service.page_originals import PageOriginals
from service.preparing import Preparer
from service.presenting import Presenter
from service.qdrant_layout import layout_of, qdrant_key
from service.recording import Recorders
from service.searching import Searcher
from service.services import Services
from service.sessions import Sessions
from service.settings import SettingsError
from service.warming import Warmer
from service.wiring_models import (
    make_agent,
    make_budgets,
    make_chores,
    make_generation,
    make_reordering,
    make_rewriter,
    make_side_model,
    map_settings,
)
from service.withholding import WithholdingPreparer

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

    from ingest.catalog.catalog import Catalog
    from ingest.embedding import Embedder
    from ingest.index import Index
    from service.models.contract import LanguageModel
    from service.models.providers import CacheTraits
    from service.observing import Observer
    from service.settings import Settings


@contextmanager
def open_services(
    settings: Settings, *, model: LanguageModel | None = None, needs_index: bool = True
) -> Generator[Services]:
    """Wire the services for as long as the block runs; ``model`` stands in for the configured one.

    Where they are not opened for the index, an embedded one is not started before it is asked something.

    Raises:
        SettingsError: an unknown provider, no database's URL, or a data folder that cannot be made.
        UnsupportedStore: the data directory is another version's.
        CatalogUnavailable: the database does not answer.
        IndexUnavailable: the index cannot be opened.
    """
    with ExitStack() as closing:
        make_folder(settings.data)
        finish(settings.data)
        catalog = closing.enter_context(_catalog(settings))
        prunes = not catalog.is_shared  # else one of the servers does it for all
        ledger = Ledger(catalog, days=settings.ledger_days, traits=_cache_traits, prunes=prunes)
        closing.callback(ledger.close)
        audit = Audit(catalog, days=settings.audit_days, prunes=prunes)
        closing.callback(audit.close)
        egress = Egress(catalog, EgressPolicy.parse(settings.egress), audit)
        observer = make_observer(settings, catalog, ledger)
        closing.callback(observer.tracer.close)
        embedder = _embedder(settings, observer, closing)
        index = _index(settings, embedder, observer, at_once=needs_index)
        closing.callback(index.close)
        embedder, index = _guarded(settings, egress, embedder, index)
        originals = Originals(settings.data, settings.uploads)
        page_images = PageImages(PageOriginals(catalog, originals), RenderingProcess())
        closing.callback(page_images.close)
        library = Library(catalog)
        budgets = make_budgets(settings, catalog, ledger, closing)
        recorder = Recorders(budgets, observer.metrics)
        upstreams = None
        if model or settings.has_model:
            upstreams = Upstreams(settings, egress, observer, model, salt=salt_of(catalog))
        generation = make_generation(settings, upstreams, recorder)
        side = make_side_model(settings, upstreams, generation, recorder, closing=closing)
        searcher = Searcher(
            library,
            index,
            embedder.identity,
            make_reordering(settings, library, side, generation, closing, egress=egress),
        )
        sessions = Sessions(catalog, library)
        maps = map_settings(settings)
        mapper = MapPlanner(library, sessions, generation, maps) if generation else None
        chooser = AgentChooser(library, searcher, generation) if generation else None
        preparer = Preparer(
            library,
            searcher,
            sessions,
            generation,
            make_rewriter(settings, side),
            mapper=mapper,
            chooser=chooser,
        )
        agent = make_agent(settings, Presenter(library, sessions), generation, library, searcher)
        ending = Ending()
        preparing = preparer
        if generation is not None:
            extracting = Preparer(library, searcher, sessions, None)
            preparing = WithholdingPreparer(preparer, extracting, generation)
        answerer = Answerer(
            library,
            sessions,
            preparing,
            generation,
            maps,
            agent=agent,
            ending=ending,
            observer=observer,
        )
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
            make_chores(settings, side, generation),
            audit,
            egress,
            observer,
            budgets,
            ending,
            upstreams,
        )


@contextmanager
def open_catalog_of(settings: Settings) -> Generator[Catalog]:
    """The catalog alone, for as long as the block runs.

    Raises:
        SettingsError, UnsupportedStore, CatalogUnavailable: as `open_services`.
    """
    make_folder(settings.data)
    finish(settings.data)
    with _catalog(settings) as catalog:
        yield catalog


def make_folder(data: Path) -> None:
    """Make the data folder for this user alone; raises `SettingsError` where it cannot be."""
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


def _embedder(settings: Settings, observer: Observer, closing: ExitStack) -> Embedder:
    made = make_embedder(settings)
    if isinstance(made, EmbeddingService):
        closing.callback(made.close)
    if settings.embeddings_base_url is None:
        return made
    return Watched(made, lambda: observer.embeddings(settings.embeddings_model, made.dimensions))


def _index(settings: Settings, embedder: Embedder, observer: Observer, *, at_once: bool) -> Index:
    if settings.qdrant_url is None:
        index = RemoteIndex(settings.data, FACTORY, at_once=at_once)
        observer.metrics.watch(
            "index_processes", "Index processes met, one after another.", lambda: index.starts
        )
        return ObservedIndex(index, observer)
    from ingest.store.server_names import connect_all  # noqa: PLC0415 — a CPU second that embedded saves

    address = ServerAddress(settings.qdrant_url, qdrant_key(settings))
    stores = connect_all(address, dimensions=embedder.dimensions, layout=layout_of(settings))
    return ObservedIndex(LocalIndex(stores, embedder), observer)


def _guarded(settings: Settings, egress: Egress, embedder: Embedder, index: Index) -> tuple[Embedder, Index]:
    """Both behind the guard, where texts and questions are embedded by another server."""
    if settings.embeddings_base_url is None:
        return embedder, index
    recipient = Recipient.at(settings.embeddings_base_url)
    guarded = GuardedEmbedder(embedder, partial(egress.require, recipient=recipient))
    return guarded, GuardedIndex(index, guarded)


def _cache_traits(provider: str) -> CacheTraits:
    return PROVIDERS.get(provider, GENERIC).cache
