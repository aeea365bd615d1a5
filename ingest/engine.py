"""Who reads the changed files: this machine, or a cluster."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from ingest.parsing_ahead import parse_ahead
from ingest.readers.progress import ignore

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Sequence

    from ingest.changes import ChangedFile
    from ingest.costs import Costs
    from ingest.errors import UnreadableFile
    from ingest.model import Document, Scope, SourceFile
    from ingest.prepared import Prepared
    from ingest.readers.progress import OnPage
    from ingest.sandbox import Parser


class Engine(Protocol):
    """Reads files, and prepares them for the index as far as it can."""

    def read(
        self,
        scope: Scope,
        changes: Sequence[ChangedFile],
        *,
        require_leave: Callable[[], None],
        on_pages: Callable[[ChangedFile, int], None],
    ) -> Generator[tuple[ChangedFile, Document | Prepared | UnreadableFile]]:
        """What becomes of each file, in their order. Once it is closed, nothing is being read any more.

        ``require_leave`` is asked again and again; whatever it raises breaks off. ``on_pages`` is told how
        many pages of the file that is waited for are read, where that is known.
        """
        ...


class LocalEngine:
    """Parses in processes of this machine; whoever writes cuts and embeds."""

    def __init__(self, parser: Parser, *, workers: int, costs: Costs) -> None:
        self._parser = parser
        self._workers = workers
        self._costs = costs

    def read(
        self,
        scope: Scope,
        changes: Sequence[ChangedFile],
        *,
        require_leave: Callable[[], None],
        on_pages: Callable[[ChangedFile, int], None],
    ) -> Generator[tuple[ChangedFile, Document | Prepared | UnreadableFile]]:
        """As `Engine.read`."""
        del scope  # nothing leaves this machine
        return parse_ahead(
            self, changes, workers=self._workers, require_leave=require_leave, on_pages=on_pages
        )

    def parse(self, source: SourceFile, on_page: OnPage = ignore) -> Document:
        """As `Parser.parse`, with its cost counted."""
        with self._costs.spending("parse"):
            return self._parser.parse(source, on_page)
