"""The ingester of a data directory: one at a time, with its parsing process."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from ingest.pipeline import Ingester
from ingest.readers.options import ReadingOptions
from ingest.sandbox import ParsingProcess
from service.ingest_lock import holding

if TYPE_CHECKING:
    from collections.abc import Generator

    from service.wiring import Services

_MEGABYTE = 2**20


@contextmanager
def open_ingester(services: Services) -> Generator[Ingester]:
    """Wire an ingester for as long as the block runs.

    Raises:
        IngestRunning: there is one already.
    """
    settings = services.settings
    options = ReadingOptions(tuple(settings.ocr_languages.split("+")), settings.data / "recognised")
    with (
        holding(settings.data, "ingest"),
        ParsingProcess(
            options=options,
            memory_bytes=settings.parse_memory_mb * _MEGABYTE,
            seconds=settings.parse_seconds,
        ) as parser,
    ):
        yield Ingester(services.catalog, services.index, services.embedder, parser, options)
