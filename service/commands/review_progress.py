"""The progress display of a review."""

from __future__ import annotations

from contextlib import contextmanager
from time import monotonic
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import BarColumn, TextColumn
from rich.progress import Progress as Display

from service.commands.pace import span
from service.commands.terminal import say

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

_LINE_SECONDS = 30.0
"""Between two lines where standard error is no terminal."""


@contextmanager
def showing_cells(*, enabled: bool) -> Generator[Callable[[int, int], None]]:
    """A line on standard error with the cells that are done, of how many, and the time left."""
    console = Console(stderr=True)
    display = Display(
        BarColumn(24),
        TextColumn("{task.description}"),
        console=console,
        transient=True,
        disable=not (enabled and console.is_terminal),
    )
    with display:
        bar = display.add_task("", total=None)
        began = told = monotonic()
        first: int | None = None

        def show(done: int, total: int) -> None:
            nonlocal told, first
            first = done if first is None else first
            words = f"{done:,} of {total:,} cells{_left(done - first, total - done, monotonic() - began)}"
            if enabled and not console.is_terminal and monotonic() - told > _LINE_SECONDS:
                told = monotonic()
                say(words, err=True)
            display.update(bar, total=total, completed=done, description=words)

        yield show


def _left(done: int, missing: int, seconds: float) -> str:
    """How long the rest takes at the pace so far."""
    return f", {span(missing * seconds / done)} left" if done and missing else ""
