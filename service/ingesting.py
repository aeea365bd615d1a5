"""The ingester of a data directory: one at a time, with its parsing process."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from filelock import FileLock, Timeout

from ingest.errors import TransientError
from ingest.pipeline import Ingester
from ingest.readers.options import ReadingOptions
from ingest.sandbox import ParsingProcess

if TYPE_CHECKING:
    from collections.abc import Generator

    from ingest.readers.options import ChosenReader
    from service.wiring import Services

_PATIENCE_SECONDS = 1.0
_MEGABYTE = 2**20


class IngestRunning(TransientError):
    """Another process ingests into this data directory."""


@contextmanager
def open_ingester(services: Services, chosen: ChosenReader | None = None) -> Generator[Ingester]:
    """Wire an ingester for as long as the block runs; a chosen reader reads all its files.

    Raises:
        IngestRunning: there is one already.
    """
    settings = services.settings
    options = ReadingOptions(tuple(settings.ocr_languages.split("+")), settings.data / "recognised", chosen)
    lock = FileLock(settings.data / "ingest.lock")
    try:
        lock.acquire(timeout=_PATIENCE_SECONDS)
    except Timeout:
        raise IngestRunning(f"another ingest is at work in {settings.data}") from None
    try:
        with ParsingProcess(
            options=options,
            memory_bytes=settings.parse_memory_mb * _MEGABYTE,
            seconds=settings.parse_seconds,
        ) as parser:
            yield Ingester(services.catalog, services.index, services.embedder, parser, options)
    finally:
        lock.release()
