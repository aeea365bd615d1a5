"""The ingester of a data directory: one at a time, with its parsing process."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from filelock import FileLock, Timeout

from ingest.errors import TransientError
from ingest.pipeline import Ingester
from ingest.readers.options import ReadingOptions
from ingest.sandbox import ParsingProcess

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from service.wiring import Services

_PATIENCE_SECONDS = 1.0
_MEGABYTE = 2**20


class IngestRunning(TransientError):
    """Another process ingests into this data directory."""


@dataclass(frozen=True, slots=True)
class OpenIngest:
    """An ingester, and how another thread ends what it is parsing."""

    ingester: Ingester
    abort: Callable[[], None]


@contextmanager
def open_ingest(services: Services) -> Generator[OpenIngest]:
    """Wire an ingester for as long as the block runs.

    Raises:
        IngestRunning: there is one already.
    """
    settings = services.settings
    options = ReadingOptions(tuple(settings.ocr_languages.split("+")), settings.data / "recognised")
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
            ingester = Ingester(services.catalog, services.index, services.embedder, parser, options)
            yield OpenIngest(ingester, parser.abort)
    finally:
        lock.release()


@contextmanager
def open_ingester(services: Services) -> Generator[Ingester]:
    """Only the ingester; see `open_ingest`."""
    with open_ingest(services) as work:
        yield work.ingester
