"""The shapes of pages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from pydantic import Field

from service.http.shapes import Response

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ingest.model import Page


class PageShape(Response):
    """A page, and what of the text stands on it."""

    page: int = Field(description="From 1.")
    width: float = Field(description="Points, as the page is shown; boxes have the same measure.")
    height: float
    start: int = Field(description="Code points of the document's text.")
    end: int


class PageList(Response):
    """The pages of a version; empty where its file has none."""

    pages: list[PageShape]
    images: bool = Field(description="Whether there are pictures of them.")
    reason: str | None = Field(description="Why there are none.")

    @classmethod
    def of(cls, pages: Iterable[Page], reason: str | None) -> Self:
        """From a document's pages; ``reason`` is why there are no pictures, if there are none."""
        shown = [
            PageShape(page=page.number, width=page.width, height=page.height, start=page.start, end=page.end)
            for page in pages
        ]
        return cls(pages=shown, images=reason is None, reason=reason)
