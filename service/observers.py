"""The observer that the settings ask for, with all that it can be asked about the services."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, cast

from ingest.errors import CatalogUnavailable
from service.metrics import Metrics
from service.models.prices import published_models
from service.models.providers import PROVIDERS
from service.observing import Observer
from service.settings import SettingsError
from service.tracing import NoTracer

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ingest.catalog.catalog import Catalog
    from service.ledger import Ledger
    from service.settings import Settings
    from service.tracing import Tracer


def make_observer(settings: Settings, catalog: Catalog, ledger: Ledger) -> Observer:
    """Metrics always, traces where the settings name a collector.

    Raises:
        SettingsError: traces are asked for, and the extra is not installed.
    """
    metrics = Metrics(_models(settings))
    metrics.watch("ledger_backlog", "Calls of models that wait to be written.", lambda: ledger.waiting)
    metrics.watch("ledger_lost", "Calls of models that could not be written.", lambda: ledger.lost)
    metrics.watch_all("jobs", "Jobs by state.", "state", _told(catalog.count_jobs))
    metrics.watch_all("held", "What the catalog holds, of all tenants.", "what", _told(catalog.totals))
    return Observer(metrics, _tracer(settings), content=settings.log_content)


def _models(settings: Settings) -> set[str]:
    """Names that metrics may show: those that the settings or the price list have."""
    chosen = (
        settings.llm_model,
        settings.code_model,
        settings.map_model,
        settings.rerank_model,
        settings.rewrite_model,
        settings.task_model,
    )
    own = (provider.model for provider in PROVIDERS.values())
    return {*published_models(), *own, *settings.prices, *filter(None, chosen)}


def _tracer(settings: Settings) -> Tracer:
    if settings.telemetry_url is None:
        return NoTracer()
    try:
        telemetry = import_module("service.telemetry")  # by name: its library is an extra
    except ModuleNotFoundError as error:
        raise SettingsError(
            "setting telemetry_url: traces need OpenTelemetry: pip install 'lectern[telemetry]'"
        ) from error
    return cast("Tracer", telemetry.sending(settings.telemetry_url))


def _told(read: Callable[[], Mapping[str, int]]) -> Callable[[], Mapping[str, float]]:
    """What the catalog says; nothing while it is away: the rest of the metrics is needed then above all."""

    def reading() -> Mapping[str, float]:
        try:
            return read()
        except CatalogUnavailable:
            return {}

    return reading
