"""Running headers, footers and page numbers: what stands on many pages at their edge."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from ingest.readers.rows import PrintedPage

Edge = Literal["header", "footer"]

_EDGE_ROWS = 4
"""How many rows from the top or the bottom can be furniture."""
_EDGE_SHARE = 0.14
"""How much of the page's height they may take."""
_NUMBER = re.compile(r"[\d]+|\b[ivxlc]+\b", re.IGNORECASE)
_PAGE_NUMBER = re.compile(
    r"\W*(?:(?:page|стр\.?|страница|第)\s*)?(?:[A-Z]-?)?(?:\d{1,4}|[ivxlc]{1,6})"
    r"(?:\s*(?:of|/|из|页)\s*\d{0,4})?\W*",
    re.IGNORECASE,
)


def furniture(pages: Sequence[PrintedPage]) -> Mapping[tuple[int, int], Edge]:
    """Which rows are furniture, by page number and the row's place on the page.

    A row counts when it is one of the outermost and, numbers aside, the same words stand there on other
    pages: on a few where it lies at the very edge, on half of them where the page is filled less. At the
    edge a page number counts alone.
    """
    candidates = [place for page in pages for place in _outermost(page)]
    on_pages = {(place.edge, place.pattern, place.key[0]) for place in candidates}
    seen = Counter((edge, pattern) for edge, pattern, _ in on_pages)
    half = max(3, (len(pages) + 1) // 2)
    return {place.key: place.edge for place in candidates if _repeats(place, seen, len(pages), half)}


@dataclass(frozen=True, slots=True)
class _Place:
    key: tuple[int, int]
    edge: Edge
    pattern: str
    """The words of the row, numbers aside."""
    numbers_page: bool
    near: bool
    """It lies at the very edge of the page."""


def _repeats(place: _Place, seen: Counter[tuple[str, str]], pages: int, half: int) -> bool:
    count = seen[place.edge, place.pattern]
    if place.near:
        return count >= min(4, max(2, (pages + 1) // 2)) or (pages > 1 and place.numbers_page)
    return count >= half


def _outermost(page: PrintedPage) -> Iterator[_Place]:
    by_height = sorted(range(len(page.rows)), key=lambda index: page.rows[index].top)
    depth = page.height * _EDGE_SHARE
    for order, index in enumerate(by_height):
        row, left = page.rows[index], len(by_height) - order
        if order < _EDGE_ROWS and (row.bottom <= depth or order < left):
            yield _place(page, index, "header", near=row.bottom <= depth)
        elif left <= _EDGE_ROWS:
            yield _place(page, index, "footer", near=row.top >= page.height - depth)


def _place(page: PrintedPage, index: int, edge: Edge, *, near: bool) -> _Place:
    text = page.rows[index].text
    pattern = " ".join(_NUMBER.sub("#", text).lower().split())
    return _Place((page.number, index), edge, pattern, _PAGE_NUMBER.fullmatch(text) is not None, near)
