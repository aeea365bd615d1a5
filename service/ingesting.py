"""The ingester of a data directory: one at a time, with its parsing processes."""

from __future__ import annotations

import os
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from ingest.costs import Costs
from ingest.pipeline import Ingester
from ingest.readers.options import ReadingOptions
from ingest.sandbox import ParsingPool, ParsingProcess
from service.clusters import cluster_of
from service.embedders import default_workers, embedding_in_parallel
from service.ingest_lock import holding, writing

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from ingest.catalog.catalog import Catalog
    from ingest.readers.options import ChosenReader
    from service.services import Services
    from service.settings import Settings

_MEGABYTE = 2**20


@dataclass(frozen=True, slots=True)
class OpenIngest:
    """An ingester, and how another thread ends what it is parsing."""

    ingester: Ingester
    abort: Callable[[], None]
    catalog: Catalog
    work: str

    @contextmanager
    def writing(self, tenant: str, collection: str) -> Generator[Ingester]:
        """The ingester for one collection, which no other server over the same database writes meanwhile.

        Raises:
            IngestRunning: one does.
        """
        with writing(self.catalog, tenant, collection, self.work) as catalog:
            yield self.ingester.over(catalog)


@contextmanager
def open_ingest(
    services: Services, chosen: ChosenReader | None = None, *, work: str = "ingest"
) -> Generator[OpenIngest]:
    """Wire an ingester for as long as the block runs; a chosen reader reads all its files.

    ``work`` tells whoever has to wait what for.

    Raises:
        IngestRunning: there is one already.
    """
    settings = services.settings
    workers = settings.parse_workers or default_workers()
    threads = settings.ocr_threads or max(1, (os.cpu_count() or 1) // workers)
    languages = tuple(settings.ocr_languages.split("+"))
    options = ReadingOptions(languages, settings.data / "recognised", chosen, threads)
    costs = Costs()
    with (
        holding(settings.data, work),
        ParsingPool([_process(settings, options, costs) for _ in range(workers)]) as parser,
        embedding_in_parallel(settings, services.embedder, costs) as embedder,
        cluster_of(services, options, costs) as cluster,
    ):
        ingester = Ingester(
            services.catalog,
            services.index,
            embedder,
            parser,
            options,
            parse_workers=workers,
            egress=settings.egress,
            costs=costs,
            engine=cluster,
        )
        yield OpenIngest(ingester, parser.abort, services.catalog, work)


@contextmanager
def open_ingester(services: Services) -> Generator[Ingester]:
    """Only the ingester; see `open_ingest`."""
    with open_ingest(services) as work:
        yield work.ingester


def _process(settings: Settings, options: ReadingOptions, costs: Costs) -> ParsingProcess:
    return ParsingProcess(
        options=options,
        memory_bytes=settings.parse_memory_mb * _MEGABYTE,
        seconds=settings.parse_seconds,
        spent=partial(costs.add, "parse"),
    )
