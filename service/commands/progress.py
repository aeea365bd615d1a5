"""The progress display of an ingest."""

from __future__ import annotations

from contextlib import contextmanager
from time import monotonic
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import BarColumn, TextColumn
from rich.progress import Progress as Display

from ingest.showing import shown_line
from service.commands.pace import Done, pace
from service.commands.terminal import say

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from ingest.report import Progress

_LONGEST_PATH = 40
_LINE_SECONDS = 30.0
"""Between two lines where standard error is no terminal."""


@contextmanager
def showing_progress(*, enabled: bool) -> Generator[Callable[[Progress], None]]:
    """A line on standard error with rate, time left and failures; a new one now and then in a file."""
    console = Console(stderr=True)
    display = Display(
        BarColumn(24),
        TextColumn("{task.fields[pace]}"),
        TextColumn("{task.description}", markup=False),  # a path's brackets are its own
        console=console,
        transient=True,
        disable=not (enabled and console.is_terminal),
    )
    with display:
        bar = display.add_task("", total=None, pace="")
        began = told = monotonic()

        def show(progress: Progress) -> None:
            nonlocal told
            done = pace(
                Done(
                    files=progress.done,
                    files_total=progress.total,
                    size=progress.bytes_done,
                    size_total=progress.bytes_total,
                    pages=progress.pages,
                    failed=progress.failed,
                ),
                monotonic() - began,
            )
            if enabled and not console.is_terminal and monotonic() - told > _LINE_SECONDS:
                told = monotonic()
                say(f"{done}  {progress.path[-_LONGEST_PATH:]}", err=True)
            display.update(
                bar,
                total=progress.bytes_total,
                completed=progress.bytes_done,
                pace=done,
                description=shown_line(progress.path)[-_LONGEST_PATH:],
            )

        yield show
