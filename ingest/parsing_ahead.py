"""Files parsed a little ahead of whoever indexes them, by several processes, and handed over in order."""

from __future__ import annotations

from collections import deque
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ingest.errors import UnreadableFile

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Sequence
    from concurrent.futures import Future

    from ingest.changes import ChangedFile
    from ingest.model import Document, SourceFile
    from ingest.sandbox import Parser

READ_AHEAD = 2
"""Files that wait for the embedder while every parsing process reads another."""
READ_AHEAD_BYTES = 64 * 2**20
"""Size of the files that may be read and waiting, unless it is one alone."""
_ASKED_EVERY = 0.1
"""Seconds between two looks at how far a file is, and whether somebody wants its parsing to end."""


@dataclass(slots=True)
class _Pages:
    """How much of a file is read; the thread that reads it writes, another looks."""

    done: int = 0

    def note(self, done: int, _total: int) -> None:
        """A sign of life."""
        self.done = done


@dataclass(frozen=True, slots=True)
class _Parsing:
    change: ChangedFile
    outcome: Future[Document | UnreadableFile]
    pages: _Pages = field(default_factory=_Pages)


def parse_ahead(
    parser: Parser,
    changes: Sequence[ChangedFile],
    *,
    workers: int,
    require_leave: Callable[[], None],
    on_pages: Callable[[ChangedFile, int], None],
) -> Generator[tuple[ChangedFile, Document | UnreadableFile]]:
    """Parse the files with as many threads as there are parsing processes; outcomes come in their order.

    ``require_leave`` is asked again and again; whatever it raises breaks off. ``on_pages`` is told how many
    pages of the file that is waited for are read.
    """
    with ThreadPoolExecutor(max_workers=workers) as reading:
        waiting: deque[_Parsing] = deque()
        upcoming = deque(changes)
        size = 0
        try:
            while waiting or upcoming:
                while upcoming and _may_read(upcoming[0].source, len(waiting), size, workers):
                    change, pages = upcoming.popleft(), _Pages()
                    size += change.source.size
                    outcome = reading.submit(_parse, parser, change.source, pages, require_leave)
                    waiting.append(_Parsing(change, outcome, pages))
                parsing = waiting.popleft()
                yield parsing.change, _await(parsing, require_leave, on_pages)
                size -= parsing.change.source.size
        finally:  # an ingest that breaks off waits for the files that are being read
            for parsing in waiting:
                parsing.outcome.cancel()


def _may_read(source: SourceFile, waiting: int, size: int, workers: int) -> bool:
    return not waiting or (waiting < workers + READ_AHEAD and size + source.size <= READ_AHEAD_BYTES)


def _parse(
    parser: Parser, source: SourceFile, pages: _Pages, require_leave: Callable[[], None]
) -> Document | UnreadableFile:
    require_leave()
    try:
        return parser.parse(source, pages.note)
    except UnreadableFile as error:
        return error


def _await(
    parsing: _Parsing, require_leave: Callable[[], None], on_pages: Callable[[ChangedFile, int], None]
) -> Document | UnreadableFile:
    """What became of a file; one that was given up because of a cancellation has no outcome."""
    shown = 0
    while True:
        done = wait([parsing.outcome], timeout=_ASKED_EVERY).done
        require_leave()
        if done:
            return parsing.outcome.result()
        if parsing.pages.done != shown:
            shown = parsing.pages.done
            on_pages(parsing.change, shown)
