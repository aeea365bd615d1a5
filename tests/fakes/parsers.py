"""A parser that counts what it is asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ingest.readers.progress import ignore
from ingest.reading import read

if TYPE_CHECKING:
    from ingest.model import Document, SourceFile
    from ingest.readers.progress import OnPage


class CountingParser:
    """Reads in this process and remembers the paths."""

    def __init__(self) -> None:
        self.parsed: list[str] = []

    def parse(self, source: SourceFile, on_page: OnPage = ignore) -> Document:
        self.parsed.append(source.path)
        return read(source, on_page=on_page)

    def since(self) -> list[str]:
        """What was parsed since the last time this was asked, sorted."""
        parsed, self.parsed = sorted(self.parsed), []
        return parsed
