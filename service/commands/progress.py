"""The progress display of an ingest."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import BarColumn, TextColumn, TimeRemainingColumn, TransferSpeedColumn
from rich.progress import Progress as Display

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from ingest.pipeline import Progress

_LONGEST_PATH = 40


@contextmanager
def showing_progress(*, enabled: bool) -> Generator[Callable[[Progress], None]]:
    """A line on standard error with rate, time left and failures; silent where that is no terminal."""
    console = Console(stderr=True)
    display = Display(
        BarColumn(24),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[files]}"),
        TextColumn("{task.description}"),
        console=console,
        transient=True,
        disable=not (enabled and console.is_terminal),
    )
    with display:
        bar = display.add_task("", total=None, files="")

        def show(progress: Progress) -> None:
            failed = f", {progress.failed} failed" if progress.failed else ""
            display.update(
                bar,
                total=progress.bytes_total,
                completed=progress.bytes_done,
                files=f"{progress.done}/{progress.total} files{failed}",
                description=progress.path[-_LONGEST_PATH:],
            )

        yield show
