"""The Ray cluster that the settings name."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from importlib.util import find_spec
from typing import TYPE_CHECKING

from ingest.cluster.build import this_build
from ingest.cluster.engine import ClusterEngine
from ingest.cluster.messages import LOCAL
from ingest.cluster.stages import Order
from ingest.embedding import UniversalSentenceEncoder
from service.egress_policy import Recipient
from service.embedders import default_workers
from service.settings import SettingsError

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from ingest.costs import Costs
    from ingest.readers.options import ReadingOptions
    from service.services import Services
    from service.settings import Settings

_MEGABYTE = 2**20
_NEEDED = ("ray", "pyarrow", "pandas")
NAME = "ray"
"""What an egress policy calls a cluster, besides its host."""


@contextmanager
def cluster_of(services: Services, options: ReadingOptions, costs: Costs) -> Generator[ClusterEngine | None]:
    """For as long as the block runs, the engine that the settings ask for; None for the local one.

    A reader that was chosen by name reads here: it may be a file of the folder that the command runs in.

    Raises:
        SettingsError: the extra is not installed.
    """
    settings = services.settings
    if settings.ray_address is None or options.chosen is not None:
        yield None
        return
    if not all(map(find_spec, _NEEDED)):
        raise SettingsError("setting ray_address: it needs Ray: pip install 'lectern[ray]'")
    workers = settings.ray_workers
    if settings.ray_address == LOCAL:
        workers = workers or default_workers()
    order = order_of(services, options)
    leave = leave_of(services)
    with ClusterEngine(settings.ray_address, workers, order, costs, leave) as engine:
        yield engine


def order_of(services: Services, options: ReadingOptions) -> Order:
    """Workers embed with the embedded encoder alone: keys of an endpoint do not travel."""
    settings, embedder = services.settings, services.embedder
    return Order(
        this_build(),
        options if settings.ray_address == LOCAL else replace(options, recognised=None),
        settings.parse_memory_mb * _MEGABYTE,
        settings.parse_seconds,
        embedder.dimensions,
        UniversalSentenceEncoder if isinstance(embedder, UniversalSentenceEncoder) else None,
    )


def leave_of(services: Services) -> Callable[[str, str], None]:
    """Files go to the machines of a cluster only where their collection's egress allows it."""
    if services.settings.ray_address == LOCAL:
        return lambda _tenant, _collection: None
    return partial(services.egress.require, recipient=recipient_at(services.settings))


def recipient_at(settings: Settings) -> Recipient:
    """The cluster, known by its name and, where it is given, its head's host."""
    host = (settings.ray_address or "").rpartition(":")[0].strip("[]").lower()
    return Recipient(NAME, frozenset({NAME, host} - {""}))
