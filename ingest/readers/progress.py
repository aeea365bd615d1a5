"""How a reader tells that it gets on: a scan takes seconds a page."""

from __future__ import annotations

from collections.abc import Callable

OnPage = Callable[[int, int], None]
"""Called with the number of pages done and of all pages; it may be called again and again with the same."""


def ignore(done: int, pages: int) -> None:
    """Tell nobody."""
    del done, pages
